//! Digests of an artifact: BLAKE3 for identity, SHA-256 for exchange with other tools.

use sha2::Digest as _;
use std::fmt::Write;

/// Size and digests of the bytes seen so far.
#[derive(Debug, Default)]
pub struct Digests {
    size: u64,
    blake3: blake3::Hasher,
    sha256: Option<sha2::Sha256>,
}

/// A finished [`Digests`]; digests are 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digested {
    pub size: u64,
    pub blake3: String,
    /// Present when it was asked for.
    pub sha256: Option<String>,
}

impl Digests {
    /// Both digests, for new artifacts.
    #[must_use]
    pub fn both() -> Self {
        Self { sha256: Some(sha2::Sha256::new()), ..Self::default() }
    }

    /// BLAKE3 alone, for reading back: one proof is enough, and the other is slower.
    #[must_use]
    pub fn identity() -> Self {
        Self::default()
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.blake3.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
    }

    #[must_use]
    pub fn finish(self) -> Digested {
        Digested {
            size: self.size,
            blake3: self.blake3.finalize().to_hex().to_string(),
            sha256: self.sha256.map(|sha256| hex(&sha256.finalize())),
        }
    }
}

/// `blake3:` and 64 hexadecimal digits, as plans and manifests spell the digest of a document.
#[must_use]
pub fn blake3_of(bytes: &[u8]) -> String {
    format!("blake3:{}", blake3::hash(bytes).to_hex())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
