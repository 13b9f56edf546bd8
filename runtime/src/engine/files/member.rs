//! One member of an archive, and how it is written: a pax header for what the old header cannot say, then that header.

use super::sparse::Segment;
use std::io::Write as _;
use tar::{EntryType, Header};

/// Size of a block of an archive, in bytes.
pub(super) const BLOCK: usize = 512;
/// Largest size that the octal field holds.
const OCTAL_SIZE: u64 = 0o777_7777_7777;
const OCTAL_ID: u32 = 0o777_7777;

/// A member: a name, what it is, and everything about it that can be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Relative, without `./` and without a slash at the end; empty for the root.
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    /// Permission bits.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) user: Vec<u8>,
    pub(super) group: Vec<u8>,
    /// Nanoseconds since 1970.
    pub(super) mtime: i128,
    /// Extended attributes, sorted by name.
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    /// A file whose bytes follow.
    File {
        size: u64,
    },
    /// A file with holes: a map and its segments follow.
    Sparse {
        size: u64,
        stored: u64,
    },
    Symlink {
        target: Vec<u8>,
    },
    /// Another name of a member that came before.
    Hardlink {
        target: Vec<u8>,
    },
    Fifo,
    Device {
        block: bool,
        major: u32,
        minor: u32,
    },
}

impl Kind {
    /// One letter, as `ls` shows it; `h` for another name of a file.
    pub(super) fn letter(&self) -> char {
        match self {
            Self::Directory => 'd',
            Self::File { .. } | Self::Sparse { .. } => '-',
            Self::Symlink { .. } => 'l',
            Self::Hardlink { .. } => 'h',
            Self::Fifo => 'p',
            Self::Device { block: true, .. } => 'b',
            Self::Device { block: false, .. } => 'c',
        }
    }

    /// Bytes that follow the header, without padding.
    pub(super) fn stored(&self) -> u64 {
        match self {
            Self::File { size } => *size,
            Self::Sparse { stored, .. } => *stored,
            _ => 0,
        }
    }

    fn entry_type(&self) -> EntryType {
        match self {
            Self::Directory => EntryType::Directory,
            Self::File { .. } | Self::Sparse { .. } => EntryType::Regular,
            Self::Symlink { .. } => EntryType::Symlink,
            Self::Hardlink { .. } => EntryType::Link,
            Self::Fifo => EntryType::Fifo,
            Self::Device { block: true, .. } => EntryType::Block,
            Self::Device { block: false, .. } => EntryType::Char,
        }
    }
}

impl Member {
    /// The blocks that come before the member's bytes.
    pub(super) fn header(&self) -> Vec<u8> {
        let name = self.stored_name();
        let mut records = Records::default();
        let link = match &self.kind {
            Kind::Symlink { target } => target.clone(),
            // Named as the target itself was, so that `tar` finds it wherever it unpacks.
            Kind::Hardlink { target } => target.clone(),
            _ => Vec::new(),
        };
        if let Kind::Sparse { size, .. } = self.kind {
            records.add(b"GNU.sparse.major", b"1");
            records.add(b"GNU.sparse.minor", b"0");
            records.add(b"GNU.sparse.name", &name);
            records.add(b"GNU.sparse.realsize", size.to_string().as_bytes());
        } else if !fits(&name, 100) {
            records.add(b"path", &name);
        }
        if !fits(&link, 100) {
            records.add(b"linkpath", &link);
        }
        self.numbers(&mut records);
        for (key, value) in &self.xattrs {
            records.add(&[b"SCHILY.xattr.".as_slice(), &keyword(key)].concat(), value);
        }
        let mut blocks = records.member();
        blocks.extend_from_slice(self.old_header(&name, &link).as_bytes());
        blocks
    }

    fn numbers(&self, records: &mut Records) {
        if self.mtime % 1_000_000_000 != 0 || self.mtime < 0 || self.mtime / 1_000_000_000 > i128::from(OCTAL_SIZE) {
            records.add(b"mtime", decimal(self.mtime).as_bytes());
        }
        if self.kind.stored() > OCTAL_SIZE {
            records.add(b"size", self.kind.stored().to_string().as_bytes());
        }
        for (key, id) in [(b"uid", self.uid), (b"gid", self.gid)] {
            if id > OCTAL_ID {
                records.add(key, id.to_string().as_bytes());
            }
        }
        for (key, text) in [(b"uname", &self.user), (b"gname", &self.group)] {
            if !fits(text, 32) {
                records.add(key, text);
            }
        }
    }

    fn stored_name(&self) -> Vec<u8> {
        match (&self.kind, self.name.is_empty()) {
            (_, true) => b"./".to_vec(),
            (Kind::Directory, false) => [self.name.as_slice(), b"/"].concat(),
            _ => self.name.clone(),
        }
    }

