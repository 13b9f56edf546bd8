//! An index beside the bytes of an artifact: a line of JSON for each member and each frame. With it, one file of a tree
//! is read without the others, and checked against the digest of the whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One line of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "line")]
pub enum Line {
    /// A member of an archive, in the order of the archive.
    Member(Member),
    /// A frame of 4 MiB of the artifact's bytes, the last one excepted; there are none when one would hold all.
    Frame {
        /// Its value in the BLAKE3 tree of the artifact: 64 hexadecimal digits.
        blake3: String,
    },
}

/// Where a member of an archive is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Member {
    /// Relative to the root; empty for the root itself.
    pub name: Name,
    /// As `ls` shows it: `-`, `d`, `l`, `p`, `b`, `c`; `h` for another name of a file that came before.
    pub kind: char,
    /// Where its headers begin in the artifact, in bytes.
    pub at: u64,
    /// Bytes from there to the next member.
    pub length: u64,
    /// The name that came before, of an `h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Name>,
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
