//! An index beside the bytes of an artifact: a line of JSON for its format, for each entry of a tree, and for each frame.
//! With it, one file of a tree is read without the others and checked against the digest of the whole, and a
//! differential is made by comparing a tree with it.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Format of the index that this version writes.
pub const FORMAT: u32 = 1;

/// One line of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "line")]
pub enum Line {
    /// The first line.
    Head {
        /// [`FORMAT`].
        format: u32,
    },
    /// An entry of the tree: a directory before what is in it, names in the order of their bytes.
    Entry(Entry),
    /// A frame of 4 MiB of the artifact's bytes, the last one excepted; there are none when one would hold all. Behind all
    /// entries.
    Frame {
        /// Its value in the BLAKE3 tree of the artifact: 64 hexadecimal digits.
        blake3: String,
    },
}

/// An entry of a tree as the artifact, with those before it in its chain, brings it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// Relative to the root; empty for the root itself.
    #[serde(serialize_with = "name_out", deserialize_with = "name_in")]
    #[schemars(with = "Name")]
    pub path: Vec<u8>,
    /// As `ls` shows it: `-`, `d`, `l`, `p`, `b` or `c`; every name of a file is `-`.
    pub kind: char,
    /// Bytes of a file; 0 of everything else.
    pub size: u64,
    /// Seconds since 1970, and nanoseconds.
    pub mtime: (i64, i64),
    pub ctime: (i64, i64),
    pub ino: u64,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Where its member begins, headers and all, in the bytes of this artifact; without, it is in one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// Bytes from there to the next member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// The name under which the same file came before in the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Name>,
    /// What was archived may not be what these facts are of: the next differential takes it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
}

/// A name of a file: text, or its bytes where it is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Name {
    Text(String),
    Bytes(Vec<u8>),
}

impl Name {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(bytes.to_vec()),
        }
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

fn name_out<S: Serializer>(name: &[u8], out: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(name) {
        Ok(text) => out.serialize_str(text),
        Err(_) => out.collect_seq(name),
    }
}

fn name_in<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    Ok(match Name::deserialize(from)? {
        Name::Text(text) => text.into_bytes(),
        Name::Bytes(bytes) => bytes,
    })
}
