//! One backup step: the engine's stream into one store, published when it is whole.

use super::announce::{LOST, clean_up, publish, remember};
use super::executor::{Done, Located, Work};
use super::send::{Sending, first_cause};
use super::workshop::Workshop;
use crate::artifact::digest::{Digested, hex};
use crate::artifact::encode::{self, Layers};
use crate::artifact::outlet::{Outlet, cause};
use crate::artifact::{Sink, channel, sized};
use crate::engine::{Context, Taken};
use crate::error::{Error, Result};
use crate::store::{Held, Published, Store, layout};
use schema::fact::StoredArtifact;
use schema::index::Line;
use schema::manifest::{Content, Copied, FORMAT, Indexed, Manifest};
use schema::report::{ArtifactReport, Outcome, ProblemKind};
use schema::step::Method;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// A new artifact that has not even this part of the usual size, one half, is not believed without a look.
const COLLAPSED: u64 = 2;
/// Artifacts whose sizes say what is usual. The middle one counts: one that collapsed, or several, are not usual at once,
/// and what stays small is, after some days.
const HISTORY: usize = 7;
/// What the name of an index ends with, before the endings of its encodings.
const INDEX: &str = ".index";
/// Level at which an index is compressed, whatever its store says of artifacts.
const INDEX_LEVEL: u8 = 3;

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
    let layers = store.layers(matches!(method, Method::Dump | Method::Backup));
    let (manifest, incomplete) = match take(shop, work, at, (method, &file, &layers), &store, context).await {
        Ok(taken) => taken,
        Err(error) => {
            let files = [encode::file_name(&file, &layers.names()), index_name(&file, &index_layers(&layers))];
            let folder = store.folder(&at.source, &at.database, &at.id);
            let keys = files.iter().map(|file| layout::bytes(&folder, &work.attempt, file));
            clean_up(&store, keys, &context.observers).await;
            // Another attempt of this step may have gone on where this one could not: it removed what it found of it.
            return match store.held(&at.source, &at.database, &at.id).await {
                Ok(Some(held)) if error.kind != ProblemKind::Cancelled => adopt(shop, &store, &held, context).await,
                _ => Err(error),
            };
        }
    };
    let published = publish(&store, &manifest, &context.observers).await?;
    let held = published.held();
    let before = before(shop, &store.name, at)?;
    remember(shop, &store, held, context).await?;
    let mut done = judge(&store, &held.manifest, &incomplete, &before);
    if let Published::Theirs(_) = published {
        done.detail.push_str(LOST);
    }
    Ok(done)
}

pub(super) fn located(work: &Work) -> Result<&Located> {
    work.artifact.as_ref().ok_or_else(|| Error::permanent("plan-incomplete", "the step names no artifact"))
}

/// Counts what an earlier attempt published, after reading it back.
async fn adopt(shop: &Workshop, store: &Store, held: &Held, context: &Context) -> Result<Done> {
    let manifest = &held.manifest;
    store.check_stored(manifest, &context.observers).await?;
    store.sweep(&manifest.source, &manifest.database, &manifest.id, &manifest.attempt).await?;
    remember(shop, store, held, context).await?;
    let at = Located {
        source: manifest.source.clone(),
        database: manifest.database.clone(),
        id: manifest.id.clone(),
        manifest: None,
    };
    let mut done = judge(store, manifest, &manifest.incomplete, &before(shop, &store.name, &at)?);
    done.detail.push_str(", published by an earlier attempt and read back");
    Ok(done)
}

