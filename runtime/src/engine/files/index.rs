//! The index of a backup: one JSON line for each entry of the tree as the backup, and those before it in its chain, bring
//! it back. A differential is made by comparing a tree with it. Lines are read and written one by one.

use super::walk::Found;
use crate::error::{Error, Result};
use schema::index::{FORMAT, Line as Any};
use std::cmp::Ordering;
use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader, BufWriter, Read as _, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Longest line: a path of 4 KiB whose bytes are written as numbers, and what stands beside it.
pub(super) const LONGEST: u64 = 64 << 10;
/// An entry of the tree.
pub(super) use schema::index::Entry as Line;

/// The line of an entry as it was found, or as it was when it was opened.
pub(super) fn line_of(name: &[u8], facts: &Metadata) -> Line {
    Line {
        path: name.to_vec(),
        kind: letter(facts),
        size: if facts.is_file() { facts.len() } else { 0 },
        mtime: (facts.mtime(), facts.mtime_nsec()),
        ctime: (facts.ctime(), facts.ctime_nsec()),
        ino: facts.ino(),
        mode: facts.mode() & 0o7777,
        uid: facts.uid(),
        gid: facts.gid(),
        at: None,
        length: None,
        target: None,
        unsure: false,
    }
}

/// Whether an entry is as it was when its line was written.
pub(super) fn is_of(line: &Line, found: &Found) -> bool {
    let facts = |line: &Line| (line.kind, line.size, line.mtime, line.ctime, line.ino, line.mode, line.uid, line.gid);
    !line.unsure && facts(line) == facts(&line_of(&[], &found.facts))
}

/// What an entry is, in one letter; `s` is a socket, which is never archived.
pub(super) fn letter(facts: &Metadata) -> char {
    let kind = facts.file_type();
    match () {
        () if kind.is_dir() => 'd',
        () if kind.is_file() => '-',
        () if kind.is_symlink() => 'l',
        () if kind.is_fifo() => 'p',
        () if kind.is_block_device() => 'b',
        () if kind.is_char_device() => 'c',
        () => 's',
    }
}

/// The order of a walk: a directory before what is in it, names by their bytes.
pub(super) fn order(one: &[u8], other: &[u8]) -> Ordering {
    let parts = |name| <[u8]>::split(name, |byte: &u8| *byte == b'/');
    match (one.is_empty(), other.is_empty()) {
        (false, false) => parts(one).cmp(parts(other)),
        (one, other) => other.cmp(&one),
    }
}

/// Whether `name` is `folder` or below it.
pub(super) fn within(name: &[u8], folder: &[u8]) -> bool {
    folder.is_empty() || name.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

pub(super) fn bytes_of(name: &Path) -> &[u8] {
    name.as_os_str().as_bytes()
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::integrity("index-damaged", format!("the index of a backup is damaged: {why}"))
        .help("Take a full backup: it begins a new chain.")
}

/// Reads an index, line by line.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    text: Vec<u8>,
    next: Option<Line>,
}

