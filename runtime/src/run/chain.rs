//! Chains: what a new differential builds on, and all that is needed to bring one back. A chain is as good as its worst
//! link, and all of its links are in one store.

use super::executor::{Located, Work};
use super::index;
use super::verify::name_the_artifact;
use super::workshop::Workshop;
use crate::artifact::download::Expected;
use crate::artifact::stream::prefer_damage;
use crate::artifact::{Feed, channel, pace::Pace};
use crate::engine::{Context, Engine};
use crate::error::{Error, Result};
use crate::store::{Held, Store};
use schema::manifest::Chain;
use schema::report::{ArtifactReport, ProblemKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most links that are followed: a chain of manifests that point at each other must end.
const LONGEST: usize = 10_000;

/// What a differential is made against.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    pub(super) held: Held,
    /// Its index, in a file of this attempt.
    pub(super) index: PathBuf,
}

impl Parent {
    /// The place of what builds on it.
    pub(super) fn chain(&self) -> Chain {
        let manifest = &self.held.manifest;
        let (root, before) = manifest.chain.as_ref().map_or((&manifest.id, 0), |chain| (&chain.root, chain.before));
        Chain { parent: manifest.id.clone(), root: root.clone(), before: before.saturating_add(1) }
    }
}

/// The newest artifact of the database in the store that a differential can build on: its chain is whole, no check has
/// found a link of it damaged, and its index can be read. `None` when there is none; why is told.
pub(super) async fn parent(shop: &Workshop, store: &Store, at: &Located, context: &Context) -> Result<Option<Parent>> {
    for id in newest_first(shop, store, at).await? {
        let Some(held) = store.held(&at.source, &at.database, &id).await? else { continue };
        match usable(store, &held, context).await {
            Ok(index) => return Ok(Some(Parent { held, index })),
            Err(error) if matches!(error.kind, ProblemKind::Cancelled | ProblemKind::Temporary) => return Err(error),
            Err(error) => {
                let message = format!("artifact {id} is not built on: {}", error.message);
                context.observers.notice(message, error.help);
            }
        }
    }
    Ok(None)
}

