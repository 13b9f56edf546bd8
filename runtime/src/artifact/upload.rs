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
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

/// Bytes of new parts that are worth a record: what is sent again after a death is at most these and what was on its way.
const TOLD: u64 = 32 << 20;

/// One part on its way from the hashing thread.
struct Part {
    n: u32,
    body: Body,
    size: u64,
    /// Its place in memory, which is free again when this is gone.
    _place: Option<OwnedSemaphorePermit>,
}

/// An upload session of a store.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    pub storage: &'a Storage,
    /// What the plugin calls it.
    pub name: &'a [u8],
    pub plan: PartPlan,
    /// Bytes of the object, where they are known.
    pub size: Option<u64>,
}

/// What is written down of the parts of an object, so that another attempt can go on behind them.
pub trait Ledger: Sync {
    /// Receipts of the parts that the store has already, from the first on. The feed begins behind them.
    fn stored(&self) -> Vec<Vec<u8>>;
    /// The store has the next parts as well; these are their receipts.
    fn more(&self, receipts: Vec<Vec<u8>>) -> Result<()>;
}

/// Sends all of `feed` through an upload session, within `pace` and the store's own limit. Returns the digests of what was
/// sent and the receipts of all parts, in their order.
///
/// Fails when the feed is cut off, when a part fails for good, or when the object needs more parts than it may have.
pub async fn upload(
    feed: Feed,
    session: Session<'_>,
    pace: Pace,
    observers: &StepObservers,
    ledger: Option<&dyn Ledger>,
) -> Result<(Digested, Vec<Vec<u8>>)> {
    let Session { storage, name, plan, size } = session;
    let feed = paced(feed, pace.and(storage.pace()));
    let (sender, mut parts) = mpsc::channel::<Part>(1);
    let mut landing = Landing::behind(ledger, session);
    let cutter = Cutter { plan, n: landing.told, offset: landing.sent, chunks: Vec::new(), held: 0, place: None };
    let parallel = usize::from(plan.parallel.max(1));
    // One of them is being cut; alone it would wait for the other one's way each time.
    let places = Arc::new(Semaphore::new(parallel.max(2)));
    let hashing = tokio::task::spawn_blocking(move || cut(feed, cutter, &places, &sender));
    let mut flights: JoinSet<Result<(u32, u64, Vec<u8>)>> = JoinSet::new();
    loop {
        let room = flights.len() < parallel;
        tokio::select! {
            part = parts.recv(), if room => {
                let Some(part) = part else { break };
                let (storage, session) = (storage.clone(), name.to_vec());
                flights.spawn(async move { put(&storage, &session, part).await });
            }
            landed = flights.join_next(), if !flights.is_empty() => landing.land(landed)?,
        }
        observers.progress(landing.sent, size, "bytes");
    }
    while !flights.is_empty() {
        let landed = flights.join_next().await;
        landing.land(landed)?;
        observers.progress(landing.sent, size, "bytes");
    }
    let digested = hashing.await.map_err(|error| Error::permanent("panic", error.to_string()))??;
    Ok((digested, landing.receipts.into_values().collect()))
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

/// The parts that the store has.
struct Landing<'a> {
    receipts: BTreeMap<u32, Vec<u8>>,
    /// Bytes of them.
    sent: u64,
    part_size: u64,
    /// How many, from the first on, the ledger knows.
    told: u32,
    ledger: Option<&'a dyn Ledger>,
}

impl<'a> Landing<'a> {
    fn behind(ledger: Option<&'a dyn Ledger>, session: Session<'_>) -> Self {
        let stored = ledger.map(Ledger::stored).unwrap_or_default();
        let receipts: BTreeMap<u32, Vec<u8>> = (1..).zip(stored).collect();
        let (told, part_size) = (u32::try_from(receipts.len()).unwrap_or(u32::MAX), session.plan.part_size);
        let sent = u64::from(told).saturating_mul(part_size).min(session.size.unwrap_or(u64::MAX));
        Self { receipts, sent, part_size, told, ledger }
    }

    fn land(&mut self, landed: Landed) -> Result<()> {
        if let Some(landed) = landed {
            let (n, size, receipt) = landed.map_err(|error| Error::permanent("panic", error.to_string()))??;
            self.receipts.insert(n, receipt);
            self.sent += size;
            self.tell()?;
        }
        Ok(())
    }

    /// Tells of parts that follow those that were told of, once they are worth a record.
    fn tell(&mut self) -> Result<()> {
        let Some(ledger) = self.ledger else { return Ok(()) };
        let next = self.told.saturating_add(1);
        let after = self.receipts.range(next..).zip(next..).take_while(|((n, _), wanted)| *n == wanted);
        let receipts: Vec<Vec<u8>> = after.map(|((_, receipt), _)| receipt.clone()).collect();
        let count = u32::try_from(receipts.len()).unwrap_or(u32::MAX);
        if u64::from(count).saturating_mul(self.part_size) >= TOLD {
            ledger.more(receipts)?;
            self.told = self.told.saturating_add(count);
        }
        Ok(())
    }
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

/// Digests the feed and cuts it into parts, on a thread that may block. A part has its place before its first byte is taken,
/// so that there are never more of them in memory than places.
fn cut(mut feed: Feed, mut cutter: Cutter, places: &Arc<Semaphore>, parts: &mpsc::Sender<Part>) -> Result<Digested> {
    let mut digests = Pair::begin();
    let runtime = tokio::runtime::Handle::current();
    let gone = || Error::permanent("consumer-gone", "the upload stopped early");
    // Whoever sends them lets go of their places when it stops, and then the next one is not taken.
    let place = || runtime.block_on(places.clone().acquire_owned()).map_err(|_| gone());
    let send = |part| parts.blocking_send(part).map_err(|_| gone());
    while let Some(mut chunk) = feed.blocking_next()? {
        digests.update(&chunk);
        fault::point("in-upload");
        while !chunk.is_empty() {
            if cutter.held == 0 {
                cutter.place = Some(place()?);
            }
            if let Some(part) = cutter.add(&mut chunk)? {
                send(part)?;
            }
        }
    }
    if let Some(part) = cutter.rest()? {
        send(part)?;
    }
    digests.finish()
}

struct Cutter {
    plan: PartPlan,
    /// The part before the current one, and where that ended.
    n: u32,
    offset: u64,
    chunks: Vec<Bytes>,
    held: u64,
    /// Of the current part, once it has begun.
    place: Option<OwnedSemaphorePermit>,
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
            return Err(Error::permanent("object-too-large", message)
                .help("Parts are cut by the last artifacts, and by `workload { size … }` while there are none: say there how large the data is."));
        }
        let (chunks, size) = (std::mem::take(&mut self.chunks), std::mem::take(&mut self.held));
        let body = Body::new(self.offset, chunks);
        self.offset += size;
        Ok(Part { n: self.n, body, size, _place: self.place.take() })
    }
}
