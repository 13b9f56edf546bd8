//! One backup step: the engine's stream into one store, published when it is whole.

use super::executor::{Done, Located, Work};
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::{channel, download, pace::Pace, sized, upload};
use crate::engine::{Context, Taken};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::hold;
use crate::store::{Held, Published, Store, layout};
use schema::fact::StoredArtifact;
use schema::manifest::{Content, FORMAT, Manifest};
use schema::record::Record;
use schema::report::{ArtifactReport, Outcome, ProblemKind};
use schema::step::Method;
use std::sync::Arc;
use std::time::Instant;

/// A new artifact that is smaller than this share of the one before it is not believed without a look.
const COLLAPSED: f64 = 0.5;

/// Makes and publishes the artifact of `work`, or finds that an earlier attempt of the same step did.
pub(super) async fn perform(
    shop: &Arc<Workshop>,
    work: &Work,
    method: Method,
    store: &str,
    context: &Context,
) -> Result<Done> {
    let at = located(work)?;
    let store = shop.store(store, &context.observers).await?;
    if let Some(held) = store.held(&at.source, &at.database, &at.id).await? {
        return adopt(shop, &store, &held, context).await;
    }
    let file = file_name(at, method, context.world.now());
    let key = layout::bytes(&store.folder(&at.source, &at.database, &at.id), &work.attempt, &file);
    let (manifest, incomplete) = match take(shop, work, at, method, (&store, &key), context).await {
        Ok((taken, digested, took)) => {
            (Manifest { took, ..manifest(shop, work, at, file, &taken, &digested) }, taken.incomplete)
        }
        Err(error) => {
            clean_up(&store, &key, &context.observers).await;
            // Another attempt of this step may have gone on where this one could not: it removed what it found of it.
            return match store.held(&at.source, &at.database, &at.id).await {
                Ok(Some(held)) if error.kind != ProblemKind::Cancelled => adopt(shop, &store, &held, context).await,
                _ => Err(error),
            };
        }
    };
    let published = publish(&store, &manifest, &context.observers).await?;
    let held = published.held();
    let previous = previous(shop, &store.name, at)?;
    remember(shop, &store, held, context).await?;
    let mut done = judge(&store, &held.manifest, &incomplete, previous.as_ref());
    if let Published::Theirs(_) = published {
        done.detail.push_str(LOST);
    }
    Ok(done)
}

/// What a step says whose attempt came second.
pub(super) const LOST: &str =
    ", published by another attempt that was first; its bytes were read back, and those of this attempt removed";

/// Publishes, and then removes what other attempts left. Not before: while no manifest stands, one of them may be alive
/// and win.
pub(super) async fn publish(store: &Store, manifest: &Manifest, observers: &StepObservers) -> Result<Published> {
    let published = match store.publish(manifest, observers).await {
        Ok(published) => published,
        Err(error) => {
            give_up(store, manifest, &error, observers).await;
            return Err(error);
        }
    };
    let held = &published.held().manifest;
    if let Err(error) = store.sweep(&held.source, &held.database, &held.id, &held.attempt).await {
        let message = format!("what other attempts left in store `{}` could not be removed: {error}", store.name);
        observers.notice(message, Some("It has no manifest, so nothing will use it.".to_owned()));
    }
    Ok(published)
}

/// Removes the bytes of an attempt that could not be published, when it is certain that no manifest names them: an error
/// that may pass says nothing about whether the manifest arrived.
async fn give_up(store: &Store, manifest: &Manifest, error: &Error, observers: &StepObservers) {
    let useless = match store.held(&manifest.source, &manifest.database, &manifest.id).await {
        Ok(Some(held)) => held.manifest.attempt != manifest.attempt,
        Ok(None) => error.kind != ProblemKind::Temporary,
        Err(_) => false,
    };
    if useless {
        clean_up(store, &store.bytes_key(manifest), observers).await;
    }
}

/// A copy is published: it is locked where its store says so, and the catalog learns what the store knows of it.
pub(super) async fn remember(shop: &Workshop, store: &Store, held: &Held, context: &Context) -> Result<()> {
    if let Some(seconds) = shop.immutable(&store.name) {
        hold::immutable(store, held, seconds, context.world.as_ref()).await?;
    }
    shop.state.catalog.put(&store.found(held).await?)
}

pub(super) fn located(work: &Work) -> Result<&Located> {
    work.artifact.as_ref().ok_or_else(|| Error::permanent("plan-incomplete", "the step names no artifact"))
}

/// Counts what an earlier attempt published, after reading it back.
async fn adopt(shop: &Workshop, store: &Store, held: &Held, context: &Context) -> Result<Done> {
    let manifest = &held.manifest;
    download::check(store.storage(), &store.bytes_key(manifest), &manifest.artifact, &context.observers).await?;
    store.sweep(&manifest.source, &manifest.database, &manifest.id, &manifest.attempt).await?;
    remember(shop, store, held, context).await?;
    let mut done = judge(store, manifest, &manifest.incomplete, None);
    done.detail.push_str(", published by an earlier attempt and read back");
    Ok(done)
}

