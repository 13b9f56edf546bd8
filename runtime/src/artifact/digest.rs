//! Digests of an artifact: BLAKE3 for identity, SHA-256 for exchange with other tools. BLAKE3 is a tree: its values over
//! the frames of an artifact are kept on the way, so that a part can be checked against the digest of the whole.

use crate::artifact::frames::FRAME;
use crate::error::{Error, Result};
use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use bytes::Bytes;
use schema::manifest::Content;
use sha2::Digest as _;
use std::fmt::Write;
use std::sync::mpsc;
use std::thread::JoinHandle;

/// Size and digests of the bytes seen so far.
#[derive(Debug, Default)]
pub struct Digests {
    size: u64,
    /// Of the frame that is being filled.
    frame: blake3::Hasher,
    held: u64,
    frames: Vec<Node>,
}

/// [`Digests`] with SHA-256, which is taken on a thread of its own: it is the slower of the two.
#[derive(Debug)]
pub struct Pair {
    digests: Digests,
    chunks: mpsc::SyncSender<Bytes>,
    sha256: JoinHandle<String>,
}

/// Chunks that may wait for SHA-256.
const WINDOW: usize = 16;

/// Value of a frame in the tree of BLAKE3; it is not the digest of the frame's bytes.
pub(crate) type Node = [u8; 32];

/// A finished [`Digests`]; digests are 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digested {
    pub size: u64,
    pub blake3: String,
    /// Present when it was asked for.
    pub sha256: Option<String>,
    /// A value for each frame; empty when there is only one, whose value is the digest itself.
    pub(crate) frames: Vec<Node>,
}

impl Digested {
    /// As a manifest has it, in a file of that name.
    #[must_use]
    pub fn content(&self, file: String) -> Content {
        let (size, blake3) = (self.size, self.blake3.clone());
        Content { file, size, blake3, sha256: self.sha256.clone().unwrap_or_default() }
    }
}

impl Digests {
    /// BLAKE3 alone, for reading back: one proof is enough, and the other is slower.
    #[must_use]
    pub fn identity() -> Self {
        Self::default()
    }

    /// Of a part of an artifact that begins at that byte, which is the first one of a frame. Its [`Digests::nodes`] are of use.
    pub(crate) fn at(from: u64) -> Self {
        let mut frame = blake3::Hasher::new();
        frame.set_input_offset(from);
        Self { size: from, frame, ..Self::default() }
    }

    /// Where the bytes seen so far end.
    pub(crate) fn end(&self) -> u64 {
        self.size
    }

    /// Values of all frames of a part of several.
    pub(crate) fn nodes(mut self) -> Vec<Node> {
        if self.held > 0 {
            self.frames.push(self.frame.finalize_non_root());
        }
        self.frames
    }

    pub fn update(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            // Only what follows tells that a full frame is not the only one.
            if self.held == FRAME {
                self.end_frame();
            }
            let room = usize::try_from(FRAME - self.held).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at(rest.len().min(room));
            self.frame.update(now);
            self.held += now.len() as u64;
            self.size += now.len() as u64;
            rest = later;
        }
    }

    /// Tells apart what can stand between these bytes, both of which have passed. `None` unless they are whole frames, the last
    /// one perhaps a shorter one at the end of what was seen.
    pub(crate) fn value(&self, from: u64, to: u64) -> Option<String> {
        if !from.is_multiple_of(FRAME) || !(to.is_multiple_of(FRAME) || to == self.size) {
            return None;
        }
        let mut value = blake3::Hasher::new();
        for n in from / FRAME..to.div_ceil(FRAME) {
            match self.frames.get(usize::try_from(n).ok()?) {
                Some(node) => value.update(node),
                None => value.update(&self.frame.finalize_non_root()),
            };
        }
        Some(value.finalize().to_hex().to_string())
    }

    /// Begins the next frame, behind a full one.
    fn end_frame(&mut self) {
        self.frames.push(self.frame.finalize_non_root());
        self.frame = blake3::Hasher::new();
        self.frame.set_input_offset(self.size);
        self.held = 0;
    }

    #[must_use]
    pub fn finish(mut self) -> Digested {
        if !self.frames.is_empty() {
            self.frames.push(self.frame.finalize_non_root());
        }
        let root = root(&self.frames).unwrap_or_else(|| self.frame.finalize());
        Digested { size: self.size, blake3: root.to_hex().to_string(), sha256: None, frames: self.frames }
    }
}

impl Pair {
    /// Both digests, for new artifacts.
    #[must_use]
    pub fn begin() -> Self {
        let (chunks, waiting) = mpsc::sync_channel::<Bytes>(WINDOW);
        let sha256 = std::thread::spawn(move || {
            let mut sha256 = sha2::Sha256::new();
            for chunk in waiting {
                sha256.update(&chunk);
            }
            hex(&sha256.finalize())
        });
        Self { digests: Digests::identity(), chunks, sha256 }
    }

