//! One backup step: the engine's stream into one store, published when it is whole.

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
    let way = Way { method, file: &file, layers: &layers, length, parent: parent.as_ref() };
    let (manifest, incomplete) = match take(shop, work, at, way, &store, context).await {
        Ok(taken) => taken,
        Err(error) => {
            let files = [encode::file_name(&file, &layers.names()), index::file_name(&file, &layers)];
            let folder = store.folder(&at.source, &at.database, &at.id);
            let keys = files.map(|file| layout::bytes(&folder, &work.attempt, &file));
            clean_up(&store, keys, &context.observers).await;
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

/// Streams the artifact and its index under its attempt. The bytes are durable when this returns.
async fn take(
    shop: &Workshop,
    work: &Work,
    at: &Located,
    way: Way<'_>,
    store: &Store,
    context: &Context,
) -> Result<(Manifest, Vec<String>)> {
    let Way { file, layers, length, parent, .. } = way;
    let folder = store.folder(&at.source, &at.database, &at.id);
    let key = layout::bytes(&folder, &work.attempt, &encode::file_name(file, &layers.names()));
    let sending = Sending::begin(shop, work, store, &key, length).await?;
    let began = Instant::now();
    let made = match make(shop, at, way, &sending, context).await {
        Ok(made) => made,
        Err(error) => {
            sending.abort().await;
            return Err(error);
        }
    };
    sending.commit(&made.receipts).await?;
    let took = u64::try_from(began.elapsed().as_millis()).ok();
    let copy = made.stored.as_ref().map(|stored| layers.copied(file, stored));
    let index = index::publish(shop, work, store, (&folder, file), layers, &made.artifact, context).await?;
    let chain = parent.map(Parent::chain);
    let made_of = manifest(shop, work, at, file.to_owned(), &made.taken, &made.artifact);
    Ok((Manifest { took, copy, index, chain, ..made_of }, made.taken.incomplete))
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
struct Way<'a> {
    method: Method,
    /// Name of the artifact's own bytes.
    file: &'a str,
    layers: &'a Layers,
    /// What it will come to.
    length: Length,
    /// What a differential is made against.
    parent: Option<&'a Parent>,
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
    Way { method, layers, parent, .. }: Way<'_>,
    sending: &Sending<'_>,
    context: &Context,
) -> Result<Made> {
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
        Method::Archive if differential => format!("{source}-{time}.differential.tar"),
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
