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
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Bytes of new parts that are worth a record, and the time between two: each is a sync of the journal. What is sent again
/// after a death is at most these bytes, or what went in that time, and what was on its way.
const TOLD: u64 = 32 << 20;
const APART: Duration = Duration::from_secs(2);

/// One part on its way from the hashing thread.
struct Part {
    n: u32,
    body: Body,
    size: u64,
    /// Tells whether it is the same part as another one in its place.
    value: Option<String>,
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

/// A part that a store has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub receipt: Vec<u8>,
    /// The same for the same bytes in the same place; `None` where parts are not compared.
    pub value: Option<String>,
}

/// What is written down of the parts of an object, so that another attempt need not send them again.
pub trait Ledger: Sync {
    /// The parts that the store has already, from the first on.
    fn stored(&self) -> Vec<Kept>;
    /// Whether the feed begins at the first of them, and parts are compared; otherwise it begins behind the last.
    fn compares(&self) -> bool;
    /// A part of so many bytes came once more as it is stored.
    fn same(&self, size: u64);
    /// Only so many parts are still as they were: the next one is about to be replaced.
    fn only(&self, parts: usize) -> Result<()>;
    /// The store has the next parts as well.
    fn more(&self, parts: Vec<Kept>) -> Result<()>;
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
    let pace = pace.and(storage.pace());
    let mut landing = Landing::behind(ledger, session);
    // What need not be sent passes at once: of what comes anew each part waits for itself.
    let (feed, pace) = if landing.known.is_empty() { (paced(feed, pace), Pace::default()) } else { (feed, pace) };
    let (sender, mut parts) = mpsc::channel::<Part>(1);
    let (n, offset) = landing.begins();
    let compares = ledger.is_some_and(Ledger::compares);
    let cutter = Cutter { plan, compares, n, offset, chunks: Vec::new(), held: 0, place: None };
    let parallel = usize::from(plan.parallel.max(1));
    // One of them is being cut; alone it would wait for the other one's way each time.
    let places = Arc::new(Semaphore::new(parallel.max(2)));
    let hashing = tokio::task::spawn_blocking(move || cut(feed, cutter, &places, &sender));
    let mut flights: JoinSet<Result<(u32, u64, Kept)>> = JoinSet::new();
    let stopped = CancellationToken::new();
    let all = async {
        loop {
            let room = flights.len() < parallel;
            tokio::select! {
                part = parts.recv(), if room => {
                    let Some(part) = part else { break };
                    if let Some(part) = landing.news(part)? {
                        let to = (storage.clone(), name.to_vec());
                        let (pace, stopped) = (pace.clone(), stopped.clone());
                        flights.spawn(async move { put(&to, part, &pace, &stopped).await });
                    }
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
        Ok(())
    };
    if let Err(error) = all.await {
        // None of them may arrive behind what the next attempt sends in its place.
        stopped.cancel();
        while flights.join_next().await.is_some() {}
        return Err(error);
    }
    let digested = hashing.await.map_err(|error| Error::permanent("panic", error.to_string()))??;
    Ok((digested, landing.parts.into_values().map(|part| part.receipt).collect()))
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

type Landed = Option<Result<Result<(u32, u64, Kept)>, tokio::task::JoinError>>;

/// The parts that the store has.
struct Landing<'a> {
    parts: BTreeMap<u32, Kept>,
    /// Bytes of them.
    sent: u64,
    part_size: u64,
    /// How many, from the first on, the ledger knows, and since when.
    told: u32,
    at: Option<Instant>,
    /// Those that come once more, until they were compared.
    known: VecDeque<Kept>,
    ledger: Option<&'a dyn Ledger>,
}

impl<'a> Landing<'a> {
    fn behind(ledger: Option<&'a dyn Ledger>, session: Session<'_>) -> Self {
        let stored = ledger.map(Ledger::stored).unwrap_or_default();
        let (told, part_size) = (u32::try_from(stored.len()).unwrap_or(u32::MAX), session.plan.part_size);
        let landing =
            Self { parts: BTreeMap::new(), sent: 0, part_size, told, at: None, known: VecDeque::new(), ledger };
        if ledger.is_some_and(Ledger::compares) {
            return Self { known: stored.into(), ..landing };
        }
        let sent = u64::from(told).saturating_mul(part_size).min(session.size.unwrap_or(u64::MAX));
        Self { parts: (1..).zip(stored).collect(), sent, ..landing }
    }

    /// Number of the part before the first one of the feed, and where that ends.
    fn begins(&self) -> (u32, u64) {
        if self.known.is_empty() { (self.told, self.sent) } else { (0, 0) }
    }

    /// The part, unless the store has it as it is. Parts come in their order.
    fn news(&mut self, part: Part) -> Result<Option<Part>> {
        let Some(known) = self.known.pop_front() else { return Ok(Some(part)) };
        if part.value.is_some() && part.value == known.value {
            self.parts.insert(part.n, known);
            self.sent += part.size;
            self.ledger.into_iter().for_each(|ledger| ledger.same(part.size));
            return Ok(None);
        }
        let same = part.n.saturating_sub(1);
        if let Some(ledger) = self.ledger.filter(|_| same < self.told) {
            ledger.only(same as usize)?;
            self.told = same;
        }
        Ok(Some(part))
    }

    fn land(&mut self, landed: Landed) -> Result<()> {
        if let Some(landed) = landed {
            let (n, size, part) = landed.map_err(|error| Error::permanent("panic", error.to_string()))??;
            self.parts.insert(n, part);
            self.sent += size;
            self.tell()?;
        }
        Ok(())
    }

    /// Tells of parts that follow those that were told of, once they are worth a record.
    fn tell(&mut self) -> Result<()> {
        let Some(ledger) = self.ledger else { return Ok(()) };
        if self.at.is_some_and(|at| at.elapsed() < APART) {
            return Ok(());
        }
        let next = self.told.saturating_add(1);
        let after = self.parts.range(next..).zip(next..).take_while(|((n, _), wanted)| *n == wanted);
        let parts: Vec<Kept> = after.map(|((_, part), _)| part.clone()).collect();
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        if u64::from(count).saturating_mul(self.part_size) >= TOLD {
            ledger.more(parts)?;
            self.told = self.told.saturating_add(count);
            self.at = Some(Instant::now());
        }
        Ok(())
    }
}

/// One part, tried again while its failures are temporary and nobody stops it: the bytes are still here.
async fn put(
    (storage, session): &(Storage, Vec<u8>),
    part: Part,
    pace: &Pace,
    stopped: &CancellationToken,
) -> Result<(u32, u64, Kept)> {
    let mut tries = retry::Tries::new();
    stopped.run_until_cancelled(pace.wait(part.size)).await.ok_or_else(Error::cancelled)?;
    loop {
        match storage.put_part(session, part.n, part.body.clone()).await {
            Ok(receipt) => return Ok((part.n, part.size, Kept { receipt, value: part.value })),
            Err(error) => {
                let Some(wait) = tries.next(&error) else { return Err(error) };
                let waited = stopped.run_until_cancelled(tokio::time::sleep(wait)).await;
                waited.ok_or(error)?;
            }
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
            if cutter.add(&mut chunk) {
                send(cutter.seal(&digests)?)?;
            }
        }
    }
    if cutter.held > 0 {
        send(cutter.seal(&digests)?)?;
    }
    digests.finish()
}

struct Cutter {
    plan: PartPlan,
    compares: bool,
    /// The part before the current one, and where that ended.
    n: u32,
    offset: u64,
    chunks: Vec<Bytes>,
    held: u64,
    /// Of the current part, once it has begun.
    place: Option<OwnedSemaphorePermit>,
}

impl Cutter {
    /// Takes from `chunk` what the current part still needs. Whether it is full then.
    fn add(&mut self, chunk: &mut Bytes) -> bool {
        let need = self.plan.part_size.saturating_sub(self.held);
        let take = chunk.len().min(usize::try_from(need).unwrap_or(usize::MAX));
        self.chunks.push(chunk.split_to(take));
        self.held += take as u64;
        self.held >= self.plan.part_size
    }

    /// The current part. `digests` have seen its bytes.
    fn seal(&mut self, digests: &Pair) -> Result<Part> {
        self.n += 1;
        if self.n > self.plan.max_parts {
            let message = format!("the object outgrew the {} parts that its store allows", self.plan.max_parts);
            return Err(Error::permanent("object-too-large", message)
                .help("Parts are cut by the last artifacts, and by `workload { size … }` while there are none: say there how large the data is."));
        }
        let (chunks, size) = (std::mem::take(&mut self.chunks), std::mem::take(&mut self.held));
        let body = Body::new(self.offset, chunks);
        let ends = self.offset.saturating_add(size);
        let value = if self.compares { digests.value(self.offset, ends) } else { None };
        self.offset = ends;
        Ok(Part { n: self.n, body, size, value, _place: self.place.take() })
    }
}
