//! Reads an archive member by member. It trusts nothing: whatever is not a sound archive to its very end is an error.
//!
//! The `tar` crate reads headers, not streams: its reader cuts pax records at line breaks, which names and attributes
//! may hold.

use super::member::{BLOCK, Kind, Member, nanoseconds, unescaped};
use super::sparse::Segment;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::io::{self, Read};
use tar::{EntryType, Header};

/// Longest pax header: names and attributes of one member.
const LONGEST_PAX: u64 = 64 << 20;
/// Most segments of one sparse file.
const MOST_SEGMENTS: u64 = 1 << 24;

/// An archive that is being read.
#[derive(Debug)]
pub(super) struct Archive<R> {
    reader: R,
    /// Bytes of the current member that were not read yet, and the padding behind them.
    left: u64,
    padding: u64,
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::integrity("archive-damaged", format!("the archive is damaged: {why}"))
}

/// Our own error when the stream carried one, else what it means for an archive.
fn failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return damaged("it ends too early");
    }
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::io("read the archive", &error),
    }
}

impl<R: Read> Archive<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, left: 0, padding: 0 }
    }

    /// The next member; what was not read of the one before is skipped. `None` is the end of a sound archive, of which
    /// every byte was read.
    ///
    /// # Errors
    /// `archive-damaged`, or why the stream failed.
    pub(super) fn next(&mut self) -> Result<Option<Member>> {
        self.skip()?;
        let mut pax = BTreeMap::new();
        loop {
            let header = self.block()?;
            if header.as_bytes().iter().all(|byte| *byte == 0) {
                return self.end(&pax).map(|()| None);
            }
            let size = sound(&header)?;
            match header.entry_type() {
                EntryType::XHeader => pax = self.pax(size)?,
                EntryType::XGlobalHeader => drop(self.pax(size)?),
                kind => {
                    let size = number(&pax, b"size")?.unwrap_or(size);
                    let member = member(&header, kind, size, &pax)?;
                    let stored = member.kind.stored();
                    self.begin(stored)?;
                    return Ok(Some(member));
                }
            }
        }
    }

    /// Reads bytes of the current member; 0 is their end.
    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let Some(out) = out.get_mut(..most).filter(|out| !out.is_empty()) else { return Ok(0) };
        let count = self.reader.read(out).map_err(failed)?;
        if count == 0 {
            return Err(damaged("it ends too early"));
        }
        self.left -= count as u64;
        Ok(count)
    }

    /// The map of a sparse member of `size` bytes: called before anything else of it is read.
    pub(super) fn sparse_map(&mut self, size: u64) -> Result<Vec<Segment>> {
        let mut map = MapReader { block: [0; BLOCK], at: BLOCK };
        let count = map.number(self)?;
        if count > MOST_SEGMENTS {
            return Err(damaged("a sparse file has too many segments"));
        }
        let mut segments = Vec::new();
        let (mut end, mut stored) = (0_u64, 0_u64);
        for _ in 0..count {
            let (offset, length) = (map.number(self)?, map.number(self)?);
            let after = offset.checked_add(length).filter(|after| *after <= size && offset >= end);
            end = after.ok_or_else(|| damaged("the map of a sparse file is wrong"))?;
            stored += length;
            segments.push(Segment { offset, length });
        }
        if stored == self.left { Ok(segments) } else { Err(damaged("the map of a sparse file is wrong")) }
    }

    fn begin(&mut self, stored: u64) -> Result<()> {
        let padded = stored.checked_next_multiple_of(BLOCK as u64).ok_or_else(|| damaged("nothing is that large"))?;
        (self.left, self.padding) = (stored, padded - stored);
        Ok(())
    }

    fn skip(&mut self) -> Result<()> {
        let rest = self.left + self.padding;
        self.left = 0;
        self.padding = 0;
        let skipped = io::copy(&mut (&mut self.reader).take(rest), &mut io::sink()).map_err(failed)?;
        if skipped == rest { Ok(()) } else { Err(damaged("it ends too early")) }
    }

    fn block(&mut self) -> Result<Header> {
        let mut header = Header::new_old();
        self.reader.read_exact(header.as_mut_bytes()).map_err(failed)?;
        Ok(header)
    }

    fn pax(&mut self, size: u64) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
        if size > LONGEST_PAX {
            return Err(damaged("a pax header is too long"));
        }
        self.begin(size)?;
        let mut text = Vec::new();
        (&mut self.reader).take(size).read_to_end(&mut text).map_err(failed)?;
        if text.len() as u64 != size {
            return Err(damaged("it ends too early"));
        }
        self.left = 0;
        self.skip()?;
        records(&text).ok_or_else(|| damaged("a pax header cannot be read"))
    }

    /// One empty block was read; another must follow, and then nothing but padding.
    fn end(&mut self, pax: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<()> {
        if !pax.is_empty() || self.block()?.as_bytes().iter().any(|byte| *byte != 0) {
            return Err(damaged("an empty block stands in the middle"));
        }
        let mut rest = vec![0; 64 << 10];
        loop {
            let count = self.reader.read(&mut rest).map_err(failed)?;
            if count == 0 {
                return Ok(());
            }
            if rest.iter().take(count).any(|byte| *byte != 0) {
                return Err(damaged("something follows its end"));
            }
        }
    }
}