impl Lines {
    /// # Errors
    /// `index-damaged`, `format-too-new`, `io`.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io("open the index of a backup", &error))?;
        let mut lines = Self { reader: BufReader::with_capacity(256 << 10, file), text: Vec::new(), next: None };
        if !lines.line()? {
            return Err(damaged("it is empty"));
        }
        match serde_json::from_slice(&lines.text).map_err(damaged)? {
            Any::Head { format } if format <= FORMAT => {}
            Any::Head { format } => {
                let message = format!("the index has format {format}; this version reads {FORMAT}");
                return Err(Error::permanent("format-too-new", message).help("Use a newer Backstay."));
            }
            Any::Entry(_) | Any::Frame { .. } => return Err(damaged("it has no head")),
        }
        lines.advance()?;
        Ok(lines)
    }

    pub(super) fn peek(&self) -> Option<&Line> {
        self.next.as_ref()
    }

    /// The line that [`Lines::peek`] showed; the next one is read.
    pub(super) fn take(&mut self) -> Result<Option<Line>> {
        let Some(line) = self.next.take() else { return Ok(None) };
        self.advance()?;
        if self.next.as_ref().is_some_and(|next| order(&line.path, &next.path) != Ordering::Less) {
            return Err(damaged("its lines are not in order"));
        }
        Ok(Some(line))
    }

    /// The next line, when it comes before `name`.
    pub(super) fn take_before(&mut self, name: &[u8]) -> Result<Option<Line>> {
        match self.next.as_ref().is_some_and(|next| order(&next.path, name) == Ordering::Less) {
            true => self.take(),
            false => Ok(None),
        }
    }

    /// The next line, when it is that of `name`.
    pub(super) fn take_of(&mut self, name: &[u8]) -> Result<Option<Line>> {
        match self.next.as_ref().is_some_and(|next| next.path == name) {
            true => self.take(),
            false => Ok(None),
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.next = None;
        if self.line()? {
            match serde_json::from_slice(&self.text).map_err(damaged)? {
                Any::Entry(line) => self.next = Some(line),
                // Frames are behind all entries.
                Any::Frame { .. } => {}
                Any::Head { .. } => return Err(damaged("it has two heads")),
            }
        }
        Ok(())
    }

    fn line(&mut self) -> Result<bool> {
        self.text.clear();
        let read = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut self.text);
        let count = read.map_err(|error| Error::io("read the index of a backup", &error))?;
        match self.text.last() {
            None => Ok(false),
            Some(b'\n') => Ok(true),
            Some(_) if count as u64 == LONGEST => Err(damaged("a line is too long")),
            Some(_) => Err(damaged("it ends too early")),
        }
    }
}

/// Writes an index, line by line.
#[derive(Debug)]
pub(super) struct IndexWriter(BufWriter<File>);

fn unwritten(error: &std::io::Error) -> Error {
    Error::io("write the index of the backup", error)
}

impl IndexWriter {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| unwritten(&error))?;
        let mut writer = Self(BufWriter::with_capacity(256 << 10, file));
        writer.json(&Any::Head { format: FORMAT })?;
        Ok(writer)
    }

    pub(super) fn line(&mut self, line: &Line) -> Result<()> {
        self.json(&Any::Entry(line.clone()))
    }

    fn json(&mut self, line: &Any) -> Result<()> {
        serde_json::to_writer(&mut self.0, line).map_err(|error| unwritten(&error.into()))?;
        self.0.write_all(b"\n").map_err(|error| unwritten(&error))
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.0.flush().map_err(|error| unwritten(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::{IndexWriter, Line, Lines, line_of, order, within};
    use std::cmp::Ordering;

    #[test]
    fn the_order_is_that_of_a_walk() {
        let walk: [&[u8]; 7] = [b"", b"a", b"a/b", b"a/b/c", b"a!", b"a.b", b"b"];
        for (at, one) in walk.iter().enumerate() {
            for (then, other) in walk.iter().enumerate() {
                assert_eq!(order(one, other), at.cmp(&then), "{one:?} {other:?}");
            }
        }
        assert_eq!(order(b"a", b"a"), Ordering::Equal);
        assert!(within(b"a/b", b"a") && within(b"a", b"a") && within(b"x", b"") && !within(b"ab", b"a"));
    }

    #[test]
    fn lines_go_both_ways_and_damage_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("index");
        let facts = std::fs::metadata(folder.path()).expect("facts");
        let names: [&[u8]; 3] = [b"", b"a\n\"b", b"\xff/\x00"];
        let mut writer = IndexWriter::create(&path).expect("a file");
        let lines: Vec<Line> = names.iter().map(|name| line_of(name, &facts)).collect();
        for line in &lines {
            writer.line(line).expect("writes");
        }
        writer.finish().expect("writes");
        let read = |path| -> crate::error::Result<Vec<Line>> {
            let (mut lines, mut all) = (Lines::open(path)?, Vec::new());
            while let Some(line) = lines.take()? {
                all.push(line);
            }
            Ok(all)
        };
        assert_eq!(read(&path).expect("sound"), lines);
        let text = std::fs::read(&path).expect("text");
        std::fs::write(&path, text.strip_suffix(b"\n").expect("a line")).expect("writes");
        assert_eq!(read(&path).expect_err("cut").code, "index-damaged");
        let (head, rest) = text.split_at(text.iter().position(|byte| *byte == b'\n').expect("a line") + 1);
        std::fs::write(&path, [head, rest, rest].concat()).expect("writes");
        assert_eq!(read(&path).expect_err("twice").code, "index-damaged");
    }
}
