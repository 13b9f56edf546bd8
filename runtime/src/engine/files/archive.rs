//! Writes a tree as a pax archive, in one pass, and reports what it could not write faithfully: all of it, or what
//! changed since the backup that an index is of.

use super::against::{Base, Folder};
use super::index::{IndexWriter, Line, bytes_of, line_of};
use super::member::{BLOCK, Kind, Member, sparse_map};
use super::owner::Names;
use super::select::Selection;
use super::sparse::{self, Segment};
use super::walk::{Found, Seen, shown, walk};
use super::{Moment, Seam};
use crate::artifact::Sink;
use crate::artifact::stream::CHUNK;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::world::World;
use bytes::Bytes;
use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags};
use schema::index::Name;
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Archives end on a multiple of this: twenty blocks, as every `tar` writes them.
const RECORD: u64 = 20 * BLOCK as u64;
/// Times of files stand still for up to two seconds on some file systems: what changed within so many before it was
/// looked at is taken again the next time.
const FRESH: i64 = 3;
/// Shortest time between two progress events.
const PACE: Duration = Duration::from_millis(100);

/// What one archiving needs.
pub(super) struct Work<'a> {
    pub(super) root: &'a Path,
    pub(super) selection: &'a Selection,
    /// The first unfaithful entry is an error.
    pub(super) strict: bool,
    pub(super) observers: &'a StepObservers,
    pub(super) cancel: &'a CancellationToken,
    pub(super) seam: Option<&'a Seam>,
    pub(super) world: &'a dyn World,
    /// Index of the backup to compare with; without one, all of the tree is taken.
    pub(super) base: Option<&'a Path>,
    /// Where the index of this backup is written.
    pub(super) index: Option<&'a Path>,
}

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The root not counted.
    pub(super) entries: u64,
    pub(super) incomplete: Vec<String>,
}

/// Archives the tree into `sink`, which it finishes only when the archive is whole.
///
/// # Errors
/// `no-root`, `nothing-matched`, `file-changed`, `file-unreadable` (both only when strict), `index-damaged`, `cancelled`.
pub(super) fn archive(work: &Work<'_>, sink: Sink) -> Result<Written> {
    let base = work.base.map(|base| Base::look(work, base)).transpose()?;
    let total = base.as_ref().map_or_else(|| size(work), |base| Ok(base.total()))?;
    let mut writer = Writer {
        work,
        out: Output { sink, buffer: Vec::with_capacity(CHUNK), written: 0 },
        names: Names::of_this_machine(),
        links: BTreeMap::new(),
        written: Written::default(),
        done: 0,
        total,
        told: Instant::now(),
        base,
        index: work.index.map(IndexWriter::create).transpose()?,
        folders: Vec::new(),
        noted: None,
        doubt: false,
        there: 0,
    };
    writer.begin_differential()?;
    walk(work.root, work.selection, &mut |seen| writer.seen(seen))?;
    writer.rest_is_gone()?;
    if writer.there == 0 {
        return Err(Error::permanent("nothing-matched", format!("nothing below `{}` is taken", work.root.display()))
            .help("Look at `root`, `include` and `exclude` of the source."));
    }
    work.observers.progress(writer.done, Some(total), "bytes");
    let Writer { mut out, written, index, .. } = writer;
    index.map_or(Ok(()), IndexWriter::finish)?;
    let end = (out.written + 2 * BLOCK as u64).next_multiple_of(RECORD);
    out.zeros(end - out.written)?;
    out.finish()?;
    Ok(written)
}

/// Bytes of all files: what progress is measured against.
fn size(work: &Work<'_>) -> Result<u64> {
    let mut total = 0;
    walk(work.root, work.selection, &mut |seen| {
        match seen {
            Seen::Entry(found) if found.facts.is_file() => total += found.facts.len(),
            Seen::Unreadable(name, error) if name.as_os_str().is_empty() => {
                return Err(Error::io(format!("read the directory `{}`", work.root.display()), &error));
            }
            _ => {}
        }
        stopped(work.cancel)
    })?;
    Ok(total)
}