/// Reads the decimal lines of a map, block by block.
struct MapReader {
    block: [u8; BLOCK],
    at: usize,
}

impl MapReader {
    fn number<R: Read>(&mut self, archive: &mut Archive<R>) -> Result<u64> {
        let mut value = 0_u64;
        for digits in 0..=20 {
            if self.at == BLOCK {
                let mut filled = 0;
                while let Some(out) = self.block.get_mut(filled..).filter(|out| !out.is_empty()) {
                    match archive.read(out)? {
                        0 => return Err(damaged("the map of a sparse file is cut off")),
                        count => filled += count,
                    }
                }
                self.at = 0;
            }
            let byte = self.block.get(self.at).copied().unwrap_or(0);
            self.at += 1;
            let grown = match byte {
                b'0'..=b'9' => value.checked_mul(10).and_then(|value| value.checked_add(u64::from(byte - b'0'))),
                b'\n' if digits > 0 => return Ok(value),
                _ => None,
            };
            value = grown.ok_or_else(|| damaged("the map of a sparse file is wrong"))?;
        }
        Err(damaged("the map of a sparse file is wrong"))
    }
}

/// The size field, when the header's checksum is right.
fn sound(header: &Header) -> Result<u64> {
    let bytes = header.as_bytes();
    let sum: u32 =
        bytes.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    if header.cksum().ok() != Some(sum) {
        return Err(damaged("a header's checksum is wrong"));
    }
    header.entry_size().map_err(|_| damaged("a size cannot be read"))
}

/// `length key=value\n`, counted, not searched: a value may hold anything.
fn records(mut text: &[u8]) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut found = BTreeMap::new();
    while !text.is_empty() {
        let space = text.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(text.get(..space)?).ok()?.parse().ok()?;
        let record = text.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        found.insert(record.get(..equals)?.to_vec(), record.get(equals + 1..)?.to_vec());
        text = text.get(length..)?;
    }
    Some(found)
}

fn number(pax: &BTreeMap<Vec<u8>, Vec<u8>>, key: &[u8]) -> Result<Option<u64>> {
    let parsed = |value: &Vec<u8>| std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    let wrong = || damaged(format!("`{}` is not a number", key.escape_ascii()));
    pax.get(key).map(|value| parsed(value).ok_or_else(wrong)).transpose()
}

