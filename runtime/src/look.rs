//! Looks at the world for the compiler: which databases sources have, what stores hold. Nothing is changed.

use crate::engine;
use crate::error::{Error, Result};
use crate::process::Children;
use crate::report::Seen;
use crate::run::Outfit;
use crate::run::state::State;
use crate::store::survey::Survey;
use crate::store::{self, Identity, Store, Told};
use schema::fact::{Drift, Inventory, StoredArtifact};
use schema::manifest::LaterFact;
use schema::plan::Plan;
use schema::step::Address;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What a [`Drift`] says of a copy that is not there any more.
pub const MISSING: &str = "the catalog has it, and the store does not";

/// What the stores of a plan hold.
#[derive(Clone, Debug, Default)]
pub struct Held {
    pub artifacts: Vec<StoredArtifact>,
    /// Facts about them, each with its store.
    pub facts: Vec<(String, LaterFact)>,
    /// Stores that could not be read; for them the catalog's memory is in `artifacts`.
    pub unreachable: Vec<(String, Error)>,
    /// Documents that cannot be believed, by store. What they are about is not in `artifacts`.
    pub faults: Vec<(String, Error)>,
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
        let looked = async { Ok::<_, Error>((engine.inventory(&context).await?, engine.virtuals(&context).await?)) };
        let looked = looked.await;
        state.clear_scratch(&attempt);
        let (databases, virtuals) = looked?;
        found.push(Inventory { source: source.name.clone(), databases, virtuals });
    }
    Ok(found)
}

/// Asks every store of `plan` what it holds, and makes the catalog say the same.
pub async fn artifacts(plan: &Plan, outfit: &Outfit, state: &Path) -> Result<Held> {
    let state = State::open(state)?;
    let held = ask(plan, outfit, &state).await?;
    let unread = |name: &str| held.unreachable.iter().any(|(store, _)| store == name);
    for store in plan.stores.iter().filter(|store| !unread(&store.name)) {
        state.catalog.rebuild(&store.name, of(&held.artifacts, &store.name))?;
    }
    Ok(held)
}

/// All that is needed to tell how backups stand. Without `ask` the stores are left alone, and the catalog remembers.
pub async fn seen(plan: &Plan, outfit: &Outfit, state: &Path, ask: bool) -> Result<Seen> {
    let remembered = written(state);
    let held = if ask { Some(artifacts(plan, outfit, state).await?) } else { None };
    let state = State::open(state)?;
    let runs = state.journal.runs()?;
    let Some(held) = held else {
        let remembered = Some(remembered.unwrap_or(jiff::Timestamp::UNIX_EPOCH));
        return Ok(Seen { artifacts: state.catalog.artifacts()?, runs, remembered, ..Seen::default() });
    };
    let unreachable = held.unreachable.into_iter().map(|(store, error)| (store, error.message)).collect();
    Ok(Seen { artifacts: held.artifacts, facts: held.facts, unreachable, runs, remembered: None })
}

/// When the catalog was last written.
fn written(state: &Path) -> Option<jiff::Timestamp> {
    // SQLite keeps what is new in a second file until it has room.
    let files = ["catalog.db", "catalog.db-wal"].map(|name| std::fs::metadata(state.join(name)));
    let full = files.into_iter().flatten().filter(|facts| facts.len() > 0);
    full.filter_map(|facts| jiff::Timestamp::try_from(facts.modified().ok()?).ok()).max()
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
pub(crate) fn differences(known: &[StoredArtifact], held: &[StoredArtifact], store: &str) -> Vec<Drift> {
    let by_id = |list| -> BTreeMap<_, &StoredArtifact> { of(list, store).map(|it| (key(it), it)).collect() };
    let (known, held) = (by_id(known), by_id(held));
    let keys: BTreeSet<_> = known.keys().chain(held.keys()).copied().collect();
    let differs = |key: &Key<'_>| match (known.get(key), held.get(key)) {
        (Some(_), None) => Some(MISSING),
        (None, Some(_)) => Some("the store has it, and the catalog does not"),
        (Some(one), Some(other)) if one.manifest != other.manifest => Some("its manifest is another one"),
        (Some(one), Some(other)) if one.verified != other.verified => {
            Some("its checks are others than the catalog has")
        }
        (Some(one), Some(other)) if one.locked_until != other.locked_until => {
            Some("its locks are others than the catalog has")
        }
        (Some(one), Some(other)) if one.tombstone != other.tombstone => {
            Some("whether it is marked to go is not what the catalog has")
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

/// Opens a store of `plan` to look at it; `None` when it was never used.
pub(crate) async fn open(
    plan: &Plan,
    store: &schema::store::Store,
    outfit: &Outfit,
    state: &State,
) -> Result<Option<Store>> {
    let identity = Identity { uuid: state.catalog.strategy()?, strategy: plan.strategy.clone() };
    let observers = outfit.observers.of(&Address(format!("look/{}", store.name)));
    let base = outfit.world.base();
    match store::open_owned(&outfit.host, store, &identity, base, &outfit.secrets, observers).await? {
        None if state.catalog.knows(&store.name)? => {
            Err(Error::permanent("store-gone", "it was used before, and now it is not there"))
        }
        opened => Ok(opened),
    }
}

/// Makes a machine that knows nothing of a store believe what the store has told of its strategy.
pub fn believe(store: &str, told: &Told, state: &Path) -> Result<()> {
    State::open(state)?.catalog.remember(store, &told.uuid)
}

async fn ask(plan: &Plan, outfit: &Outfit, state: &State) -> Result<Held> {
    let mut held = Held::default();
    for store in &plan.stores {
        let looked = match open(plan, store, outfit, state).await {
            Ok(Some(opened)) => opened.survey().await,
            Ok(None) => Ok(Survey::default()),
            Err(error) => Err(error),
        };
        match looked {
            Ok(survey) => {
                held.faults.extend(survey.faults.iter().map(|fault| (store.name.clone(), fault.error.clone())));
                match &outfit.looked {
                    Some(looked) => {
                        held.artifacts.extend(survey.found.iter().map(|found| found.fact.clone()));
                        looked.put(&store.name, survey);
                    }
                    None => {
                        for found in survey.found {
                            held.artifacts.push(found.fact);
                            held.facts.extend(found.facts.into_iter().map(|fact| (store.name.clone(), fact)));
                        }
                    }
                }
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

/// The name of this machine.
#[must_use]
pub fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
