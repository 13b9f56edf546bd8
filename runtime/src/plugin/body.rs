//! Bulk bytes at the host's end: what a guest names as an artifact or a sink.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// A part of an object, whole in memory; cheap to clone.
#[derive(Clone, Debug)]
pub struct Body {
    offset: u64,
    len: u64,
    chunks: Vec<Bytes>,
    /// Of all its bytes, once somebody asked: a part that is sent again is not hashed again.
    sha256: Arc<OnceLock<[u8; 32]>>,
}

impl Body {
    /// Bytes that begin at `offset` of the object.
    #[must_use]
    pub fn new(offset: u64, chunks: Vec<Bytes>) -> Self {
        let len = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Self { offset, len, chunks, sha256: Arc::default() }
    }

    /// Where it begins in the object.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// SHA-256 of all of it. Computed at the first call, which takes some milliseconds a MiB.
    pub(super) fn sha256(&self) -> [u8; 32] {
        *self.sha256.get_or_init(|| {
            let mut hasher = Sha256::new();
            self.chunks.iter().for_each(|chunk| hasher.update(chunk));
            hasher.finalize().into()
        })
    }

    /// `len` bytes from `offset` of the object, when all of them are here. Nothing is copied.
    pub(super) fn slice(&self, offset: u64, len: u64) -> Option<Vec<Bytes>> {
        let mut skip = offset.checked_sub(self.offset)?;
        if skip.checked_add(len)? > self.len {
            return None;
        }
        let mut rest = len;
        let mut pieces = Vec::new();
        for chunk in &self.chunks {
            let size = chunk.len() as u64;
            if skip >= size {
                skip -= size;
                continue;
            }
            let take = rest.min(size - skip);
            // Both are at most the length of a chunk in memory.
            let (from, to) = (usize::try_from(skip).ok()?, usize::try_from(skip + take).ok()?);
            if take > 0 {
                pieces.push(chunk.slice(from..to));
            }
            rest -= take;
            skip = 0;
        }
        Some(pieces)
    }
}

/// Where bytes go that a guest has asked the host to read.
#[derive(Debug)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Outlet(pub(super) mpsc::Sender<Bytes>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_slice_is_what_the_whole_has_there(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 0..6),
            at in 0u64..100, skip in 0u64..50, len in 0u64..50,
        ) {
            let whole: Vec<u8> = chunks.concat();
            let body = Body::new(at, chunks.into_iter().map(Bytes::from).collect());
            let found = body.slice(at + skip, len).map(|pieces| pieces.concat());
            let (from, to) = (skip as usize, (skip + len) as usize);
            prop_assert_eq!(found.as_deref(), whole.get(from..to));
            prop_assert!(at == 0 || body.slice(at - 1, len).is_none());
        }
    }
}