pub(super) fn stopped(cancel: &CancellationToken) -> Result<()> {
    if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
}

pub(super) struct Writer<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) out: Output,
    names: Names,
    /// The first name of each file that has several.
    links: BTreeMap<(u64, u64), Vec<u8>>,
    pub(super) written: Written,
    done: u64,
    total: u64,
    told: Instant,
    pub(super) base: Option<Base>,
    pub(super) index: Option<IndexWriter>,
    /// The directories on the way to here.
    pub(super) folders: Vec<Folder>,
    /// The line of the member that was written last, when it is one of its own.
    noted: Option<Line>,
    /// Whether something of the entry could not be written faithfully.
    doubt: bool,
    /// Entries that were found, the root not counted.
    there: u64,
}

impl Writer<'_> {
    fn seen(&mut self, seen: Seen) -> Result<()> {
        stopped(self.work.cancel)?;
        match seen {
            Seen::Entry(found) => self.found(&found),
            Seen::Unreadable(name, error) => {
                self.unreadable(bytes_of(&name))?;
                self.unfaithful("file-unreadable", &name, &error.to_string())
            }
        }
    }

    /// Writes the entry, or leaves it out of a differential when it is as it was; its line is written in either case.
    fn found(&mut self, found: &Found) -> Result<()> {
        let name = bytes_of(&found.name);
        let before = self.meet(name)?;
        self.leave_folders(name);
        self.there += u64::from(!name.is_empty());
        let as_it_was = before.as_ref().is_some_and(|line| self.is_as_it_was(found, line));
        match before {
            Some(line) if as_it_was => self.carry(line, false)?,
            before => {
                self.write_folder(super::against::above(name))?;
                self.doubt = false;
                if self.can_be_taken(found, before.as_ref())? {
                    self.entry(found)?;
                }
                match self.noted.take() {
                    Some(line) => self.note(Line { unsure: line.unsure || self.doubt, ..line })?,
                    None => self.keep(before)?,
                }
            }
        }
        if found.facts.is_dir() {
            self.folders.push(Folder { found: found.clone(), written: !as_it_was });
        }
        Ok(())
    }

    fn entry(&mut self, found: &Found) -> Result<()> {
        if let Some(seam) = self.work.seam {
            seam(Moment::Listed, &found.name);
        }
        let kind = found.facts.file_type();
        if kind.is_file() {
            return self.file(found);
        }
        if kind.is_socket() {
            return self.unfaithful("file-unreadable", &found.name, "a socket has no content");
        }
        let kind = if kind.is_dir() {
            Kind::Directory
        } else if kind.is_symlink() {
            match std::fs::read_link(&found.path) {
                Ok(target) => Kind::Symlink { target: target.as_os_str().as_bytes().to_vec() },
                Err(error) => return self.unfaithful("file-unreadable", &found.name, &error.to_string()),
            }
        } else if kind.is_fifo() {
            Kind::Fifo
        } else {
            let device = found.facts.rdev();
            Kind::Device {
                block: kind.is_block_device(),
                major: rustix::fs::major(device),
                minor: rustix::fs::minor(device),
            }
        };
        let member = self.member(found, &found.facts, kind)?;
        self.begin(&member, &found.facts)
    }

    fn file(&mut self, found: &Found) -> Result<()> {
        let identity = (found.facts.dev(), found.facts.ino());
        if let Some(first) = self.links.get(&identity).cloned() {
            let member = self.member(found, &found.facts, Kind::Hardlink { target: first })?;
            return self.begin(&member, &found.facts);
        }
        let opened = open(&found.path).and_then(|file| Ok((file.metadata()?, file)));
        let (before, file) = match opened {
            Ok((facts, file)) if facts.is_file() => (facts, file),
            Ok(_) => return self.unfaithful("file-changed", &found.name, "it became something else than a file"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self.unfaithful("file-changed", &found.name, "it vanished");
            }
            Err(error) => return self.unfaithful("file-unreadable", &found.name, &error.to_string()),
        };
        if before.nlink() > 1 {
            self.links.insert((before.dev(), before.ino()), found.name.as_os_str().as_bytes().to_vec());
        }
        let segments = match sparse::segments(&file, before.len()) {
            Ok(segments) => segments,
            Err(error) => return self.unfaithful("file-unreadable", &found.name, &error.to_string()),
        };
        if let Some(seam) = self.work.seam {
            seam(Moment::Opened, &found.name);
        }
        self.content(found, &before, &file, segments)
    }

    fn content(&mut self, found: &Found, before: &Metadata, file: &File, segments: Option<Vec<Segment>>) -> Result<()> {
        let size = before.len();
        let (kind, map, segments) = match segments {
            None => (Kind::File { size }, Vec::new(), vec![Segment { offset: 0, length: size }]),
            Some(segments) => {
                let map = sparse_map(&segments);
                let stored = map.len() as u64 + segments.iter().map(|segment| segment.length).sum::<u64>();
                (Kind::Sparse { size, stored }, map, segments)
            }
        };
        let stored = kind.stored();
        let member = self.member(found, before, kind)?;
        self.begin(&member, before)?;
        self.out.bytes(&map)?;
        let mut trouble = None;
        for segment in segments {
            let read = self.segment(file, segment)?;
            trouble = trouble.or(read);
        }
        self.out.zeros(stored.next_multiple_of(BLOCK as u64) - stored)?;
        self.done += size - member.kind.stored().min(size);
        if let Some((code, why)) = trouble {
            return self.unfaithful(code, &found.name, &why);
        }
        match file.metadata() {
            Ok(after) if same(before, &after) => Ok(()),
            Ok(_) => self.unfaithful("file-changed", &found.name, "it changed while it was read"),
            Err(error) => self.unfaithful("file-unreadable", &found.name, &error.to_string()),
        }
    }

    /// Copies one run of bytes. The header has promised its length, so what cannot be read is written as zeros, and why
    /// is the result.
    fn segment(&mut self, file: &File, segment: Segment) -> Result<Option<(&'static str, String)>> {
        let (mut at, end) = (segment.offset, segment.offset + segment.length);
        while at < end {
            stopped(self.work.cancel)?;
            let most = usize::try_from(end - at).unwrap_or(CHUNK);
            let trouble = match self.out.read(file, at, most) {
                Ok(0) => ("file-changed", "it became shorter while it was read; the rest is zeros".to_owned()),
                Ok(count) => {
                    at += count as u64;
                    self.done += count as u64;
                    self.out.flush_full()?;
                    self.tell();
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => ("file-unreadable", format!("{error}; the rest is zeros")),
            };
            self.done += end - at;
            self.out.zeros(end - at)?;
            return Ok(Some(trouble));
        }
        Ok(None)
    }

    /// Writes the header of an entry's member, and notes its line.
    fn begin(&mut self, member: &Member, facts: &Metadata) -> Result<()> {
        let (at, header) = (self.out.written, member.header());
        let length = header.len() as u64 + member.kind.stored().next_multiple_of(BLOCK as u64);
        let unsure = self.is_fresh(facts);
        let target = match &member.kind {
            Kind::Hardlink { target } => Some(Name::of(target)),
            _ => None,
        };
        let line = line_of(&member.name, facts);
        self.noted = Some(Line { at: Some(at), length: Some(length), target, unsure, ..line });
        self.header(member, &header)
    }

    pub(super) fn header(&mut self, member: &Member, header: &[u8]) -> Result<()> {
        self.written.entries += u64::from(!member.name.is_empty());
        self.out.bytes(header)
    }

    /// Whether it changed so lately that another change may leave it with the same times.
    fn is_fresh(&self, facts: &Metadata) -> bool {
        facts.ctime() + FRESH > self.work.world.now().as_second()
    }

    pub(super) fn member(&mut self, found: &Found, facts: &Metadata, kind: Kind) -> Result<Member> {
        let xattrs = match &kind {
            Kind::Hardlink { .. } => Vec::new(),
            _ => match attributes(&found.path) {
                Ok(xattrs) => xattrs,
                Err(error) => {
                    self.unfaithful("file-unreadable", &found.name, &format!("its extended attributes: {error}"))?;
                    Vec::new()
                }
            },
        };
        Ok(Member {
            name: found.name.as_os_str().as_bytes().to_vec(),
            kind,
            mode: facts.mode() & 0o7777,
            uid: facts.uid(),
            gid: facts.gid(),
            user: self.names.user(facts.uid()),
            group: self.names.group(facts.gid()),
            mtime: i128::from(facts.mtime()) * 1_000_000_000 + i128::from(facts.mtime_nsec()),
            xattrs,
        })
    }

    pub(super) fn unfaithful(&mut self, code: &'static str, name: &Path, why: &str) -> Result<()> {
        self.doubt = true;
        let what = format!("{}: {why}", shown(name));
        if self.work.strict {
            return Err(Error::permanent(code, what)
                .help("Exclude it, or set `on-change \"degrade\"` to publish the backup without it."));
        }
        self.written.incomplete.push(what);
        Ok(())
    }

    fn tell(&mut self) {
        if self.told.elapsed() >= PACE {
            self.told = Instant::now();
            self.work.observers.progress(self.done, Some(self.total.max(self.done)), "bytes");
        }
    }
}

