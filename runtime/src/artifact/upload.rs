//! A feed into a store, in parts: digested as it passes, a bounded window of parts in flight, each kept until it is
//! acknowledged so that a failed one is sent again without reading again.

use crate::artifact::digest::{Digested, Pair};
use crate::artifact::pace::Pace;
use crate::artifact::stream::{Feed, channel};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::plugin::{Body, PartPlan, Storage};
use crate::run::retry;
use bytes::Bytes;
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// One part on its way from the hashing thread.
struct Part {
    n: u32,
    body: Body,
    size: u64,
}

/// Sends all of `feed` through an upload session, within `pace` and the store's own limit. Returns the digests and the receipts, in the order of the parts.
///
/// Fails when the feed is cut off, when a part fails for good, or when the object needs more parts than it may have.
pub async fn upload(
    feed: Feed,
    storage: &Storage,
    session: &[u8],
    plan: PartPlan,
    pace: Pace,
    observers: &StepObservers,
    total: Option<u64>,
) -> Result<(Digested, Vec<Vec<u8>>)> {
    let feed = paced(feed, pace.and(storage.pace()));
    let (sender, mut parts) = mpsc::channel::<Part>(1);
    let hashing = tokio::task::spawn_blocking(move || cut(feed, plan, &sender));
    let mut flights: JoinSet<Result<(u32, u64, Vec<u8>)>> = JoinSet::new();
    let mut receipts = BTreeMap::new();
    let mut sent = 0;
    let parallel = usize::from(plan.parallel.max(1));
    loop {
        let room = flights.len() < parallel;
        tokio::select! {
            part = parts.recv(), if room => {
                let Some(part) = part else { break };
                let (storage, session) = (storage.clone(), session.to_vec());
                flights.spawn(async move { put(&storage, &session, part).await });
            }
            landed = flights.join_next(), if !flights.is_empty() => land(landed, &mut receipts, &mut sent)?,
        }
        observers.progress(sent, total, "bytes");
    }
    while !flights.is_empty() {
        let landed = flights.join_next().await;
        land(landed, &mut receipts, &mut sent)?;
        observers.progress(sent, total, "bytes");
    }
    let digested = hashing.await.map_err(|error| Error::permanent("panic", error.to_string()))??;
    Ok((digested, receipts.into_values().collect()))
}

/// The same stream, within limits. It is cut off when this one is, and nobody reads on when the reader is gone.
fn paced(mut feed: Feed, pace: Pace) -> Feed {
    if pace.is_unlimited() {
        return feed;
    }
    let (sink, slower) = channel();
    tokio::spawn(async move {
        while let Ok(chunk) = feed.next().await {
            let passed = match chunk {
                Some(chunk) => pace.pass(chunk, &sink).await,
                None => return sink.finish().await,
            };
            passed?;
        }
        // Dropping the sink tells that the stream was cut off.
        Ok::<_, Error>(())
    });
    slower
}

type Landed = Option<Result<Result<(u32, u64, Vec<u8>)>, tokio::task::JoinError>>;

fn land(landed: Landed, receipts: &mut BTreeMap<u32, Vec<u8>>, sent: &mut u64) -> Result<()> {
    if let Some(landed) = landed {
        let (n, size, receipt) = landed.map_err(|error| Error::permanent("panic", error.to_string()))??;
        receipts.insert(n, receipt);
        *sent += size;
    }
    Ok(())
}

/// One part, tried again while its failures are temporary: the bytes are still here.
async fn put(storage: &Storage, session: &[u8], part: Part) -> Result<(u32, u64, Vec<u8>)> {
    let mut tries = retry::Tries::new();
    loop {
        match storage.put_part(session, part.n, part.body.clone()).await {
            Ok(receipt) => return Ok((part.n, part.size, receipt)),
            Err(error) => match tries.next(&error) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            },
        }
    }
}

/// Digests the feed and cuts it into parts, on a thread that may block.
fn cut(mut feed: Feed, plan: PartPlan, parts: &mpsc::Sender<Part>) -> Result<Digested> {
    let mut digests = Pair::begin();
    let mut cutter = Cutter { plan, n: 0, offset: 0, chunks: Vec::new(), held: 0 };
    let gone = || Error::permanent("consumer-gone", "the upload stopped early");
    while let Some(mut chunk) = feed.blocking_next()? {
        digests.update(&chunk);
        fault::point("in-upload");
        while !chunk.is_empty() {
            if let Some(part) = cutter.add(&mut chunk)? {
                parts.blocking_send(part).map_err(|_| gone())?;
            }
        }
    }
    if let Some(part) = cutter.rest()? {
        parts.blocking_send(part).map_err(|_| gone())?;
    }
    digests.finish()
}

struct Cutter {
    plan: PartPlan,
    n: u32,
    offset: u64,
    chunks: Vec<Bytes>,
    held: u64,
}

impl Cutter {
    /// Takes from `chunk` what the current part still needs; the part when it is full.
    fn add(&mut self, chunk: &mut Bytes) -> Result<Option<Part>> {
        let need = self.plan.part_size.saturating_sub(self.held);
        let take = chunk.len().min(usize::try_from(need).unwrap_or(usize::MAX));
        self.chunks.push(chunk.split_to(take));
        self.held += take as u64;
        if self.held < self.plan.part_size { Ok(None) } else { self.seal().map(Some) }
    }

    fn rest(&mut self) -> Result<Option<Part>> {
        if self.held == 0 { Ok(None) } else { self.seal().map(Some) }
    }

    fn seal(&mut self) -> Result<Part> {
        self.n += 1;
        if self.n > self.plan.max_parts {
            let message = format!("the object outgrew the {} parts that its store allows", self.plan.max_parts);
            return Err(Error::permanent("object-too-large", message));
        }
        let (chunks, size) = (std::mem::take(&mut self.chunks), std::mem::take(&mut self.held));
        let body = Body::new(self.offset, chunks);
        self.offset += size;
        Ok(Part { n: self.n, body, size })
    }
}
