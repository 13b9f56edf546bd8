//! One backup step: the engine's stream into one store, published when it is whole.

use super::chain::{self, Parent};
use super::executor::{Done, Located, Work};
use super::index;
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::{channel, download, pace::Pace, sized, upload};
use crate::engine::{Context, Listing, Taken};
use crate::error::{Error, Result};
use crate::fault;
use crate::store::{Held, Store, layout};
use schema::manifest::{Content, FORMAT, Manifest};
use schema::record::Record;
use schema::report::{ArtifactReport, Outcome};
use schema::step::{Action, Extent, Method};
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
    store.sweep(&at.source, &at.database, &at.id, "").await?;
    let wanted = matches!(&work.action, Action::Backup { extent: Extent::Differential, .. });
    let parent = if wanted { chain::parent(shop, &store, at, context).await? } else { None };
    let taken = take(shop, work, at, method, (&store, parent.as_ref()), context).await;
    let taken = match taken {
        Ok(taken) => chain::still_there(&store, parent.as_ref()).await.map(|()| taken),
        Err(error) => Err(error),
    };
    if taken.is_err() {
        clean_up(&store, at, context).await;
    }
    let (manifest, incomplete) = taken?;
    let published = store.publish(&manifest, &context.observers).await?;
    let held = published.held();
    let previous = if parent.is_none() { previous_size(shop, &store.name, at)? } else { None };
    shop.state.catalog.put(&store.stored(held, false))?;
    let mut done = judge(&store, &held.manifest, &incomplete, previous);
    if let Some(chain) = &held.manifest.chain {
        done.detail.push_str(&format!(", what changed since artifact {}", chain.parent));
    } else if wanted {
        done.detail.push_str(", all of it: there is nothing that a differential can build on");
    }
    // Whoever removed it meanwhile has made this one worthless: the next run must know.
    chain::still_there(&store, parent.as_ref()).await?;
    Ok(done)
}

pub(super) fn located(work: &Work) -> Result<&Located> {
    work.artifact.as_ref().ok_or_else(|| Error::permanent("plan-incomplete", "the step names no artifact"))
}

/// Counts what an earlier attempt published, after reading it back.
async fn adopt(shop: &Workshop, store: &Store, held: &Held, context: &Context) -> Result<Done> {
    let manifest = &held.manifest;
    download::check(store.storage(), &store.bytes_key(manifest), &manifest.artifact, &context.observers).await?;
    index::check(store, manifest, context).await?;
    chain::links(store, held).await?;
    store.sweep(&manifest.source, &manifest.database, &manifest.id, &manifest.attempt).await?;
    shop.state.catalog.put(&store.found(held).await?)?;
    let mut done = judge(store, manifest, &manifest.incomplete, None);
    done.detail.push_str(", published by an earlier attempt and read back");
    Ok(done)
}

/// Streams the artifact under its attempt. The bytes are durable when this returns.
async fn take(
    shop: &Workshop,
    work: &Work,
    at: &Located,
    method: Method,
    (store, parent): (&Store, Option<&Parent>),
    context: &Context,
) -> Result<(Manifest, Vec<String>)> {
    let file = file_name(at, method, parent.is_some(), context.world.now());
    let folder = store.folder(&at.source, &at.database, &at.id);
    let key = layout::bytes(&folder, &work.attempt, &file);
    let storage = store.storage();
    let plan = storage.prepare(&key, None).await?;
    let session = storage.begin(&key, None).await?;
    shop.record(&Record::UploadStarted {
        step: work.address.clone(),
        attempt: work.attempt.clone(),
        store: store.name.clone(),
        key,
        session: session.clone(),
    })?;
    let engine = shop.engine(&at.source)?;
    let (sink, feed) = channel();
    let began = Instant::now();
    let listing = engine.lists().then(|| Listing {
        base: parent.map(|parent| parent.index.clone()),
        index: context.scratch.join("index.jsonl"),
    });
    let backup = match &listing {
        Some(listing) => engine.backup_listed(&at.database, listing.clone(), sink, context),
        None => engine.backup(&at.database, method, sink, context),
    };
    let (taken, uploaded) =
        tokio::join!(backup, upload::upload(feed, storage, &session, plan, Pace::new(None), &context.observers, None),);
    let (taken, digested, receipts) = match (taken, uploaded) {
        (Ok(taken), Ok((digested, receipts))) => (taken, digested, receipts),
        (taken, uploaded) => {
            // The session is of no use any more; what it left is swept by its key even when this fails.
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
    let index = match &listing {
        Some(listing) => {
            let name = index::file_name(&file);
            Some(index::store(shop, work, store, (&folder, name), &listing.index, context).await?)
        }
        None => None,
    };
    let took = u64::try_from(began.elapsed().as_millis()).ok();
    let chain = parent.map(Parent::chain);
    let manifest = Manifest { took, index, chain, ..manifest(shop, work, at, file, &taken, &digested) };
    Ok((manifest, taken.incomplete))
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
        index: None,
        chain: None,
    }
}

/// The name that a person meets in the store: what it is of, when, and what reads it.
fn file_name(at: &Located, method: Method, differential: bool, now: jiff::Timestamp) -> String {
    let time = now.strftime("%Y-%m-%dT%H-%M-%SZ");
    match method {
        Method::Archive if differential => format!("{}-{time}.differential.tar", at.source),
        Method::Archive => format!("{}-{time}.tar", at.source),
        Method::Dump => format!("{}-{time}.dump", at.database),
        Method::Backup => format!("{}-{time}.backup", at.database),
        Method::Command => format!("{}-{time}.out", at.database),
    }
}

async fn clean_up(store: &Store, at: &Located, context: &Context) {
    if let Err(error) = store.sweep(&at.source, &at.database, &at.id, "").await {
        let message = format!("what the failed attempt left in store `{}` could not be removed: {error}", store.name);
        context.observers.notice(message, Some("It has no manifest, so nothing will use it.".to_owned()));
    }
}

fn previous_size(shop: &Workshop, store: &str, at: &Located) -> Result<Option<u64>> {
    let artifacts = shop.state.catalog.artifacts()?;
    let same = artifacts.iter().filter(|known| {
        let of_it = known.store == store && known.source == at.source && known.database == at.database;
        of_it && known.id != at.id && known.parent.is_none()
    });
    Ok(same.max_by(|a, b| a.taken.cmp(&b.taken)).map(|known| known.size))
}

/// Whether what was published is what was asked for.
fn judge(store: &Store, manifest: &Manifest, incomplete: &[String], previous: Option<u64>) -> Done {
    let size = manifest.artifact.size;
    let mut doubts = Vec::new();
    if !incomplete.is_empty() {
        doubts.push(format!("{} incomplete: {}", incomplete.len(), shown(incomplete)));
    }
    if let Some(previous) = previous
        && (size as f64) < previous as f64 * COLLAPSED
    {
        doubts.push(format!("it has {} where the one before had {}", sized(size), sized(previous)));
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
