//! One backup step: the engine's stream into one store, published when it is whole.

use super::executor::{Done, Located, Work};
use super::index;
use super::send::{Sending, first_cause};
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::encode::{self, Layers};
use crate::artifact::{channel, sized};
use crate::engine::{Context, Taken};
use crate::error::{Error, Result};
use crate::store::{Held, Store, layout};
use schema::manifest::{Content, Copied, FORMAT, Manifest};
use schema::report::{ArtifactReport, Outcome};
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
    store.sweep(&at.source, &at.database, &at.id, "").await?;
    let taken = take(shop, work, at, method, &store, context).await;
    if taken.is_err() {
        clean_up(&store, at, context).await;
    }
    let (manifest, incomplete) = taken?;
    let published = store.publish(&manifest, &context.observers).await?;
    let held = published.held();
    let previous = previous_size(shop, &store.name, at)?;
    shop.state.catalog.put(&store.stored(held, false))?;
    Ok(judge(&store, &held.manifest, &incomplete, previous))
}

pub(super) fn located(work: &Work) -> Result<&Located> {
    work.artifact.as_ref().ok_or_else(|| Error::permanent("plan-incomplete", "the step names no artifact"))
}

/// Counts what an earlier attempt published, after reading it back.
async fn adopt(shop: &Workshop, store: &Store, held: &Held, context: &Context) -> Result<Done> {
    let manifest = &held.manifest;
    store.check_stored(manifest, &context.observers).await?;
    store.sweep(&manifest.source, &manifest.database, &manifest.id, &manifest.attempt).await?;
    shop.state.catalog.put(&store.found(held).await?)?;
    let mut done = judge(store, manifest, &manifest.incomplete, None);
    done.detail.push_str(", published by an earlier attempt and read back");
    Ok(done)
}

/// Streams the artifact and its index under its attempt. The bytes are durable when this returns.
async fn take(
    shop: &Workshop,
    work: &Work,
    at: &Located,
    method: Method,
    store: &Store,
    context: &Context,
) -> Result<(Manifest, Vec<String>)> {
    let file = file_name(at, method, context.world.now());
    let layers = store.layers(matches!(method, Method::Dump | Method::Backup));
    let folder = store.folder(&at.source, &at.database, &at.id);
    let key = layout::bytes(&folder, &work.attempt, &encode::file_name(&file, &layers.names()));
    let sending = Sending::begin(shop, work, store, &key, None).await?;
    let began = Instant::now();
    let made = match make(shop, at, method, &layers, &sending, context).await {
        Ok(made) => made,
        Err(error) => {
            sending.abort().await;
            return Err(error);
        }
    };
    sending.commit(&made.receipts).await?;
    let took = u64::try_from(began.elapsed().as_millis()).ok();
    let copy = copied(&file, &layers, &made);
    let index = index::publish(shop, work, store, (&folder, &file), &layers, &made.artifact, context).await?;
    let manifest = Manifest { took, copy, index, ..manifest(shop, work, at, file, &made.taken, &made.artifact) };
    Ok((manifest, made.taken.incomplete))
}

/// Bytes that are in a store, and not visible yet.
struct Made {
    taken: Taken,
    artifact: Digested,
    /// What is stored, where that is something else.
    stored: Option<Digested>,
    receipts: Vec<Vec<u8>>,
}

/// Has the engine make the artifact, on its way through the layers into the store.
async fn make(
    shop: &Workshop,
    at: &Located,
    method: Method,
    layers: &Layers,
    sending: &Sending<'_>,
    context: &Context,
) -> Result<Made> {
    let engine = shop.engine(&at.source)?;
    let (sink, feed) = channel();
    let taking = engine.backup(&at.database, method, sink, context);
    let made = if layers.is_empty() {
        let (taken, sent) = tokio::join!(taking, sending.send(feed, &context.observers));
        match (taken, sent) {
            (Ok(taken), Ok((artifact, receipts))) => Made { taken, artifact, stored: None, receipts },
            (taken, sent) => return Err(first_cause([taken.err(), sent.err()])),
        }
    } else {
        let (coded, stored) = channel();
        let encoding = encode::encode(feed, coded, layers.clone());
        let (taken, encoded, sent) = tokio::join!(taking, encoding, sending.send(stored, &context.observers));
        match (taken, encoded, sent) {
            (Ok(taken), Ok(artifact), Ok((stored, receipts))) => {
                Made { taken, artifact, stored: Some(stored), receipts }
            }
            (taken, encoded, sent) => return Err(first_cause([taken.err(), encoded.err(), sent.err()])),
        }
    };
    if made.artifact.size == 0 {
        return Err(Error::permanent("artifact-empty", "the backup has no bytes"));
    }
    Ok(made)
}

fn copied(file: &str, layers: &Layers, made: &Made) -> Option<Copied> {
    made.stored.as_ref().map(|stored| Copied {
        file: encode::file_name(file, &layers.names()),
        size: stored.size,
        blake3: stored.blake3.clone(),
        sha256: stored.sha256.clone().unwrap_or_default(),
        encoding: layers.names(),
        recipients: layers.recipients.clone(),
    })
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
        copy: None,
        index: None,
        inputs: shop.inputs.clone(),
        took: None,
        incomplete: taken.incomplete.clone(),
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

async fn clean_up(store: &Store, at: &Located, context: &Context) {
    if let Err(error) = store.sweep(&at.source, &at.database, &at.id, "").await {
        let message = format!("what the failed attempt left in store `{}` could not be removed: {error}", store.name);
        context.observers.notice(message, Some("It has no manifest, so nothing will use it.".to_owned()));
    }
}

fn previous_size(shop: &Workshop, store: &str, at: &Located) -> Result<Option<u64>> {
    let artifacts = shop.state.catalog.artifacts()?;
    let same = artifacts.iter().filter(|known| {
        known.store == store && known.source == at.source && known.database == at.database && known.id != at.id
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
        return Done::ok(format!("{} in `{}`{}", sized(size), store.name, encoded(manifest))).with(report);
    }
    Done { outcome: Outcome::Degraded, detail: doubts.join("; "), artifact: Some(report) }
}

/// What became of the bytes, where they are not stored as they are.
pub(super) fn encoded(manifest: &Manifest) -> String {
    let copy = manifest.copy.as_ref();
    copy.map(|copy| format!(", as {} through {}", sized(copy.size), copy.encoding.join(" and "))).unwrap_or_default()
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
