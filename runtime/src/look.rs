//! Looks at the world for the compiler: which databases sources have, what stores hold. Nothing is changed.

use crate::engine;
use crate::error::{Error, Result};
use crate::process::Children;
use crate::run::Outfit;
use crate::run::state::State;
use crate::store::{self, Identity};
use schema::fact::{Drift, Inventory, StoredArtifact};
use schema::plan::Plan;
use schema::step::Address;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What the stores of a plan hold.
#[derive(Clone, Debug, Default)]
pub struct Held {
    pub artifacts: Vec<StoredArtifact>,
    /// Stores that could not be read; for them the catalog's memory is in `artifacts`.
    pub unreachable: Vec<(String, Error)>,
}

/// Asks every source of `plan` which databases it has.
pub async fn inventory(plan: &Plan, outfit: &Outfit, state: &Path) -> Result<Vec<Inventory>> {
    let state = State::open(state)?;
    let mut found = Vec::new();
    for source in &plan.sources {
        // A source without an engine lists nothing; the plan that uses it is refused when it is to run.
        let Some(engine) = engine::open(&plan.strategy, source, outfit.world.base(), &outfit.secrets) else { continue };
        let attempt = format!("look-{}", uuid::Uuid::new_v4().simple());
        let subject = format!("source-{}", source.name);
        let context = engine::Context {
            world: outfit.world.clone(),
            children: Children::new(outfit.exe.clone(), state.children_lock(&subject))
                .with_redact(Arc::new(outfit.secrets.clone())),
            observers: outfit.observers.of(&Address(format!("look/{}", source.name))),
            cancel: outfit.cancel.clone(),
            scratch: state.scratch(&attempt)?,
        };
        let databases = engine.inventory(&context).await;
        state.clear_scratch(&attempt);
        found.push(Inventory { source: source.name.clone(), databases: databases? });
    }
    Ok(found)
}

/// Asks every store of `plan` what it holds, and makes the catalog say the same.
pub async fn artifacts(plan: &Plan, outfit: &Outfit, state: &Path) -> Result<Held> {
    let state = State::open(state)?;
    let held = ask(plan, outfit, &state).await?;
    let unread = |name: &str| held.unreachable.iter().any(|(store, _)| store == name);
    for store in plan.stores.iter().filter(|store| !unread(&store.name)) {
        let artifacts: Vec<StoredArtifact> = of(&held.artifacts, &store.name).cloned().collect();
        state.catalog.rebuild(&store.name, &artifacts)?;
    }
    Ok(held)
}

/// Asks every store of `plan` what it holds, and says where the catalog says something else; that stays as it is.
pub async fn drift(plan: &Plan, outfit: &Outfit, state: &Path) -> Result<(Held, Vec<Drift>)> {
    let state = State::open(state)?;
    let known = state.catalog.artifacts()?;
    let held = ask(plan, outfit, &state).await?;
    let unread = |name: &str| held.unreachable.iter().any(|(store, _)| store == name);
    let read = plan.stores.iter().filter(|store| !unread(&store.name));
    let drift = read.flat_map(|store| differences(&known, &held.artifacts, &store.name)).collect();
    Ok((held, drift))
}

fn of<'a>(artifacts: &'a [StoredArtifact], store: &str) -> impl Iterator<Item = &'a StoredArtifact> {
    artifacts.iter().filter(move |artifact| artifact.store == store)
}

/// Where two lists of what one store holds differ, by source, database and artifact.
fn differences(known: &[StoredArtifact], held: &[StoredArtifact], store: &str) -> Vec<Drift> {
    let by_id = |list| -> BTreeMap<_, &StoredArtifact> { of(list, store).map(|it| (key(it), it)).collect() };
    let (known, held) = (by_id(known), by_id(held));
    let keys: BTreeSet<_> = known.keys().chain(held.keys()).copied().collect();
    let differs = |key: &Key<'_>| match (known.get(key), held.get(key)) {
        (Some(_), None) => Some("the catalog has it, and the store does not"),
        (None, Some(_)) => Some("the store has it, and the catalog does not"),
        (Some(one), Some(other)) if one.manifest != other.manifest => Some("its manifest is another one"),
        (Some(one), Some(other)) if one.verified != other.verified => {
            Some("its checks are others than the catalog has")
        }
        _ => None,
    };
    let told = keys.into_iter().filter_map(|key| differs(&key).map(|what| (key, what)));
    told.map(|((source, database, id), what)| Drift {
        store: store.to_owned(),
        source: source.to_owned(),
        database: database.to_owned(),
        id: id.to_owned(),
        what: what.to_owned(),
    })
    .collect()
}

/// Source, database and artifact id.
type Key<'a> = (&'a str, &'a str, &'a str);

fn key(artifact: &StoredArtifact) -> Key<'_> {
    (&artifact.source, &artifact.database, &artifact.id)
}

async fn ask(plan: &Plan, outfit: &Outfit, state: &State) -> Result<Held> {
    let identity = Identity { uuid: state.catalog.strategy()?, strategy: plan.strategy.clone() };
    let mut held = Held::default();
    for store in &plan.stores {
        let observers = outfit.observers.of(&Address(format!("look/{}", store.name)));
        let base = outfit.world.base();
        let opened = store::open_owned(&outfit.host, store, &identity, base, &outfit.secrets, observers).await;
        let looked = match opened {
            Ok(Some(opened)) => opened.artifacts().await,
            Ok(None) if state.catalog.knows(&store.name)? => {
                Err(Error::permanent("store-gone", "it was used before, and now it is not there"))
            }
            Ok(None) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        match looked {
            Ok(artifacts) => {
                held.artifacts.extend(artifacts);
            }
            Err(error) => {
                let remembered = state.catalog.artifacts()?;
                held.artifacts.extend(remembered.into_iter().filter(|known| known.store == store.name));
                held.unreachable.push((store.name.clone(), error));
            }
        }
    }
    Ok(held)
}
