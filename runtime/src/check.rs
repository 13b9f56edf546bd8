//! Looks through stores without reading a byte of an artifact: is every document what it should be, are the bytes there in
//! their size, is the catalog right? Nothing is changed, and nothing that a document names is followed.

use crate::artifact::download::Expected;
use crate::error::Result;
use crate::look;
use crate::run::Outfit;
use crate::run::state::State;
use crate::store::Store;
use crate::store::survey::{Folder, Found, Survey};
use schema::fact::{Drift, Trouble};
use schema::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Everything that is wrong, or worth knowing, with the stores of `plan`, in the order of the stores.
pub async fn check(plan: &Plan, outfit: &Outfit, state: &Path) -> Result<Vec<Trouble>> {
    let state = State::open(state)?;
    let known = state.catalog.artifacts()?;
    let mut troubles = Vec::new();
    for store in &plan.stores {
        let looked = match look::open(plan, store, outfit, &state).await {
            Ok(Some(opened)) => all_of(&opened).await.map(|(survey, unfinished)| Some((opened, survey, unfinished))),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        match looked {
            Ok(Some((opened, survey, unfinished))) => {
                troubles.extend(of_store(&opened, &survey, &unfinished));
                let drift = look::differences(&known, &survey.artifacts(), &store.name);
                troubles.extend(drift.into_iter().map(drifted));
            }
            Ok(None) => troubles.push(Trouble {
                wrong: false,
                ..trouble(&store.name, "", "store-unused", "it was never used".to_owned())
            }),
            Err(error) => troubles.push(trouble(&store.name, "", error.code, error.message)),
        }
    }
    Ok(troubles)
}

/// A trouble with what is in an artifact's folder.
fn trouble(store: &str, folder: &str, code: &str, message: String) -> Trouble {
    let mut parts = folder.split('/').skip(1).map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let (source, database, id) = (next(), next(), next());
    Trouble { store: store.to_owned(), source, database, id, code: code.to_owned(), message, wrong: true }
}

fn drifted(drift: Drift) -> Trouble {
    Trouble {
        store: drift.store,
        source: drift.source,
        database: drift.database,
        id: drift.id,
        code: "catalog-drift".to_owned(),
        message: drift.what,
        wrong: true,
    }
}

/// What is there, and what is not yet.
async fn all_of(store: &Store) -> Result<(Survey, BTreeMap<String, Folder>)> {
    Ok((store.survey().await?, store.unfinished().await?))
}

fn of_store(store: &Store, survey: &Survey, unfinished: &BTreeMap<String, Folder>) -> Vec<Trouble> {
    let name = &store.name;
    let mut out: Vec<Trouble> = Vec::new();
    for fault in &survey.faults {
        out.push(trouble(name, &fault.folder, fault.error.code, fault.error.message.clone()));
    }
    let ids: BTreeSet<_> =
        survey.found.iter().map(|found| (&found.fact.source, &found.fact.database, &found.fact.id)).collect();
    for found in &survey.found {
        out.extend(bytes(store, survey, found));
        if let Some(parent) = &found.fact.parent
            && !ids.contains(&(&found.fact.source, &found.fact.database, parent))
        {
            let message = format!("it needs artifact {parent}, which the store does not hold");
            out.push(trouble(name, &found.folder, "parent-missing", message));
        }
    }
    out.extend(left_overs(name, survey, unfinished));
    out
}

/// What a manifest names is there, in its size: the bytes as they are stored, and the index.
fn bytes(store: &Store, survey: &Survey, found: &Found) -> Option<Trouble> {
    let manifest = &found.held.manifest;
    let attempts = survey.folders.get(&found.folder).map(|folder| &folder.attempts);
    let there = attempts.and_then(|attempts| attempts.get(&manifest.attempt));
    let stored = (store.bytes_key(manifest), Expected::of(manifest).size);
    let index = store.index_key(manifest).zip(manifest.index.as_ref().map(|index| index.size));
    let troubled = |(key, size): (String, u64)| match there.into_iter().flatten().find(|listed| listed.key == key) {
        None => {
            Some(trouble(&store.name, &found.folder, "bytes-missing", format!("its bytes, `{key}`, are not there")))
        }
        Some(listed) if listed.size != size => {
            let message = format!("`{key}` has {} bytes, its manifest says {size}", listed.size);
            Some(trouble(&store.name, &found.folder, "bytes-size", message))
        }
        Some(_) => None,
    };
    [stored].into_iter().chain(index).find_map(troubled)
}

/// What no manifest names. A run may be writing it at this moment, and a prune clears it away when it is old.
fn left_overs(store: &str, survey: &Survey, unfinished: &BTreeMap<String, Folder>) -> Vec<Trouble> {
    let mut out = Vec::new();
    let mut note = |folder: &str, code: &str, message: String| {
        out.push(Trouble { wrong: false, ..trouble(store, folder, code, message) });
    };
    let named: BTreeSet<(&str, &str)> =
        survey.found.iter().map(|found| (found.folder.as_str(), found.held.manifest.attempt.as_str())).collect();
    for (path, folder) in &survey.folders {
        if folder.tombstone && !folder.manifest {
            note(path, "half-removed", "a prune was cut off here; the next one ends it".to_owned());
            continue;
        }
        for attempt in folder.attempts.keys().filter(|attempt| !named.contains(&(path, attempt))) {
            note(path, "left-over", format!("no manifest names the attempt `{attempt}`; a prune clears it away"));
        }
        for key in &folder.strays {
            note(path, "stray", format!("`{key}` is nothing of Backstay's"));
        }
    }
    for (path, folder) in unfinished {
        let shown = survey.folders.get(path).map(|folder| &folder.attempts);
        let hidden = folder.attempts.keys().filter(|attempt| !shown.is_some_and(|shown| shown.contains_key(*attempt)));
        for attempt in hidden {
            let message = format!("the attempt `{attempt}` began to send and did not end it; a prune clears it away");
            note(path, "left-over", message);
        }
    }
    for key in &survey.strays {
        note("", "stray", format!("`{key}` is nothing of Backstay's"));
    }
    out
}
