//! A store's use of a storage plugin: every method is one short call of a fresh instance, and may be made again.

use crate::artifact::Sink;
use crate::artifact::pace::Pace;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::plugin::bindings::storage::exports::backstay::plugin::storage as wit;
use crate::plugin::bindings::storage::{StoragePlugin, StoragePluginPre};
use crate::plugin::body::{Body, Outlet};
use crate::plugin::call::{Call, Witness};
use crate::plugin::host::Host;
use crate::plugin::invoke::{Going, Guest, Work};
use crate::plugin::key;
use crate::plugin::secrets::SecretSource;
use crate::run::retry::Tries;
use bytes::Bytes;
use schema::store::PluginUse;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Bytes that are asked for in one call of `get`.
const RANGE: u64 = 64 << 20;
/// Bytes of a session and of a receipt at most: they are journalled.
const LARGEST_SESSION: usize = 64 << 10;
const LARGEST_RECEIPT: usize = 4 << 10;
/// Pages of a listing at most; a plugin that never ends is stopped there.
const MOST_PAGES: u32 = 100_000;
/// Pages in a row that may be empty.
const MOST_EMPTY: u32 = 100;

/// How the host cuts an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartPlan {
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// Most parts of one object.
    pub max_parts: u32,
    /// Most parts at once; 1 asks for parts in order.
    pub parallel: u16,
    /// Whether a session outlives the process that began it.
    pub resumable: bool,
}

/// The answer to a conditional create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// This call made the object: it is whole and durable.
    Created,
    /// The name was taken, and what holds it was not changed.
    Exists,
}

/// What is listed.
#[derive(Clone, Copy, Debug)]
enum Listing {
    Objects,
    /// What is not an object yet.
    Unfinished,
}

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// Where the chunks of an object go.
enum Taker<'a> {
    Stream(&'a Sink),
    Memory { found: Vec<u8>, limit: usize, key: &'a str },
}

impl Taker<'_> {
    async fn take(&mut self, chunk: Bytes) -> Result<()> {
        match self {
            Self::Stream(out) => out.send(chunk).await,
            Self::Memory { found, limit, key } if found.len() + chunk.len() > *limit => {
                let message = format!("`{key}` is larger than the {limit} bytes that it may have");
                Err(Error::permanent("object-too-large", message))
            }
            Self::Memory { found, .. } => {
                found.extend_from_slice(&chunk);
                Ok(())
            }
        }
    }
}

/// One store's use of a storage plugin; cheap to clone.
#[derive(Clone)]
pub struct Storage {
    guest: Guest<StoragePluginPre<Call>>,
    observers: StepObservers,
    /// What all streams to and from the store share.
    pace: Pace,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Storage").field("plugin", &self.guest.doing("").plugin).finish_non_exhaustive()
    }
}

impl Storage {
    /// Links the plugin and checks what it was given. A relative directory begins at `base`; it must be there when it is
    /// used, and is not made.
    pub async fn open(
        host: &Arc<Host>,
        plugin_use: &PluginUse,
        base: &Path,
        secrets: Arc<dyn SecretSource>,
        observers: StepObservers,
    ) -> Result<Self> {
        Ok(Self { guest: Guest::open(host, plugin_use, base, secrets).await?, observers, pace: Pace::default() })
    }

    /// The same use of the plugin, told about to others.
    #[must_use]
    pub fn with_observers(&self, observers: StepObservers) -> Self {
        Self { guest: self.guest.clone(), observers, pace: self.pace.clone() }
    }

