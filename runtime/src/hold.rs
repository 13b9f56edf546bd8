//! Holding on to copies: a lock that no deletion passes before it ends, and taking back the mark of one that was to go. Both
//! are small objects in the stores themselves, so every machine heeds them.

use crate::error::{Error, Result};
use crate::fault;
use crate::look;
use crate::run::Outfit;
use crate::run::prune::LEASE;
use crate::run::state::State;
use crate::store::survey::Found;
use crate::store::{Store, host_name, layout};
use crate::world::World;
use jiff::Timestamp;
use schema::manifest::{FORMAT, LOCK, LaterFact, Manifest};
use schema::plan::Plan;
use schema::report::ProblemKind;
use std::path::Path;

/// Which copies.
#[derive(Clone, Debug)]
pub struct Asked {
    /// How the artifact's id begins; it must be of one artifact only.
    pub id: String,
    /// Only the copy in this store.
    pub store: Option<String>,
}

/// One copy, and what came of it.
#[derive(Clone, Debug)]
pub struct Held {
    pub store: String,
    pub source: String,
    pub database: String,
    pub id: String,
    pub came: Result<String>,
}

/// Forbids the removal of the copies before a time. A lock is never shortened: of several the latest holds.
pub async fn lock(plan: &Plan, outfit: &Outfit, state: &Path, asked: &Asked, until: Timestamp) -> Result<Vec<Held>> {
    let state = State::open(state)?;
    let mut out = Vec::new();
    for (store, found) in copies(plan, outfit, &state, asked).await? {
        let came = lock_one(&store, &found, outfit, until).await;
        if came.is_ok() {
            state.catalog.put(&store.found(&found.held).await?)?;
        }
        out.push(held(&store, &found, came));
    }
    Ok(out)
}

async fn lock_one(store: &Store, found: &Found, outfit: &Outfit, until: Timestamp) -> Result<String> {
    let now = outfit.world.now();
    if until <= now {
        return Err(Error::permanent("lock-in-the-past", format!("{until} is over")).help("Name a time to come."));
    }
    if let Some(known) = &found.fact.locked_until
        && known.parse::<Timestamp>().is_ok_and(|known| known >= until)
    {
        return Ok(format!("locked until {known} already, and no lock is made shorter"));
    }
    let enforced = match protect(store, &found.held.manifest, until).await {
        Ok(()) => true,
        Err(error) if error.code == "plugin-unsupported" => false,
        Err(error) => return Err(error),
    };
    fault::point("before-lock");
    write_lock(store, &found.held.manifest, now, until, &format!("by hand on {}", host_name())).await?;
    fault::point("after-lock");
    if store.tombstone(&found.folder).await?.is_some() {
        let message =
            "it is locked now, but it was marked to go, and a prune may have looked before the lock was there";
        return Err(Error::new(ProblemKind::Conflict, "artifact-marked", message).help(
            "Take it back with `backstay prune --revive ID`, then see with `backstay catalog check` that it is there.",
        ));
    }
    let who = if enforced { "the store itself and every Backstay" } else { "every Backstay" };
    Ok(format!("locked until {until}, heeded by {who}"))
}

async fn write_lock(store: &Store, manifest: &Manifest, now: Timestamp, until: Timestamp, by: &str) -> Result<()> {
    let fact = LaterFact {
        format: FORMAT,
        id: manifest.id.clone(),
        with: LOCK.to_owned(),
        ok: true,
        at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        // Two locks within a second are two objects.
        run: uuid::Uuid::new_v4().to_string(),
        detail: format!("locked {by}"),
        until: Some(until.to_string()),
        took: None,
        drill: None,
        transaction: None,
    };
    store.record_fact(manifest, &fact).await
}

/// Asks the storage itself to forbid the removal; `plugin-unsupported` where it cannot.
async fn protect(store: &Store, manifest: &Manifest, until: Timestamp) -> Result<()> {
    let until = u64::try_from(until.as_millisecond()).unwrap_or(0);
    let folder = store.folder(&manifest.source, &manifest.database, &manifest.id);
    for key in [store.bytes_key(manifest), layout::manifest(&folder)] {
        store.storage().protect(&key, until).await?;
    }
    Ok(())
}

