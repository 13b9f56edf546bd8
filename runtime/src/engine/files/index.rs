//! The index of a backup: one JSON line for each entry of the tree as the backup, and those before it in its chain, bring
//! it back. A differential is made by comparing a tree with it. Lines are read and written one by one.

use super::walk::Found;
use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader, BufWriter, Read as _, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Longest line: a path of 4 KiB whose bytes are written as numbers, and what stands beside it.
const LONGEST: u64 = 64 << 10;
/// Format of the index that this version writes.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    backstay_index: u32,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// Relative to the root; empty for the root. Text, or the bytes as numbers where they are not UTF-8.
    #[serde(serialize_with = "path_out", deserialize_with = "path_in")]
    pub(super) path: Vec<u8>,
    /// `d`, `-`, `l`, `p`, `b` or `c`, as `ls` shows it.
    pub(super) kind: char,
    /// Bytes of a file; 0 of everything else.
    pub(super) size: u64,
    /// Seconds since 1970, and nanoseconds.
    pub(super) mtime: (i64, i64),
    pub(super) ctime: (i64, i64),
    pub(super) ino: u64,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Where the member begins in this artifact; `None` is in one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<u64>,
    /// Bytes of the member, its headers and padding among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<u64>,
    /// What was archived may not be what these facts are of: the next differential takes it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unsure: bool,
}

impl Line {
    /// Of an entry as it was found, or as it was when it was opened.
    pub(super) fn new(name: &[u8], facts: &Metadata) -> Self {
        Self {
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
            unsure: false,
        }
    }

    /// Whether an entry is as it was when this line was written.
    pub(super) fn is_of(&self, found: &Found) -> bool {
        let now = Self::new(&[], &found.facts);
        let facts =
            |line: &Self| (line.kind, line.size, line.mtime, line.ctime, line.ino, line.mode, line.uid, line.gid);
        !self.unsure && facts(self) == facts(&now)
    }
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

fn path_out<S: Serializer>(path: &[u8], out: S) -> std::result::Result<S::Ok, S::Error> {
    match std::str::from_utf8(path) {
        Ok(text) => out.serialize_str(text),
        Err(_) => out.collect_seq(path),
    }
}

fn path_in<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Vec<u8>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Name {
        Text(String),
        Bytes(Vec<u8>),
    }
    Ok(match Name::deserialize(from)? {
        Name::Text(text) => text.into_bytes(),
        Name::Bytes(bytes) => bytes,
    })
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
        let head: Head = serde_json::from_slice(&lines.text).map_err(damaged)?;
        if head.backstay_index != FORMAT {
            let message = format!("the index has format {}; this version reads {FORMAT}", head.backstay_index);
            return Err(Error::permanent("format-too-new", message).help("Use a newer Backstay."));
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
        self.next = match self.line()? {
            true => Some(serde_json::from_slice(&self.text).map_err(damaged)?),
            false => None,
        };
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
        writer.json(&Head { backstay_index: FORMAT })?;
        Ok(writer)
    }

    pub(super) fn line(&mut self, line: &Line) -> Result<()> {
        self.json(line)
    }

    fn json<T: Serialize>(&mut self, value: &T) -> Result<()> {
        serde_json::to_writer(&mut self.0, value).map_err(|error| unwritten(&error.into()))?;
        self.0.write_all(b"\n").map_err(|error| unwritten(&error))
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.0.flush().map_err(|error| unwritten(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::{IndexWriter, Line, Lines, order, within};
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
        let lines: Vec<Line> = names.iter().map(|name| Line::new(name, &facts)).collect();
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
