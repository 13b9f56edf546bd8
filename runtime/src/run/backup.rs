//! One backup step: the engine's stream into one store, published when it is whole.

use super::anew;
use super::announce::{LOST, clean_up, publish, remember};
use super::chain::{self, Parent};
use super::executor::{Done, Located, Work};
use super::index;
use super::send::{Length, Sending};
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::encode::{self, Layers};
use crate::artifact::stream::first_cause;
use crate::artifact::{channel, sized};
use crate::engine::{Context, Listing, Taken};
use crate::error::{Error, Result};
use crate::store::{Held, Published, Store, layout};
use schema::fact::StoredArtifact;
use schema::manifest::{FORMAT, Manifest};
use schema::report::{ArtifactReport, Outcome, ProblemKind};
use schema::step::{Action, Extent, Method};
use std::sync::Arc;
use std::time::Instant;

/// A new artifact that has not even this part of the usual size, one half, is not believed without a look.
const COLLAPSED: u64 = 2;
/// Artifacts whose sizes say what is usual. The middle one counts: one that collapsed, or several, are not usual at once,
/// and what stays small is, after some days.
const HISTORY: usize = 7;

/// What the name of a differential ends with.
pub(super) const DIFFERENTIAL: &str = ".differential.tar";

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
    store.accepts()?;
    if let Some(held) = store.held(&at.source, &at.database, &at.id).await? {
        return adopt(shop, &store, &held, context).await;
    }
    let wanted = matches!(&work.action, Action::Backup { extent: Extent::Differential, .. });
    let parent = if wanted { chain::parent(shop, &store, at, context).await? } else { None };
    let file = file_name(at, method, parent.is_some(), context.world.now());
    let layers = store.layers(matches!(method, Method::Dump | Method::Backup));
    let before = before(shop, &store.name, at)?;
    let length = before.largest.or(shop.workload).map_or(Length::Unknown, Length::About);
    let way = Way { method, layers: &layers, length, parent: parent.as_ref() };
    let making = Making { shop, work, at, way, store: &store, context };
    let Sent { manifest, incomplete, there } = match take(&making, &file).await {
        Ok(sent) => sent,
        Err(error) => {
            let (bytes, index) = making.keys(&work.attempt, &file);
            if !shop.carries(&store.name, &bytes) {
                clean_up(&store, [index, bytes], &context.observers).await;
            }
            // Another attempt of this step may have gone on where this one could not: it removed what it found of it.
            return match store.held(&at.source, &at.database, &at.id).await {
                Ok(Some(held)) if error.kind != ProblemKind::Cancelled => adopt(shop, &store, &held, context).await,
                _ => Err(error),
            };
        }
    };
    let published = publish(&store, &manifest, &context.observers).await.map_err(parent_gone)?;
    let held = published.held();
    remember(shop, &store, held, context).await?;
    let mut done = judge(&store, &held.manifest, &incomplete, &before);
    if let Some(chain) = &held.manifest.chain {
        done.detail.push_str(&format!(", what changed since artifact {}", chain.parent));
    } else if wanted {
        done.detail.push_str(", all of it: there is nothing that a differential can build on");
    }
    if there > 0 {
        let there = sized(there);
        done.detail.push_str(&format!(", {there} of it were there of another attempt, and all of it was read back"));
    }
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
    chain::links(store, held).await?;
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

/// Streams the artifact and its index under an attempt. The bytes are durable when this returns.
async fn take(making: &Making<'_>, file: &str) -> Result<Sent> {
    if let Some(sent) = anew::go_on(making).await? {
        return Ok(sent);
    }
    let Making { shop, work, store, way, .. } = *making;
    let (key, _) = making.keys(&work.attempt, file);
    let sending = Sending::begin(shop, (work, &work.attempt), store, &key, way.length).await?;
    // What is encrypted is never the same again.
    let sending = if way.layers.recipients.is_empty() { sending.compared() } else { sending };
    send(making, &sending, file).await
}