/// Never through a link, and never waiting for the other end of a fifo that was put there meanwhile.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

fn same(before: &Metadata, after: &Metadata) -> bool {
    let facts = |facts: &Metadata| (facts.len(), facts.mtime(), facts.mtime_nsec(), facts.ctime(), facts.ctime_nsec());
    facts(before) == facts(after)
}

fn attributes(path: &PathBuf) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let names = match xattr::list(path) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for name in names {
        if let Some(value) = xattr::get(path, &name)? {
            found.push((name.as_bytes().to_vec(), value));
        }
    }
    found.sort();
    Ok(found)
}

/// Gathers bytes into chunks for the sink.
pub(super) struct Output {
    sink: Sink,
    buffer: Vec<u8>,
    written: u64,
}

impl Output {
    pub(super) fn bytes(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            self.written += now.len() as u64;
            bytes = later;
            self.flush_full()?;
        }
        Ok(())
    }

    pub(super) fn zeros(&mut self, count: u64) -> Result<()> {
        let block = [0; 8 << 10];
        let mut left = count;
        while left > 0 {
            let now = left.min(block.len() as u64);
            self.bytes(block.get(..usize::try_from(now).unwrap_or(0)).unwrap_or_default())?;
            left -= now;
        }
        Ok(())
    }

    /// Reads from the file straight into the chunk; at most `most` bytes.
    fn read(&mut self, file: &File, at: u64, most: usize) -> io::Result<usize> {
        let room = self.buffer.capacity() - self.buffer.len();
        let count = if most < room {
            let mut part = vec![0; most];
            let count = file.read_at(&mut part, at)?;
            self.buffer.extend_from_slice(part.get(..count).unwrap_or_default());
            count
        } else {
            // Into memory as it is: zeroing it first is a pass over every byte of every backup.
            rustix::io::pread(file, spare_capacity(&mut self.buffer), at)?
        };
        self.written += count as u64;
        Ok(count)
    }

    fn flush_full(&mut self) -> Result<()> {
        if self.buffer.len() < CHUNK {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.sink.blocking_send(Bytes::from(full))
    }

    fn finish(self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.sink.blocking_send(Bytes::from(self.buffer))?;
        }
        self.sink.blocking_finish()
    }
}
