//! Looks at the world for the compiler: which databases sources have, what stores hold. Nothing is changed.

use crate::engine;
use crate::error::{Error, Result};
use crate::process::Children;
use crate::run::Outfit;
use crate::run::state::State;
use crate::store::{self, Identity};
use schema::fact::{Inventory, StoredArtifact};
use schema::plan::Plan;
use schema::step::Address;
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
        let Some(engine) = engine::open(source, outfit.world.base(), &outfit.secrets) else { continue };
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
                state.catalog.rebuild(&store.name, &artifacts)?;
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