/// Ids as the catalog knows them. When it knows of none, the store is asked: this machine may have lost its catalog.
async fn newest_first(shop: &Workshop, store: &Store, at: &Located) -> Result<Vec<String>> {
    let known = shop.state.catalog.artifacts()?.into_iter();
    let known = known.filter(|it| it.store == store.name && it.source == at.source && it.database == at.database);
    let mut found: Vec<(String, String)> = known.map(|known| (known.taken, known.id)).collect();
    if found.is_empty() {
        for id in store.ids(&at.source, &at.database).await? {
            let held = store.held(&at.source, &at.database, &id).await?;
            found.extend(held.map(|held| (held.manifest.taken, id)));
        }
    }
    // An attempt of this very step that was not published is no parent of itself.
    found.retain(|(_, id)| *id != at.id);
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

async fn usable(store: &Store, held: &Held, context: &Context) -> Result<PathBuf> {
    for link in links(store, held).await? {
        let found = store.found(&link).await?;
        if found.tombstone.is_some() {
            let message = format!("artifact {} is marked to go", link.manifest.id);
            return Err(Error::permanent("artifact-marked", message));
        }
        if found.damaged {
            let message = format!("a check has found artifact {} damaged", link.manifest.id);
            return Err(Error::integrity("artifact-damaged", message));
        }
        whole(store, &link).await?;
    }
    index::fetch(store, &held.manifest, "parent.index", context).await
}

/// The bytes of a link are there, by their number.
async fn whole(store: &Store, link: &Held) -> Result<()> {
    let size = store.storage().stat(&store.bytes_key(&link.manifest)).await?;
    if size == Some(Expected::of(&link.manifest).size) {
        return Ok(());
    }
    let message = format!("the bytes of artifact {} are not all there, in store `{}`", link.manifest.id, store.name);
    Err(Error::integrity("artifact-damaged", message))
}

/// All artifacts of the chain that ends with `held`, the full one first.
///
/// # Errors
/// `chain-broken` when a link is not in the store.
pub(super) async fn links(store: &Store, held: &Held) -> Result<Vec<Held>> {
    let mut links = vec![held.clone()];
    let mut next = held.manifest.chain.clone();
    while let Some(Chain { parent, .. }) = next {
        let manifest = &held.manifest;
        if links.len() > LONGEST {
            return Err(Error::integrity("chain-broken", format!("the chain of artifact {} has no end", manifest.id)));
        }
        let link = store.held(&manifest.source, &manifest.database, &parent).await?.ok_or_else(|| {
            let message =
                format!("artifact {} builds on {parent}, which store `{}` does not hold", manifest.id, store.name);
            Error::integrity("chain-broken", message)
                .help("Restore from another store with `--from`, or an older artifact with `--artifact`.")
        })?;
        next = link.manifest.chain.clone();
        links.push(link);
    }
    links.reverse();
    Ok(links)
}

/// Bytes of all artifacts of a chain.
pub(super) fn size(links: &[Held]) -> u64 {
    links.iter().map(|link| link.manifest.artifact.size).fold(0, u64::saturating_add)
}

/// What reads the archives of a chain.
pub(super) enum Reader<'a> {
    Stage { staging: &'a str },
    Verify,
}

/// Reads all of a chain, oldest first, each link compared with its manifest, into the engine.
pub(super) async fn read(
    engine: &Arc<dyn Engine>,
    store: &Store,
    links: &[Held],
    reader: Reader<'_>,
    context: &Context,
) -> Result<String> {
    let Some(held) = links.last() else { return Err(Error::permanent("plan-incomplete", "there is no artifact")) };
    let index = index::fetch(store, &held.manifest, "chain.index", context).await?;
    let (sender, feeds) = tokio::sync::mpsc::channel(1);
    let giving = give(store, links, sender, context);
    let (read, used) = tokio::join!(giving, using(engine, held, reader, feeds, &index, context));
    prefer_damage(read, used)
}

/// Streams the archives of a chain, one after the other, each compared with its manifest. An error names its artifact.
pub(super) async fn give(
    store: &Store,
    links: &[Held],
    out: tokio::sync::mpsc::Sender<Feed>,
    context: &Context,
) -> Result<()> {
    for link in links {
        let (sink, feed) = channel();
        let gone = |_| Error::permanent("consumer-gone", "the reader of the chain stopped early");
        out.send(feed).await.map_err(gone)?;
        store.read(&link.manifest, sink, Pace::new(None), &context.observers).await.map_err(|error| {
            if error.code == "consumer-gone" { error } else { name_the_artifact(error, store, &link.manifest.id) }
        })?;
    }
    Ok(())
}

async fn using(
    engine: &Arc<dyn Engine>,
    held: &Held,
    reader: Reader<'_>,
    feeds: crate::engine::Links,
    index: &Path,
    context: &Context,
) -> Result<String> {
    let database = &held.manifest.database;
    match reader {
        Reader::Stage { staging } => engine.stage_chain(database, staging, feeds, index, context).await,
        Reader::Verify => engine.verify_chain(database, feeds, index, context).await,
    }
}

/// Brings the artifacts before one to `to`, oldest first: a differential without them is worth nothing there.
pub(super) async fn transfer_before(
    shop: &Arc<Workshop>,
    work: &Work,
    (from, to): (&Store, &Store),
    held: &Held,
    bandwidth: Option<u64>,
    context: &Context,
) -> Result<Vec<ArtifactReport>> {
    let mut links = links(from, held).await?;
    links.pop();
    let mut brought = Vec::new();
    for link in links {
        let manifest = &link.manifest;
        if let Some(there) = to.held(&manifest.source, &manifest.database, &manifest.id).await? {
            whole(to, &there).await?;
            continue;
        }
        brought.push(super::transfer::bring(shop, work, (from, to), &link, bandwidth, context).await?.1);
    }
    Ok(brought)
}