    /// The same use of the plugin, with a limit that its streams share. Small documents are not counted.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The limit that streams to and from the store keep.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    async fn call<T: Send + 'static>(
        &self,
        what: &'static str,
        key: &str,
        work: impl for<'a> FnOnce(&'a mut wasmtime::Store<Call>, &'a wit::Guest) -> Going<'a, T> + Send + 'static,
    ) -> Result<T> {
        self.call_watched(what, key, Witness::new(), work).await
    }

    async fn call_watched<T: Send + 'static>(
        &self,
        what: &'static str,
        key: &str,
        witness: Witness,
        work: impl for<'a> FnOnce(&'a mut wasmtime::Store<Call>, &'a wit::Guest) -> Going<'a, T> + Send + 'static,
    ) -> Result<T> {
        let work: Work<StoragePlugin, T> = Box::new(move |store, plugin| work(store, plugin.backstay_plugin_storage()));
        fault::on("storage", what, key, "before");
        let done = self.guest.call(what, &self.observers, witness, work).await;
        fault::on("storage", what, key, "after");
        done
    }

    /// How to cut an object of that size; `None` is a size that nobody knows yet.
    pub async fn prepare(&self, key: &str, size: Option<u64>) -> Result<PartPlan> {
        key::check(key)?;
        let owned = key.to_owned();
        let plan = self
            .call("prepare", key, move |store, guest| {
                Box::pin(async move { guest.call_prepare(store, &owned, size).await })
            })
            .await?;
        if plan.part_size == 0 || plan.max_parts == 0 || plan.parallel == 0 {
            return Err(self.guest.doing("prepare").broke_contract("a part plan has a zero"));
        }
        let wit::PartPlan { part_size, max_parts, parallel, resumable } = plan;
        Ok(PartPlan { part_size, max_parts, parallel, resumable })
    }

    /// Begins an object. The session is opaque, and outlives the process.
    pub async fn begin(&self, key: &str, size: Option<u64>) -> Result<Vec<u8>> {
        key::check(key)?;
        let owned = key.to_owned();
        let session = self
            .call("begin", key, move |store, guest| {
                Box::pin(async move { guest.call_begin(store, &owned, size).await })
            })
            .await?;
        self.at_most(session, LARGEST_SESSION, "begin")
    }

    /// Stores part `n` (from 1) and returns its receipt. A part that is sent again replaces the first.
    pub async fn put_part(&self, session: &[u8], n: u32, body: Body) -> Result<Vec<u8>> {
        let session = session.to_vec();
        let (offset, len) = (body.offset(), body.len());
        let receipt = self
            .call("put-part", "", move |store, guest| {
                Box::pin(async move {
                    let artifact = store.data_mut().table.push(body)?;
                    guest.call_put_part(store, &session, n, artifact, offset, len).await
                })
            })
            .await?;
        self.at_most(receipt, LARGEST_RECEIPT, "put-part")
    }

    /// Makes the object visible, given the receipts of all parts in order. Its bytes are durable when this returns.
    pub async fn commit(&self, session: &[u8], receipts: &[Vec<u8>]) -> Result<()> {
        let mut tries = Tries::new();
        loop {
            let (session, receipts) = (session.to_vec(), receipts.to_vec());
            let committed = self.call("commit", "", move |store, guest| {
                Box::pin(async move { guest.call_commit(store, &session, &receipts).await })
            });
            // Whoever gave up here would have to send all parts again.
            match committed.await {
                Err(error) => pause(&mut tries, error).await?,
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Gives up a session and removes what it stored. An unknown one is success.
    pub async fn abort(&self, session: &[u8]) -> Result<()> {
        let session = session.to_vec();
        self.call("abort", "", move |store, guest| Box::pin(async move { guest.call_abort(store, &session).await }))
            .await
    }

    /// Makes a small object unless the key is taken. Of several at once, exactly one is told [`Created::Created`]; that one
    /// may be told [`Created::Exists`] when the first answer to it was lost, so whoever must know looks at what is there.
    pub async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created> {
        key::check(key)?;
        let mut tries = Tries::new();
        loop {
            let (owned, bytes) = (key.to_owned(), bytes.to_vec());
            let created = self.call("create", key, move |store, guest| {
                Box::pin(async move { guest.call_create(store, &owned, &bytes).await })
            });
            match created.await {
                // A server may ask those who meet at one key to come again.
                Err(error) => pause(&mut tries, error).await?,
                Ok(wit::Created::Created) => return Ok(Created::Created),
                Ok(wit::Created::Exists) => return Ok(Created::Exists),
            }
        }
    }

    /// Bytes of an object; `None` when there is none.
    pub async fn stat(&self, key: &str) -> Result<Option<u64>> {
        key::check(key)?;
        let owned = key.to_owned();
        let found = self
            .call("stat", key, move |store, guest| Box::pin(async move { guest.call_stat(store, &owned).await }))
            .await;
        unless_missing(found)
    }

    /// Streams an object from the byte `from` on into `out`, in constant memory, and returns where it ended. Does not finish
    /// `out`: the caller does, when it is content with what came.
    pub async fn get(&self, key: &str, from: u64, out: &Sink) -> Result<u64> {
        self.get_span(key, (from, u64::MAX), out).await
    }

    /// The same up to a byte, which is not in it.
    pub async fn get_span(&self, key: &str, (from, to): (u64, u64), out: &Sink) -> Result<u64> {
        key::check(key)?;
        let mut at = from;
        let mut tries = Tries::new();
        while at < to {
            let want = RANGE.min(to - at);
            let (moved, ended) = self.get_range(key, at, want, &mut Taker::Stream(out)).await;
            at += moved;
            match ended {
                Ok(()) if moved < want => break,
                Ok(()) => tries = Tries::new(),
                // What was handed on before the connection was lost is not asked for again.
                Err(error) => pause(&mut tries, error).await?,
            }
        }
        Ok(at)
    }

    /// At most `len` bytes from `offset`; fewer where the object ends.
    pub async fn get_part(&self, key: &str, offset: u64, len: u64) -> Result<Vec<u8>> {
        key::check(key)?;
        let limit = usize::try_from(len).unwrap_or(usize::MAX);
        let mut taker = Taker::Memory { found: Vec::new(), limit, key };
        let (_, ended) = self.get_range(key, offset, len, &mut taker).await;
        let found = if let Taker::Memory { found, .. } = taker { found } else { Vec::new() };
        ended.map(|()| found)
    }

    /// The whole of an object of at most `limit` bytes; `None` when there is none.
    pub async fn get_small(&self, key: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        key::check(key)?;
        let mut taker = Taker::Memory { found: Vec::new(), limit, key };
        let (_, ended) = self.get_range(key, 0, limit as u64 + 1, &mut taker).await;
        let found = if let Taker::Memory { found, .. } = taker { found } else { Vec::new() };
        Ok(unless_missing(ended)?.map(|()| found))
    }

    /// Objects of at most `most` bytes, asked for in one call. Of a key that is not in the answer nothing is known: it is to
    /// be asked for alone, which says why.
    pub async fn get_each(&self, keys: &[String], most: usize) -> HashMap<String, Vec<u8>> {
        let (Some(first), true) = (keys.first(), keys.iter().all(|key| key::check(key).is_ok())) else {
            return HashMap::new();
        };
        let limit = most.saturating_add(1);
        let (sender, chunks) = mpsc::channel(1);
        let (witness, owned) = (Witness::new(), keys.to_vec());
        let asked = self.call_watched("get-each", first, witness.clone(), move |store, guest| {
            Box::pin(async move {
                let sink = store.data_mut().table.push(Outlet(sender))?;
                guest.call_get_each(store, &owned, limit as u64, sink).await
            })
        });
        let mut taker = Taker::Memory { found: Vec::new(), limit: limit.saturating_mul(keys.len()), key: first };
        let (answered, (_, passed)) = tokio::join!(asked, pass(chunks, witness, &mut taker));
        match (taker, passed.and(answered)) {
            (Taker::Memory { found, .. }, Ok(sizes)) => split(keys, &found, &sizes, most),
            _ => HashMap::new(),
        }
    }

    /// One call of `get`, with its chunks handed on as they come: how many bytes they were, and how it ended.
    async fn get_range(&self, key: &str, offset: u64, len: u64, taker: &mut Taker<'_>) -> (u64, Result<()>) {
        let (sender, chunks) = mpsc::channel(1);
        let witness = Witness::new();
        let owned = key.to_owned();
        let asked = self.call_watched("get", key, witness.clone(), move |store, guest| {
            Box::pin(async move {
                let sink = store.data_mut().table.push(Outlet(sender))?;
                guest.call_get(store, &owned, offset, len, sink).await
            })
        });
        let (answered, (moved, passed)) = tokio::join!(asked, pass(chunks, witness, taker));
        let lied = || Err(self.guest.doing("get").broke_contract("it says another number of bytes than it handed on"));
        // Whoever could not take a chunk is the reason why the guest could not hand it on.
        let ended = match passed.and(answered) {
            Ok(said) if said == moved && moved <= len => Ok(()),
            Ok(_) => lied(),
            Err(_) if moved > len => lied(),
            Err(error) => Err(error),
        };
        (moved, ended)
    }

    /// All objects whose key begins with `prefix`, in order of key.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Listed>> {
        self.pages(prefix, Listing::Objects).await
    }

    /// What unfinished sessions of whatever machine hold, by the key that it was to have; a key may come several times.
    pub async fn unfinished(&self, prefix: &str) -> Result<Vec<Listed>> {
        self.pages(prefix, Listing::Unfinished).await
    }

    async fn pages(&self, prefix: &str, listing: Listing) -> Result<Vec<Listed>> {
        key::check_prefix(prefix)?;
        let (mut listed, mut next, mut empty) = (Vec::new(), None, 0);
        for _ in 0..MOST_PAGES {
            let (prefix_, from) = (prefix.to_owned(), next);
            let page = self
                .call("list", prefix, move |store, guest| {
                    Box::pin(async move {
                        match listing {
                            Listing::Objects => guest.call_list_page(store, &prefix_, from.as_deref()).await,
                            Listing::Unfinished => guest.call_list_unfinished(store, &prefix_, from.as_deref()).await,
                        }
                    })
                })
                .await?;
            empty = if page.objects.is_empty() { empty + 1 } else { 0 };
            for object in page.objects {
                if key::check(&object.key).is_err() || !object.key.starts_with(prefix) {
                    return Err(self.guest.doing("list").broke_contract("it lists a key that cannot be one"));
                }
                listed.push(Listed { key: object.key, size: object.size });
            }
            next = page.next;
            if next.is_none() {
                // Some servers sort folder by folder.
                listed.sort_by(|a, b| a.key.cmp(&b.key));
                return Ok(listed);
            }
            if empty > MOST_EMPTY {
                break;
            }
        }
        Err(self.guest.doing("list").broke_contract("the listing does not end"))
    }

    /// Removes an object and what unfinished sessions left under its key. A missing one is success.
    pub async fn delete(&self, key: &str) -> Result<()> {
        key::check(key)?;
        let owned = key.to_owned();
        self.call("delete", key, move |store, guest| Box::pin(async move { guest.call_delete(store, &owned).await }))
            .await
    }

    /// Forbids removal until a time, in milliseconds since 1970; `plugin-unsupported` where the storage cannot.
    pub async fn protect(&self, key: &str, until_ms: u64) -> Result<()> {
        key::check(key)?;
        let owned = key.to_owned();
        self.call("protect", key, move |store, guest| {
            Box::pin(async move { guest.call_protect(store, &owned, until_ms).await })
        })
        .await
    }

    fn at_most(&self, bytes: Vec<u8>, most: usize, what: &'static str) -> Result<Vec<u8>> {
        if bytes.len() <= most {
            return Ok(bytes);
        }
        Err(self.guest.doing(what).broke_contract(&format!("its answer is larger than {} KiB", most >> 10)))
    }
}

/// Hands chunks on until there are no more: how many bytes they were, and what was in the way.
async fn pass(mut chunks: mpsc::Receiver<Bytes>, witness: Witness, taker: &mut Taker<'_>) -> (u64, Result<()>) {
    let mut moved = 0;
    while let Some(chunk) = chunks.recv().await {
        let size = chunk.len() as u64;
        witness.excuse();
        let handed = taker.take(chunk).await;
        witness.resume();
        if let Err(error) = handed {
            return (moved, Err(error));
        }
        moved += size;
    }
    (moved, Ok(()))
}

/// The objects in what came one after the other. None when the sizes do not add up to it: then nothing is where it seems.
fn split(keys: &[String], found: &[u8], sizes: &[Option<u64>], most: usize) -> HashMap<String, Vec<u8>> {
    let (mut each, mut rest) = (HashMap::with_capacity(keys.len()), found);
    for (key, size) in keys.iter().zip(sizes) {
        let Some(size) = size.map(|size| usize::try_from(size).unwrap_or(usize::MAX)) else { continue };
        let Some((object, behind)) = rest.split_at_checked(size) else { return HashMap::new() };
        rest = behind;
        if size <= most {
            each.insert(key.clone(), object.to_vec());
        }
    }
    if rest.is_empty() && keys.len() == sizes.len() { each } else { HashMap::new() }
}

/// Waits before another try after a failure that may pass; any other comes back.
async fn pause(tries: &mut Tries, error: Error) -> Result<()> {
    let Some(wait) = tries.next(&error) else { return Err(error) };
    tokio::time::sleep(wait).await;
    Ok(())
}

fn unless_missing<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Err(error) if error.code == "object-missing" => Ok(None),
        found => found.map(Some),
    }
}