    /// Waits while SHA-256 is far behind: only for threads that may block.
    pub fn update(&mut self, chunk: &Bytes) {
        // A thread that is gone is told at the end.
        let _ = self.chunks.send(chunk.clone());
        self.digests.update(chunk);
    }

    /// [`Digests::value`].
    pub(crate) fn value(&self, from: u64, to: u64) -> Option<String> {
        self.digests.value(from, to)
    }

    pub fn finish(self) -> Result<Digested> {
        drop(self.chunks);
        let ended = |_| Error::permanent("panic", "the thread that takes SHA-256 ended early");
        let sha256 = self.sha256.join().map_err(ended)?;
        Ok(Digested { sha256: Some(sha256), ..self.digests.finish() })
    }
}

/// The digest of the whole; `None` when there are not several frames.
pub(crate) fn root(frames: &[Node]) -> Option<blake3::Hash> {
    let (left, right) = halves(frames)?;
    Some(merge_subtrees_root(&node(left)?, &node(right)?, Mode::Hash))
}

fn node(frames: &[Node]) -> Option<Node> {
    match frames {
        [one] => Some(*one),
        _ => {
            let (left, right) = halves(frames)?;
            Some(merge_subtrees_non_root(&node(left)?, &node(right)?, Mode::Hash))
        }
    }
}

/// The left half is the largest power of two that leaves something for the right one.
fn halves(frames: &[Node]) -> Option<(&[Node], &[Node])> {
    if frames.len() < 2 { None } else { frames.split_at_checked(frames.len().next_power_of_two() / 2) }
}

/// Value of the frame with number `n`, of an artifact that has several.
pub(crate) fn frame(n: u64, bytes: &[u8]) -> Node {
    blake3::Hasher::new().set_input_offset(n * FRAME).update(bytes).finalize_non_root()
}

/// `blake3:` and 64 hexadecimal digits, as plans and manifests spell the digest of a document.
#[must_use]
pub fn blake3_of(bytes: &[u8]) -> String {
    format!("blake3:{}", blake3::hash(bytes).to_hex())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that reaches too far must stop")]
mod tests {
    use super::*;

    #[test]
    fn the_digest_over_frames_is_that_of_the_whole() {
        let whole: Vec<u8> = (0..FRAME * 5 + 1).map(|at| (at % 251) as u8).collect();
        for (frames, more) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 7), (3, 0), (4, 0), (4, 1), (5, 1)] {
            let part = &whole[..(FRAME * frames + more) as usize];
            let mut digests = Pair::begin();
            part.chunks(300_000).for_each(|chunk| digests.update(&Bytes::copy_from_slice(chunk)));
            let digested = digests.finish().expect("both");
            assert_eq!(digested.sha256, Some(hex(&sha2::Sha256::digest(part))));
            assert_eq!(digested.blake3, blake3::hash(part).to_hex().to_string(), "{frames} frames and {more}");
            for (n, node) in digested.frames.iter().enumerate() {
                let bytes = part.chunks(FRAME as usize).nth(n).expect("a frame");
                assert_eq!(frame(n as u64, bytes), *node);
            }
        }
    }

    #[test]
    fn a_value_tells_parts_apart() {
        const PART: u64 = 2 * FRAME;
        let whole: Vec<u8> = (0..PART * 2 + 9).map(|at| (at % 251) as u8).collect();
        let values = |bytes: &[u8]| {
            let (mut digests, mut values) = (Digests::identity(), Vec::new());
            for part in bytes.chunks(PART as usize) {
                let from = digests.end();
                // As it comes: in pieces that end anywhere.
                part.chunks(3_000_000).for_each(|piece| digests.update(piece));
                values.push(digests.value(from, digests.end()).expect("whole frames"));
            }
            assert_eq!(digests.value(1, PART), None);
            values
        };
        let first = values(&whole);
        assert_eq!(values(&whole), first);
        for (changed, byte) in [(0, 0), (0, PART - 1), (1, PART), (1, PART * 2 - 1), (2, PART * 2), (2, PART * 2 + 8)] {
            let mut other = whole.clone();
            other[byte as usize] ^= 1;
            let same: Vec<bool> = values(&other).iter().zip(&first).map(|(one, other)| one == other).collect();
            assert_eq!(same, [0, 1, 2].map(|n| n != changed), "byte {byte}");
        }
        assert_eq!(values(&whole[..whole.len() - 1])[..2], first[..2]);
        assert_ne!(values(&whole[..whole.len() - 1])[2], first[2]);
    }
}
