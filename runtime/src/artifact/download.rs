//! A stored object as a feed that is checked as it passes: the stream only ends well when every byte was right, so
//! whoever reads it can act on the end and on nothing before.

use crate::artifact::digest::Digests;
use crate::artifact::pace::Pace;
use crate::artifact::stream::{Sink, channel};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::plugin::Storage;
use schema::manifest::Manifest;

/// What to do about a copy that is damaged.
const ELSEWHERE: &str = "Restore from another store with `--from`, and find out what changed the bytes in this one.";

/// What the bytes of an object must be.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Bytes.
    pub size: u64,
    /// 64 hexadecimal digits.
    pub blake3: &'a str,
}

impl<'a> Expected<'a> {
    /// Of the copy that a manifest announces, as it is stored.
    #[must_use]
    pub fn of(manifest: &'a Manifest) -> Self {
        match &manifest.copy {
            Some(copy) => Self { size: copy.size, blake3: &copy.blake3 },
            None => Self { size: manifest.artifact.size, blake3: &manifest.artifact.blake3 },
        }
    }
}

/// Reads the object `key` through the store's plugin into `out`, within `pace` and the store's own limit, and finishes
/// `out` only when size and BLAKE3 digest are as `expected`.
pub async fn download(
    storage: &Storage,
    key: &str,
    expected: Expected<'_>,
    out: Sink,
    pace: Pace,
    observers: &StepObservers,
) -> Result<()> {
    let (mut digests, total) = (Digests::identity(), Some(expected.size));
    let (size, out) = pump(storage, (key, 0), out, pace, |chunk, done| {
        // Hashing a mebibyte takes less than a millisecond: not worth another thread.
        digests.update(chunk);
        observers.progress(done, total, "bytes");
    })
    .await?;
    let digested = digests.finish();
    if size != expected.size || digested.blake3 != expected.blake3 {
        return Err(damaged(key, expected, size, &digested.blake3));
    }
    out.finish().await
}

/// Reads the bytes from `from` up to `size` of the object `key` into `out`, within `pace` and the store's own limit, and
/// finishes `out` when the object ends there. They are compared with nothing.
pub async fn rest(storage: &Storage, key: &str, (from, size): (u64, u64), out: Sink, pace: Pace) -> Result<()> {
    let (at, out) = pump(storage, (key, from), out, pace, |_, _| {}).await?;
    if at != size {
        let message = format!("`{key}` is damaged: it has {at} bytes, its manifest says {size}");
        return Err(Error::integrity("artifact-damaged", message).help(ELSEWHERE));
    }
    out.finish().await
}

/// Passes an object on from a byte on; `see` is shown each chunk, and where it ends. Where the object ended, and the end of
/// the stream that is still to be finished.
async fn pump(
    storage: &Storage,
    (key, from): (&str, u64),
    out: Sink,
    pace: Pace,
    mut see: impl FnMut(&[u8], u64),
) -> Result<(u64, Sink)> {
    let pace = pace.and(storage.pace());
    let (raw, feed) = channel();
    let reading = async {
        storage.get(key, from, &raw).await?;
        raw.finish().await
    };
    let passing = async {
        // It goes when nobody takes more: whoever reads would wait for room in it for ever.
        let (mut feed, mut at) = (feed, from);
        while let Some(chunk) = feed.next().await? {
            at += chunk.len() as u64;
            see(&chunk, at);
            pace.pass(chunk, &out).await?;
            fault::point("in-download");
        }
        Ok::<_, Error>((at, out))
    };
    let (read, passed) = tokio::join!(reading, passing);
    let consumer_left = matches!(&passed, Err(error) if error.code == "consumer-gone");
    if !consumer_left {
        read?;
    }
    passed
}

pub(super) fn damaged(key: &str, expected: Expected<'_>, size: u64, blake3: &str) -> Error {
    let message = if size == expected.size {
        format!("`{key}` is damaged: its BLAKE3 digest is {blake3}, its manifest says {}", expected.blake3)
    } else {
        format!("`{key}` is damaged: it has {size} bytes, its manifest says {}", expected.size)
    };
    Error::integrity("artifact-damaged", message).help(ELSEWHERE)
}