/// Locks a copy that was just published, for as long as its store says. One that has a lock keeps that: it was published
/// before.
pub(crate) async fn immutable(store: &Store, held: &crate::store::Held, seconds: u64, world: &dyn World) -> Result<()> {
    let manifest = &held.manifest;
    if store.found(held).await?.locked_until.is_some() {
        return Ok(());
    }
    let now = world.now();
    let span = jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    let until = now.checked_add(span).unwrap_or(Timestamp::MAX);
    let until = Timestamp::from_second(until.as_second()).unwrap_or(until);
    protect(store, manifest, until).await.map_err(|error| Error {
        message: format!("artifact {} is in store `{}`, and nothing holds it there: {error}", manifest.id, store.name),
        ..error
    })?;
    fault::point("before-immutable");
    write_lock(store, manifest, now, until, "because the store says `immutable`").await
}

/// Takes back the marks of copies that were to go, as long as their manifests are there.
pub async fn revive(plan: &Plan, outfit: &Outfit, state: &Path, asked: &Asked) -> Result<Vec<Held>> {
    let state = State::open(state)?;
    let mut out = Vec::new();
    for (store, found) in copies(plan, outfit, &state, asked).await? {
        if found.tombstone.is_none() {
            out.push(held(&store, &found, Ok("it is not marked to go".to_owned())));
            continue;
        }
        let came = revive_one(&store, &found, outfit, &state).await;
        if came.is_ok() {
            state.catalog.put(&store.found(&found.held).await?)?;
        }
        out.push(held(&store, &found, came));
    }
    Ok(out)
}

/// Under the lease of a prune: no other one is half-way through this copy.
async fn revive_one(store: &Store, found: &Found, outfit: &Outfit, state: &State) -> Result<String> {
    let _only = state.lock_store(&store.name)?;
    let lease = store.lease(LEASE, &state.identity()?, &outfit.world).await?;
    let manifest = &found.held.manifest;
    let revived = async {
        if store.held(&manifest.source, &manifest.database, &manifest.id).await?.is_none() {
            return Err(Error::permanent("artifact-missing", "its manifest is gone, and its bytes may be"));
        }
        fault::point("before-revival");
        store.storage().delete(&layout::tombstone(&found.folder)).await?;
        Ok("it stays; a later prune judges it anew".to_owned())
    }
    .await;
    lease.give_back().await?;
    revived
}

fn held(store: &Store, found: &Found, came: Result<String>) -> Held {
    let fact = &found.fact;
    Held {
        store: store.name.clone(),
        source: fact.source.clone(),
        database: fact.database.clone(),
        id: fact.id.clone(),
        came,
    }
}

/// The copies that are asked for, in the stores that can be read; all of one artifact.
async fn copies(plan: &Plan, outfit: &Outfit, state: &State, asked: &Asked) -> Result<Vec<(Store, Found)>> {
    let stores: Vec<_> =
        plan.stores.iter().filter(|store| asked.store.as_ref().is_none_or(|it| *it == store.name)).collect();
    if stores.is_empty() {
        let name = asked.store.as_deref().unwrap_or_default();
        return Err(Error::permanent("store-unknown", format!("the strategy has no store `{name}`"))
            .help("Name one of the strategy, or none to mean all."));
    }
    let mut out: Vec<(Store, Found)> = Vec::new();
    for store in stores {
        let Some(opened) = look::open(plan, store, outfit, state).await? else { continue };
        let survey = opened.survey().await?;
        let wanted = survey.found.into_iter().filter(|found| found.fact.id.starts_with(&asked.id));
        out.extend(wanted.map(|found| (opened.clone(), found)));
    }
    let Some(first) = out.first().map(|(_, found)| found.fact.id.clone()) else {
        return Err(Error::permanent(
            "artifact-unknown",
            format!("no artifact has an id that begins with `{}`", asked.id),
        )
        .help("List them with `backstay catalog list`."));
    };
    if let Some((_, other)) = out.iter().find(|(_, found)| found.fact.id != first) {
        let message = format!("`{}` is the beginning of several ids: {first}, {}", asked.id, other.fact.id);
        return Err(Error::permanent("artifact-ambiguous", message).help("Write more of the id."));
    }
    Ok(out)
}
