//! One verify step: an artifact read back through its store's plugin, and what was found written beside it.

use super::backup::{located, report};
use super::executor::{Done, Work, unless_cancelled};
use super::transfer::expect;
use super::workshop::Workshop;
use super::{chain, index};
use crate::artifact::{channel, download, pace::Pace, sized};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::store::{Held, Store};
use schema::manifest::{FORMAT, LaterFact};
use schema::report::ProblemKind;
use schema::step::Check;
use std::sync::Arc;

/// Checks the artifact of `work` in `store`.
pub(super) async fn perform(
    shop: &Arc<Workshop>,
    work: &Work,
    store: &str,
    with: Check,
    context: &Context,
) -> Result<Done> {
    let at = located(work)?;
    let store = shop.store(store, &context.observers).await?;
    let held = expect(&store, at).await?;
    let checked = match with {
        Check::Digest => by_digest(&store, &held, context).await,
        Check::Consistency => by_engine(shop, &store, &held, context).await,
    };
    let verdict = match &checked {
        Ok(detail) => Some((true, detail.clone())),
        // An attempt that could not be made says nothing about the artifact.
        Err(error) if error.kind == ProblemKind::Integrity => Some((false, error.message.clone())),
        Err(_) => None,
    };
    if let Some((ok, detail)) = verdict {
        let fact = LaterFact {
            format: FORMAT,
            id: at.id.clone(),
            with: name(with).to_owned(),
            ok,
            at: now(context),
            run: shop.run.clone(),
            detail,
        };
        store.record_fact(&held.manifest, &fact).await?;
        shop.state.catalog.put(&store.stored(&held, ok))?;
    }
    let detail = checked.map_err(|error| name_the_artifact(error, &store, &at.id))?;
    Ok(Done::ok(detail).with(report(&store, &held.manifest)))
}

fn name(with: Check) -> &'static str {
    match with {
        Check::Digest => "digest",
        Check::Consistency => "consistency",
    }
}

fn now(context: &Context) -> String {
    context.world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

async fn by_digest(store: &Store, held: &Held, context: &Context) -> Result<String> {
    let (key, content) = (store.bytes_key(&held.manifest), &held.manifest.artifact);
    unless_cancelled(context, download::check(store.storage(), &key, content, &context.observers)).await??;
    unless_cancelled(context, index::check(store, &held.manifest, context)).await??;
    // Its bytes may be right and worth nothing: what they build on has to be there as well.
    chain::links(store, held).await?;
    Ok(format!("{} read back from `{}`, BLAKE3 as in the manifest", sized(content.size), store.name))
}

async fn by_engine(shop: &Workshop, store: &Store, held: &Held, context: &Context) -> Result<String> {
    let manifest = &held.manifest;
    let engine = shop.engine(&manifest.source)?;
    if manifest.chain.is_some() {
        return chain::read(engine, store, held, chain::Reader::Verify, context).await;
    }
    let (sink, feed) = channel();
    let key = store.bytes_key(manifest);
    let quiet = context.observers.silent();
    let (read, checked) = tokio::join!(
        download::download(store.storage(), &key, &manifest.artifact, sink, Pace::new(None), &quiet),
        engine.verify(&manifest.database, feed, context),
    );
    prefer_damage(read, checked)
}

/// When the bytes were wrong, that is the cause, whatever the engine made of them.
pub(super) fn prefer_damage<T>(read: Result<()>, used: Result<T>) -> Result<T> {
    match (read, used) {
        (Err(read), _) if read.code != "consumer-gone" => Err(read),
        (_, Err(used)) => Err(used),
        (Ok(()), Ok(used)) => Ok(used),
        (Err(read), Ok(_)) => Err(read),
    }
}

/// The message names the artifact and the store; the line of the strategy is added where the step is known.
pub(super) fn name_the_artifact(mut error: Error, store: &Store, id: &str) -> Error {
    error.message = format!("artifact {id} in store `{}`: {}", store.name, error.message);
    error
}