/// Makes the artifact and sends it, with its index.
pub(super) async fn send(making: &Making<'_>, sending: &Sending<'_>, file: &str) -> Result<Sent> {
    let Making { shop, work, at, way: Way { layers, parent, .. }, store, context } = *making;
    let began = Instant::now();
    let made = match make(making, sending).await {
        Ok(made) => made,
        Err(error) => {
            sending.set_aside(&error).await;
            return Err(error);
        }
    };
    sending.commit(&made.receipts).await?;
    let there = sending.came_the_same();
    // What was there already took no time.
    let took = u64::try_from(began.elapsed().as_millis()).ok().filter(|_| there == 0);
    let copy = made.stored.as_ref().map(|stored| layers.copied(file, stored));
    let folder = store.folder(&at.source, &at.database, &at.id);
    let place = (folder.as_str(), sending.attempt(), file);
    let index = index::publish(shop, work, store, place, layers, &made.artifact, context).await?;
    let chain = parent.map(Parent::chain);
    let attempt = sending.attempt().to_owned();
    let made_of = manifest(shop, work, at, file.to_owned(), &made.taken, &made.artifact);
    let manifest = Manifest { attempt, took, copy, index, chain, ..made_of };
    Ok(Sent { manifest, incomplete: made.taken.incomplete, there })
}

/// Whoever removed the parent meanwhile has made this attempt worthless: another one finds another parent, or none.
fn parent_gone(error: Error) -> Error {
    if matches!(error.code, "parent-missing" | "parent-marked") {
        Error::temporary("parent-gone", error.message)
    } else {
        error
    }
}

/// How an artifact is made.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    method: Method,
    pub(super) layers: &'a Layers,
    /// What it will come to.
    pub(super) length: Length,
    /// What a differential is made against.
    pub(super) parent: Option<&'a Parent>,
}

/// What an attempt makes, and where.
pub(super) struct Making<'a> {
    pub(super) shop: &'a Workshop,
    pub(super) work: &'a Work,
    at: &'a Located,
    pub(super) way: Way<'a>,
    pub(super) store: &'a Store,
    pub(super) context: &'a Context,
}

impl Making<'_> {
    /// Keys of the bytes and of the index that an attempt stores of the artifact `file`.
    pub(super) fn keys(&self, attempt: &str, file: &str) -> (String, String) {
        let folder = self.store.folder(&self.at.source, &self.at.database, &self.at.id);
        let key = |file: String| layout::bytes(&folder, attempt, &file);
        let layers = self.way.layers;
        (key(encode::file_name(file, &layers.names())), key(index::file_name(file, layers)))
    }
}

/// Bytes that are durable, and not announced yet.
pub(super) struct Sent {
    pub(super) manifest: Manifest,
    pub(super) incomplete: Vec<String>,
    /// Bytes that were there of another attempt.
    pub(super) there: u64,
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
async fn make(making: &Making<'_>, sending: &Sending<'_>) -> Result<Made> {
    let Making { shop, at, way: Way { method, layers, parent, .. }, context, .. } = *making;
    let engine = shop.engine(&at.source)?;
    let (sink, feed) = channel();
    let taking = if engine.lists() {
        let listing = Listing { base: parent.map(|parent| parent.index.clone()), index: context.index() };
        engine.backup_listed(&at.database, listing, sink, context)
    } else {
        engine.backup(&at.database, method, sink, context)
    };
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
        artifact: digested.content(file),
        copy: None,
        index: None,
        inputs: shop.inputs.clone(),
        took: None,
        moved: None,
        incomplete: taken.incomplete.clone(),
        chain: None,
        adopted: None,
    }
}

/// The name that a person meets in the store: what it is of, when, and what reads it.
fn file_name(at: &Located, method: Method, differential: bool, now: jiff::Timestamp) -> String {
    let time = now.strftime("%Y-%m-%dT%H-%M-%SZ");
    let (source, database) = (layout::component(&at.source), layout::component(&at.database));
    match method {
        Method::Archive if differential => format!("{source}-{time}{DIFFERENTIAL}"),
        Method::Archive => format!("{source}-{time}.tar"),
        Method::Dump => format!("{database}-{time}.dump"),
        Method::Backup => format!("{database}-{time}.backup"),
        Method::Command => format!("{database}-{time}.out"),
    }
}

/// The artifacts of the same database that were there before.
struct Before {
    /// The usual size of a full one, in bytes.
    usual: Option<u64>,
    /// The size of the largest of the last ones.
    largest: Option<u64>,
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
    let sizes: Vec<u64> = full.map(|known| known.size).collect();
    Ok(Before {
        largest: sizes.iter().max().copied(),
        usual: usual(sizes),
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
    if let Some(usual) = before.usual.filter(|usual| manifest.chain.is_none() && size < usual / COLLAPSED) {
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
