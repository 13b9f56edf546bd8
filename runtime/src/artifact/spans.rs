//! An object that is read back for nothing but its digest: spans of it side by side, for BLAKE3 is a tree.

use crate::artifact::digest::{Digests, Node, root};
use crate::artifact::download::{Expected, damaged};
use crate::artifact::frames::FRAME;
use crate::artifact::stream::channel;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::plugin::Storage;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;

/// Bytes of a span: whole frames.
pub(crate) const SPAN: u64 = 16 * FRAME;
/// Fewest and most spans that are read at once: two hide how long a request takes, and each holds a window in memory.
const LANES: (usize, usize) = (2, 4);

/// The object `key` has the size that is `expected`, which is more than a [`SPAN`]: whether its bytes are right.
pub(crate) async fn check(
    storage: &Storage,
    key: &str,
    expected: Expected<'_>,
    observers: &StepObservers,
) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(LANES.0, NonZero::get);
    let told = Arc::new(Told { done: AtomicU64::new(0), total: expected.size, observers: observers.clone() });
    let mut spans = (0..expected.size.div_ceil(SPAN)).map(|n| n * SPAN);
    let (mut reading, mut found) = (JoinSet::new(), Vec::new());
    loop {
        while reading.len() < cores.clamp(LANES.0, LANES.1)
            && let Some(from) = spans.next()
        {
            let (storage, key, told) = (storage.clone(), key.to_owned(), told.clone());
            let to = from.saturating_add(SPAN).min(expected.size);
            reading.spawn(async move { (from, to, span(&storage, &key, (from, to), &told).await) });
        }
        let Some(read) = reading.join_next().await else { break };
        let (from, to, digests) = read.map_err(|error| Error::permanent("panic", error.to_string()))?;
        let digests = digests?;
        if digests.end() != to {
            return Err(damaged(key, expected, digests.end(), ""));
        }
        found.push((from, digests.nodes()));
    }
    found.sort_unstable_by_key(|(from, _)| *from);
    let nodes: Vec<Node> = found.into_iter().flat_map(|(_, nodes)| nodes).collect();
    let digest = root(&nodes).map(|root| root.to_hex().to_string()).unwrap_or_default();
    if digest == expected.blake3 { Ok(()) } else { Err(damaged(key, expected, expected.size, &digest)) }
}

/// How much has been read by all.
struct Told {
    done: AtomicU64,
    total: u64,
    observers: StepObservers,
}

async fn span(storage: &Storage, key: &str, (from, to): (u64, u64), told: &Told) -> Result<Digests> {
    let (raw, mut feed) = channel();
    let reading = async move {
        storage.get_span(key, (from, to), &raw).await?;
        raw.finish().await
    };
    let digesting = async {
        let mut digests = Digests::at(from);
        while let Some(chunk) = feed.next().await? {
            let size = chunk.len() as u64;
            storage.pace().wait(size).await;
            digests.update(&chunk);
            fault::point("in-download");
            let done = told.done.fetch_add(size, Ordering::Relaxed) + size;
            told.observers.progress(done, Some(told.total), "bytes");
        }
        Ok::<_, Error>(digests)
    };
    let (read, digested) = tokio::join!(reading, digesting);
    read?;
    digested
}