    fn old_header(&self, name: &[u8], link: &[u8]) -> Header {
        let mut header = Header::new_ustar();
        header.set_entry_type(self.kind.entry_type());
        header.set_mode(self.mode);
        header.set_uid(self.uid.into());
        header.set_gid(self.gid.into());
        header.set_size(self.kind.stored());
        header.set_mtime(u64::try_from(self.mtime.div_euclid(1_000_000_000)).unwrap_or(0));
        if let Some(ustar) = header.as_ustar_mut() {
            put(&mut ustar.name, name);
            put(&mut ustar.linkname, link);
            put(&mut ustar.uname, &self.user);
            put(&mut ustar.gname, &self.group);
        }
        if let Kind::Device { major, minor, .. } = self.kind {
            // Only an old GNU or ustar header has these fields, and this is one.
            let _ = header.set_device_major(major);
            let _ = header.set_device_minor(minor);
        }
        header.set_cksum();
        header
    }
}

/// The map that stands before the segments of a sparse file, padded to whole blocks.
pub(super) fn sparse_map(segments: &[Segment]) -> Vec<u8> {
    let mut map = format!("{}\n", segments.len()).into_bytes();
    for segment in segments {
        // Writing to a vector cannot fail.
        let _ = write!(map, "{}\n{}\n", segment.offset, segment.length);
    }
    map.resize(map.len().next_multiple_of(BLOCK), 0);
    map
}

fn put(field: &mut [u8], text: &[u8]) {
    for (to, from) in field.iter_mut().zip(text) {
        *to = *from;
    }
}

/// Whether the old header can hold the text: short enough, and nothing that a reader might take for another encoding.
fn fits(text: &[u8], longest: usize) -> bool {
    text.len() < longest && text.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A key of a record cannot hold `=`: GNU tar writes it, and its own sign for that, as two hexadecimal digits.
fn keyword(name: &[u8]) -> Vec<u8> {
    let escaped = |byte: &u8| match byte {
        b'%' => b"%25".to_vec(),
        b'=' => b"%3D".to_vec(),
        other => vec![*other],
    };
    name.iter().flat_map(escaped).collect()
}

/// The reverse of [`keyword`].
pub(super) fn unescaped(mut name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let Some((first, rest)) = name.split_first() {
        let (byte, rest) = if let Some(rest) = name.strip_prefix(b"%25") {
            (b'%', rest)
        } else if let Some(rest) = name.strip_prefix(b"%3D") {
            (b'=', rest)
        } else {
            (*first, rest)
        };
        plain.push(byte);
        name = rest;
    }
    plain
}

/// Seconds with nine decimals.
fn decimal(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let absolute = nanoseconds.unsigned_abs();
    format!("{sign}{}.{:09}", absolute / 1_000_000_000, absolute % 1_000_000_000)
}

/// The reverse of [`decimal`], with any number of decimals.
pub(super) fn nanoseconds(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part: String = part.chars().chain("000000000".chars()).take(9).collect();
    Some(sign * (whole.parse::<i128>().ok()? * 1_000_000_000 + part.parse::<i128>().ok()?))
}

#[derive(Debug, Default)]
struct Records(Vec<u8>);

impl Records {
    /// `length key=value\n`, where the length counts its own digits too.
    fn add(&mut self, key: &[u8], value: &[u8]) {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        self.0.extend_from_slice(length.to_string().as_bytes());
        for part in [b" ", key, b"=", value, b"\n"] {
            self.0.extend_from_slice(part);
        }
    }

    fn member(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            return self.0;
        }
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::XHeader);
        header.set_mode(0o644);
        header.set_size(self.0.len() as u64);
        header.set_mtime(0);
        if let Some(ustar) = header.as_ustar_mut() {
            put(&mut ustar.name, b"././@PaxHeader");
        }
        header.set_cksum();
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
        [header.as_bytes().as_slice(), &self.0].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::{Records, decimal, nanoseconds};

    #[test]
    fn times_go_both_ways() {
        for (value, text) in [(0, "0.000000000"), (-1_500_000_000, "-1.500000000"), (1_000_000_001, "1.000000001")] {
            assert_eq!(decimal(value), text);
            assert_eq!(nanoseconds(text), Some(value));
        }
        assert_eq!(nanoseconds("12.5"), Some(12_500_000_000));
        assert_eq!(nanoseconds("x"), None);
    }

    #[test]
    fn the_length_of_a_record_counts_itself() {
        for size in 0..1100 {
            let mut records = Records::default();
            records.add(b"k", &vec![b'v'; size]);
            let text = String::from_utf8(records.0).expect("ascii");
            assert_eq!(text.split(' ').next().and_then(|word| word.parse().ok()), Some(text.len()));
        }
    }
}