/// Streams the artifact and its index under its attempt. The bytes are durable when this returns.
async fn take(
    shop: &Workshop,
    work: &Work,
    at: &Located,
    (method, file, layers): (Method, &str, &Layers),
    store: &Store,
    context: &Context,
) -> Result<(Manifest, Vec<String>)> {
    let folder = store.folder(&at.source, &at.database, &at.id);
    let key = layout::bytes(&folder, &work.attempt, &encode::file_name(file, &layers.names()));
    let sending = Sending::begin(shop, work, store, &key, None).await?;
    let began = Instant::now();
    let made = match make(shop, at, method, layers, &sending, context).await {
        Ok(made) => made,
        Err(error) => {
            sending.abort().await;
            return Err(error);
        }
    };
    sending.commit(&made.receipts).await?;
    let took = u64::try_from(began.elapsed().as_millis()).ok();
    let copy = copied(file, layers, &made);
    if context.index().exists() {
        note_frames(&context.index(), &made.artifact)?;
    }
    let index = publish_index(shop, work, store, (&folder, file), layers, context).await?;
    let made_of = manifest(shop, work, at, file.to_owned(), &made.taken, &made.artifact);
    Ok((Manifest { took, copy, index, ..made_of }, made.taken.incomplete))
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

/// Stores the index that the engine made, if it made one: a step that makes its bytes visible comes after it.
async fn publish_index(
    shop: &Workshop,
    work: &Work,
    store: &Store,
    (folder, file): (&str, &str),
    layers: &Layers,
    context: &Context,
) -> Result<Option<Indexed>> {
    let path = context.index();
    if !path.exists() {
        return Ok(None);
    }
    let layers = index_layers(layers);
    let file = index_name(file, &layers);
    let sending = Sending::begin(shop, work, store, &layout::bytes(folder, &work.attempt, &file), None).await?;
    let ((sink, feed), (coded, stored)) = (channel(), channel());
    let silent = context.observers.silent();
    let (read, encoded, sent) =
        tokio::join!(feed_file(path, sink), encode::encode(feed, coded, layers), sending.send(stored, &silent));
    match (read, encoded, sent) {
        (Ok(()), Ok(_), Ok((stored, receipts))) => {
            sending.commit(&receipts).await?;
            Ok(Some(Indexed { file, size: stored.size, blake3: stored.blake3 }))
        }
        (read, encoded, sent) => {
            sending.abort().await;
            Err(first_cause([read.err(), encoded.err(), sent.err()]))
        }
    }
}

/// What is done to an index: it is always compressed, and as secret as the artifact.
fn index_layers(layers: &Layers) -> Layers {
    Layers { zstd: Some(INDEX_LEVEL), recipients: layers.recipients.clone() }
}

/// Name of the index of the artifact `file`.
fn index_name(file: &str, layers: &Layers) -> String {
    encode::file_name(&format!("{file}{INDEX}"), &layers.names())
}

/// Adds the values of the frames to an index.
fn note_frames(path: &Path, artifact: &Digested) -> Result<()> {
    let failed = |error| Error::io("write the index of the artifact", &error);
    let file = std::fs::OpenOptions::new().append(true).open(path).map_err(failed)?;
    let mut file = std::io::BufWriter::new(file);
    for node in &artifact.frames {
        let line = Line::Frame { blake3: hex(node) };
        serde_json::to_writer(&mut file, &line).map_err(|error| failed(error.into()))?;
        file.write_all(b"\n").map_err(failed)?;
    }
    file.flush().map_err(failed)
}

/// Streams a file of ours.
async fn feed_file(path: PathBuf, out: Sink) -> Result<()> {
    let work = move || {
        let failed = |error| Error::io("read the index of the artifact", &error);
        let mut file = std::fs::File::open(&path).map_err(failed)?;
        let mut outlet = Outlet::new(out);
        std::io::copy(&mut file, &mut outlet)
            .map_err(|error| cause(error, |error| Error::io("read the index", error)))?;
        outlet.finish()
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::permanent("panic", error.to_string()))?
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
        moved: None,
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

/// The artifacts of the same database that were there before.
struct Before {
    /// The usual size of a full one, in bytes.
    usual: Option<u64>,
    /// When the newest one was taken.
    newest: Option<String>,
}

/// What this machine knows of the artifacts of a database in a store, but for this one.
fn before(shop: &Workshop, store: &str, at: &Located) -> Result<Before> {
    let artifacts = shop.state.catalog.artifacts()?;
    let mut same: Vec<&StoredArtifact> = artifacts
        .iter()
        .filter(|known| known.store == store && known.source == at.source && known.database == at.database)
        .filter(|known| known.id != at.id)
        .collect();
    same.sort_unstable_by(|one, other| (&one.taken, one.size).cmp(&(&other.taken, other.size)));
    let full = same.iter().rev().filter(|known| known.parent.is_none()).take(HISTORY);
    Ok(Before {
        usual: usual(full.map(|known| known.size).collect()),
        newest: same.last().map(|known| known.taken.clone()),
    })
}

/// The middle one of some sizes; the larger of two.
fn usual(mut sizes: Vec<u64>) -> Option<u64> {
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied()
}

/// Whether what was published is what was asked for.
fn judge(store: &Store, manifest: &Manifest, incomplete: &[String], before: &Before) -> Done {
    let size = manifest.artifact.size;
    let mut doubts = Vec::new();
    if !incomplete.is_empty() {
        doubts.push(format!("{} incomplete: {}", incomplete.len(), shown(incomplete)));
    }
    if let Some(usual) = before.usual.filter(|usual| size < usual / COLLAPSED) {
        doubts.push(format!("it has {} where {} is usual", sized(size), sized(usual)));
    }
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    if let Some(newest) = before.newest.as_ref().filter(|newest| time(&manifest.taken) < time(newest)) {
        doubts.push(format!("the clock went back: it is of {}, and the one before it of {newest}", manifest.taken));
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

#[cfg(test)]
mod tests {
    use super::usual;

    #[test]
    fn one_that_collapsed_is_not_usual() {
        assert_eq!(usual(vec![]), None);
        assert_eq!(usual(vec![10]), Some(10));
        assert_eq!(usual(vec![1, 10]), Some(10), "the first that collapsed does not excuse the second");
        assert_eq!(usual(vec![1, 1, 10, 10, 10, 10, 10]), Some(10));
        assert_eq!(usual(vec![1, 1, 1, 1, 10, 10, 10]), Some(1), "what stays small is usual at last");
    }
}
