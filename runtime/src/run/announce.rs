//! Announcing a copy whose bytes are durable: published, locked where its store says so, and known to the catalog. And
//! the other way: what an attempt left that will never be announced goes.

use super::workshop::Workshop;
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::hold;
use crate::store::{Held, Published, Store};
use schema::manifest::Manifest;
use schema::report::ProblemKind;

/// What a step says whose attempt came second.
pub(super) const LOST: &str =
    ", published by another attempt that was first; its bytes were read back, and those of this attempt removed";

/// Publishes, and then removes what other attempts left. Not before: while no manifest stands, one of them may be alive
/// and win.
pub(super) async fn publish(store: &Store, manifest: &Manifest, observers: &StepObservers) -> Result<Published> {
    let published = match store.publish(manifest, observers).await {
        Ok(published) => published,
        Err(error) => {
            give_up(store, manifest, &error, observers).await;
            return Err(error);
        }
    };
    let held = &published.held().manifest;
    if let Err(error) = store.sweep(&held.source, &held.database, &held.id, &held.attempt).await {
        let message = format!("what other attempts left in store `{}` could not be removed: {error}", store.name);
        observers.notice(message, Some("It has no manifest, so nothing will use it.".to_owned()));
    }
    Ok(published)
}

/// Removes the bytes of an attempt that could not be published, when it is certain that no manifest names them: an error
/// that may pass says nothing about whether the manifest arrived.
async fn give_up(store: &Store, manifest: &Manifest, error: &Error, observers: &StepObservers) {
    let useless = match store.held(&manifest.source, &manifest.database, &manifest.id).await {
        Ok(Some(held)) => held.manifest.attempt != manifest.attempt,
        Ok(None) => error.kind != ProblemKind::Temporary,
        Err(_) => false,
    };
    if useless {
        clean_up(store, store.objects(manifest), observers).await;
    }
}

/// A copy is published: it is locked where its store says so, and the catalog learns what the store knows of it.
pub(super) async fn remember(shop: &Workshop, store: &Store, held: &Held, context: &Context) -> Result<()> {
    if let Some(seconds) = shop.immutable(&store.name) {
        hold::immutable(store, held, seconds, context.world.as_ref()).await?;
    }
    shop.state.catalog.put(&store.found(held).await?)
}

/// Removes objects of an attempt that ended, with what its unfinished sessions left under their keys. What a manifest names
/// stays.
pub(super) async fn clean_up(store: &Store, keys: impl IntoIterator<Item = String>, observers: &StepObservers) {
    for key in keys {
        if let Err(error) = store.discard(&key).await {
            let message =
                format!("what the failed attempt left in store `{}` could not be removed: {error}", store.name);
            observers.notice(message, Some("It has no manifest, so nothing will use it.".to_owned()));
        }
    }
}