fn member(header: &Header, kind: EntryType, size: u64, pax: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Member> {
    let unreadable = |_| damaged("a number in a header cannot be read");
    let id = |key: &[u8], field: io::Result<u64>| -> Result<u32> {
        let value = match number(pax, key)? {
            Some(value) => value,
            None => field.map_err(unreadable)?,
        };
        u32::try_from(value).map_err(|_| damaged("an owner's number is too large"))
    };
    let mtime = match pax.get(b"mtime".as_slice()) {
        Some(text) => std::str::from_utf8(text).ok().and_then(nanoseconds),
        None => header.mtime().ok().map(|seconds| i128::from(seconds) * 1_000_000_000),
    };
    let text =
        |key: &[u8], field: Option<&[u8]>| pax.get(key).cloned().unwrap_or_else(|| field.unwrap_or_default().to_vec());
    let name =
        pax.get(b"GNU.sparse.name".as_slice()).cloned().unwrap_or_else(|| text(b"path", Some(&header.path_bytes())));
    Ok(Member {
        name: plain(&name).to_vec(),
        kind: kind_of(header, kind, size, pax)?,
        mode: header.mode().map_err(unreadable)? & 0o7777,
        uid: id(b"uid", header.uid())?,
        gid: id(b"gid", header.gid())?,
        user: text(b"uname", header.username_bytes()),
        group: text(b"gname", header.groupname_bytes()),
        mtime: mtime.ok_or_else(|| damaged("a time cannot be read"))?,
        xattrs: pax
            .iter()
            .filter_map(|(key, value)| Some((unescaped(key.strip_prefix(b"SCHILY.xattr.")?), value.clone())))
            .collect(),
    })
}

fn kind_of(header: &Header, kind: EntryType, size: u64, pax: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Kind> {
    let target = || {
        let link = header.link_name_bytes().map(|name| name.to_vec()).unwrap_or_default();
        pax.get(b"linkpath".as_slice()).cloned().unwrap_or(link)
    };
    let device = |block| {
        let (major, minor) = (header.device_major().ok().flatten(), header.device_minor().ok().flatten());
        Kind::Device { block, major: major.unwrap_or(0), minor: minor.unwrap_or(0) }
    };
    Ok(match kind {
        EntryType::Regular | EntryType::Continuous => match number(pax, b"GNU.sparse.realsize")? {
            Some(real) => Kind::Sparse { size: real, stored: size },
            None => Kind::File { size },
        },
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Symlink { target: target() },
        EntryType::Link => Kind::Hardlink { target: plain(&target()).to_vec() },
        EntryType::Fifo => Kind::Fifo,
        EntryType::Char => device(false),
        EntryType::Block => device(true),
        other => return Err(damaged(format!("it holds a member of type `{}`", other.as_byte().escape_ascii()))),
    })
}

/// Without `./` in front and slashes behind. What could lead elsewhere is left as it is, and refused when it is used.
fn plain(name: &[u8]) -> &[u8] {
    let mut name = name;
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    while let Some(rest) = name.strip_suffix(b"/").filter(|rest| !rest.is_empty()) {
        name = rest;
    }
    if name == b"." { b"" } else { name }
}

#[cfg(test)]
mod tests {
    use super::{Archive, Kind, Member};

    /// What a header says is what is read from it: sizes past the octal field, numbers and names past theirs.
    #[test]
    fn headers_go_both_ways() {
        let plain = Member {
            name: b"plain".to_vec(),
            kind: Kind::File { size: 0 },
            mode: 0o4751,
            uid: 0,
            gid: 0,
            user: b"root".to_vec(),
            group: Vec::new(),
            mtime: 1_700_000_000_000_000_000,
            xattrs: Vec::new(),
        };
        let long = vec![b'n'; 5000];
        let cases = [
            plain.clone(),
            Member { kind: Kind::File { size: (8 << 30) - 1 }, ..plain.clone() },
            Member { kind: Kind::File { size: 8 << 30 }, ..plain.clone() },
            Member { kind: Kind::File { size: 1 << 50 }, uid: u32::MAX - 1, gid: 3_000_000_000, ..plain.clone() },
            Member { kind: Kind::Sparse { size: 1 << 60, stored: 9 << 30 }, name: long.clone(), ..plain.clone() },
            Member { kind: Kind::Symlink { target: long.clone() }, mtime: -1, ..plain.clone() },
            Member {
                kind: Kind::Hardlink { target: b"a\nb\xff".to_vec() },
                name: b"\xff\n 12 path=x".to_vec(),
                ..plain.clone()
            },
            Member { kind: Kind::Directory, name: Vec::new(), user: vec![b'u'; 40], ..plain.clone() },
            Member { kind: Kind::Device { block: true, major: 8, minor: 17 }, ..plain.clone() },
            Member { xattrs: vec![(b"user.a=%3D%b".to_vec(), b"\n\0".to_vec())], ..plain },
        ];
        for member in cases {
            let bytes = member.header();
            assert_eq!(bytes.len() % 512, 0);
            let read = Archive::new(bytes.as_slice()).next().expect("sound").expect("a member");
            assert_eq!(read, member);
        }
    }
}