/// Streams the artifact under its attempt, to `key` of the store. The bytes are durable when this returns. The last is
/// how long it took, in milliseconds.
async fn take(
    shop: &Workshop,
    work: &Work,
    at: &Located,
    method: Method,
    (store, key): (&Store, &str),
    context: &Context,
) -> Result<(Taken, Digested, Option<u64>)> {
    let storage = store.storage();
    let plan = storage.prepare(key, None).await?;
    begun(shop, work, store, key, Vec::new())?;
    let session = storage.begin(key, None).await?;
    begun(shop, work, store, key, session.clone())?;
    let engine = shop.engine(&at.source)?;
    let (sink, feed) = channel();
    let began = Instant::now();
    let (taken, uploaded) = tokio::join!(
        engine.backup(&at.database, method, sink, context),
        upload::upload(feed, storage, &session, plan, Pace::new(None), &context.observers, None),
    );
    let (taken, digested, receipts) = match (taken, uploaded) {
        (Ok(taken), Ok((digested, receipts))) => (taken, digested, receipts),
        (taken, uploaded) => {
            // The session is of no use any more; what it left is removed by its key even when this fails.
            let _ = storage.abort(&session).await;
            return Err(first_cause(taken.err(), uploaded.err()));
        }
    };
    if digested.size == 0 {
        let _ = storage.abort(&session).await;
        return Err(Error::permanent("artifact-empty", "the backup has no bytes"));
    }
    fault::point("before-commit");
    storage.commit(&session, &receipts).await?;
    Ok((taken, digested, u64::try_from(began.elapsed().as_millis()).ok()))
}

/// Records that an upload begins: before it has a session, so that what it leaves is found by its key, and then with it.
pub(super) fn begun(shop: &Workshop, work: &Work, store: &Store, key: &str, session: Vec<u8>) -> Result<()> {
    shop.record(&Record::UploadStarted {
        step: work.address.clone(),
        attempt: work.attempt.clone(),
        store: store.name.clone(),
        key: key.to_owned(),
        session,
    })
}

/// When producer and consumer both failed, one of them failed because the other did.
fn first_cause(engine: Option<Error>, upload: Option<Error>) -> Error {
    match (engine, upload) {
        (Some(engine), Some(upload)) if engine.code == "consumer-gone" => upload,
        (Some(engine), _) => engine,
        (None, Some(upload)) => upload,
        (None, None) => Error::permanent("stream-cut-off", "the stream ended before it was whole"),
    }
}

fn manifest(shop: &Workshop, work: &Work, at: &Located, file: String, taken: &Taken, digested: &Digested) -> Manifest {
    Manifest {
        format: FORMAT,
        id: at.id.clone(),
        strategy: shop.strategy.clone(),
        source: at.source.clone(),
        database: at.database.clone(),
        step: work.address.to_string(),
        run: shop.run.clone(),
        attempt: work.attempt.clone(),
        engine: taken.facts.clone(),
        taken: taken.taken.clone(),
        artifact: Content {
            file,
            size: digested.size,
            blake3: digested.blake3.clone(),
            sha256: digested.sha256.clone().unwrap_or_default(),
        },
        inputs: shop.inputs.clone(),
        took: None,
        incomplete: taken.incomplete.clone(),
        parent: None,
        adopted: None,
    }
}

/// The name that a person meets in the store: what it is of, when, and what reads it.
fn file_name(at: &Located, method: Method, now: jiff::Timestamp) -> String {
    let time = now.strftime("%Y-%m-%dT%H-%M-%SZ");
    match method {
        Method::Archive => format!("{}-{time}.tar", at.source),
        Method::Dump => format!("{}-{time}.dump", at.database),
        Method::Backup => format!("{}-{time}.backup", at.database),
        Method::Command => format!("{}-{time}.out", at.database),
    }
}

/// Removes what an attempt left under its own key, finished or not.
pub(super) async fn clean_up(store: &Store, key: &str, observers: &StepObservers) {
    if let Err(error) = store.storage().delete(key).await {
        let message = format!("what the failed attempt left in store `{}` could not be removed: {error}", store.name);
        observers.notice(message, Some("It has no manifest, so nothing will use it.".to_owned()));
    }
}

/// The newest artifact of the same database that this machine knows in the store, but for this one.
fn previous(shop: &Workshop, store: &str, at: &Located) -> Result<Option<StoredArtifact>> {
    let artifacts = shop.state.catalog.artifacts()?.into_iter();
    let same = artifacts.filter(|known| {
        known.store == store && known.source == at.source && known.database == at.database && known.id != at.id
    });
    Ok(same.max_by(|a, b| a.taken.cmp(&b.taken)))
}

/// Whether what was published is what was asked for.
fn judge(store: &Store, manifest: &Manifest, incomplete: &[String], previous: Option<&StoredArtifact>) -> Done {
    let size = manifest.artifact.size;
    let mut doubts = Vec::new();
    if !incomplete.is_empty() {
        doubts.push(format!("{} incomplete: {}", incomplete.len(), shown(incomplete)));
    }
    if let Some(previous) = previous {
        if (size as f64) < previous.size as f64 * COLLAPSED {
            doubts.push(format!("it has {} where the one before had {}", sized(size), sized(previous.size)));
        }
        let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
        if time(&manifest.taken) < time(&previous.taken) {
            let (taken, before) = (&manifest.taken, &previous.taken);
            doubts.push(format!("the clock went back: it is of {taken}, and the one before it of {before}"));
        }
    }
    let report = report(store, manifest);
    if doubts.is_empty() {
        return Done::ok(format!("{} in `{}`", sized(size), store.name)).with(report);
    }
    Done { outcome: Outcome::Degraded, detail: doubts.join("; "), artifact: Some(report) }
}

fn shown(names: &[String]) -> String {
    const MOST: usize = 5;
    let mut text = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        text.push_str(&format!(" and {} more", names.len() - MOST));
    }
    text
}

/// The copy that `manifest` describes in `store`.
pub(super) fn report(store: &Store, manifest: &Manifest) -> ArtifactReport {
    ArtifactReport {
        id: manifest.id.clone(),
        store: store.name.clone(),
        key: store.bytes_key(manifest),
        size: manifest.artifact.size,
        blake3: manifest.artifact.blake3.clone(),
    }
}
