//! A stored object as a feed that is checked as it passes: the stream only ends well when every byte was right, so
//! whoever reads it can act on the end and on nothing before.

use crate::artifact::digest::Digests;
use crate::artifact::pace::Pace;
use crate::artifact::stream::{Feed, Sink, channel};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::plugin::Storage;
use schema::manifest::Content;

/// Reads the object `key` through the store's plugin into `out`, within `pace` and the store's own limit, and finishes `out` only when size and BLAKE3 digest
/// are those of `content`.
pub async fn download(
    storage: &Storage,
    key: &str,
    content: &Content,
    out: Sink,
    pace: Pace,
    observers: &StepObservers,
) -> Result<()> {
    let pace = pace.and(storage.pace());
    let (raw, mut feed) = channel();
    let reading = async {
        storage.get(key, &raw).await?;
        raw.finish().await
    };
    let total = Some(content.size);
    let checking = async {
        let mut digests = Digests::identity();
        let mut done = 0;
        while let Some(chunk) = feed.next().await? {
            done += chunk.len() as u64;
            // Hashing a mebibyte takes less than a millisecond: not worth another thread.
            digests.update(&chunk);
            observers.progress(done, total, "bytes");
            pace.pass(chunk, &out).await?;
            fault::point("in-download");
        }
        Ok::<_, Error>((digests.finish(), out))
    };
    let (read, checked) = tokio::join!(reading, checking);
    let consumer_left = matches!(&checked, Err(error) if error.code == "consumer-gone");
    if !consumer_left {
        read?;
    }
    let (digested, out) = checked?;
    if digested.size != content.size || digested.blake3 != content.blake3 {
        return Err(damaged(key, content, digested.size, &digested.blake3));
    }
    out.finish().await
}

/// Reads the object and checks it; the bytes go nowhere else.
pub async fn check(storage: &Storage, key: &str, content: &Content, observers: &StepObservers) -> Result<()> {
    let (sink, feed) = channel();
    let (read, drained) = tokio::join!(download(storage, key, content, sink, Pace::new(None), observers), drain(feed));
    read?;
    drained
}

async fn drain(mut feed: Feed) -> Result<()> {
    while feed.next().await?.is_some() {}
    Ok(())
}

fn damaged(key: &str, content: &Content, size: u64, blake3: &str) -> Error {
    let message = if size == content.size {
        format!("`{key}` is damaged: its BLAKE3 digest is {blake3}, its manifest says {}", content.blake3)
    } else {
        format!("`{key}` is damaged: it has {size} bytes, its manifest says {}", content.size)
    };
    Error::integrity("artifact-damaged", message)
        .help("Restore from another store with `--from`, and find out what changed the bytes in this one.")
}
