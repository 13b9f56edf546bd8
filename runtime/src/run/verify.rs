//! One verify step: an artifact read back through its store's plugin, and what was found written beside it.

use super::backup::{located, report};
use super::chain;
use super::executor::{Done, Work, unless_cancelled};
use super::transfer::expect;
use super::workshop::Workshop;
use crate::artifact::stream::prefer_damage;
use crate::artifact::{channel, pace::Pace, sized};
use crate::engine::{Context, Examined};
use crate::error::{Error, Result};
use crate::store::{Checked, Held, Store};
use schema::manifest::{FORMAT, LaterFact};
use schema::report::ProblemKind;
use schema::step::Check;
use std::sync::Arc;
use std::time::Instant;

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
    let began = Instant::now();
    let checked = match with {
        Check::Digest => by_digest(&store, &held, context).await.map(Examined::from),
        Check::Consistency => by_engine(shop, &store, &held, context).await,
    };
    let took = u64::try_from(began.elapsed().as_millis()).ok();
    let verdict = match &checked {
        Ok(examined) => Some((true, examined.clone())),
        // An attempt that could not be made says nothing about the artifact.
        Err(error) if error.kind == ProblemKind::Integrity => Some((false, error.message.clone().into())),
        Err(_) => None,
    };
    if let Some((ok, Examined { detail, transaction })) = verdict {
        let found = fact(shop, &held, ok, detail, context);
        note(shop, &store, &held, LaterFact { with: name(with).to_owned(), took, transaction, ..found }).await?;
    }
    let examined = checked.map_err(|error| name_the_artifact(error, &store, &at.id))?;
    Ok(Done::ok(examined.detail).with(report(&store, &held.manifest)))
}

/// A fact about a copy as this run found it now; what it was found with is still to be said.
pub(super) fn fact(shop: &Workshop, held: &Held, ok: bool, detail: String, context: &Context) -> LaterFact {
    LaterFact {
        format: FORMAT,
        id: held.manifest.id.clone(),
        with: String::new(),
        ok,
        at: now(context),
        run: shop.run.clone(),
        detail,
        until: None,
        took: None,
        drill: None,
        transaction: None,
    }
}

/// Writes a fact beside the copy that it is about, and has the catalog know.
pub(super) async fn note(shop: &Workshop, store: &Store, held: &Held, fact: LaterFact) -> Result<()> {
    if !(shop.resumed && store.has_fact(&held.manifest, &fact).await?) {
        store.record_fact(&held.manifest, &fact).await?;
    }
    shop.state.catalog.put(&store.found(held).await?)
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
    let manifest = &held.manifest;
    let checked = unless_cancelled(context, store.check(manifest, &context.observers)).await??;
    // Its bytes may be right and worth nothing: what they build on has to be there as well.
    chain::links(store, held).await?;
    let (size, name) = (sized(manifest.artifact.size), &store.name);
    Ok(match (checked, &manifest.copy) {
        (_, None) => format!("{size} read back from `{name}`, BLAKE3 as in the manifest"),
        (Checked::Artifact, Some(copy)) => {
            let encoding = copy.encoding.join(" and ");
            format!("{size} read back from `{name}` through {encoding}, BLAKE3 as in the manifest")
        }
        (Checked::Stored, Some(copy)) => format!(
            "{} of encrypted bytes read back from `{name}`, BLAKE3 as in the manifest; not decrypted, because the store has no \
             `identity`",
            sized(copy.size)
        ),
    })
}

async fn by_engine(shop: &Workshop, store: &Store, held: &Held, context: &Context) -> Result<Examined> {
    let manifest = &held.manifest;
    let engine = shop.engine_of(manifest)?;
    if manifest.chain.is_some() {
        let links = chain::links(store, held).await?;
        return chain::read(engine, store, &links, chain::Reader::Verify, context).await.map(Examined::from);
    }
    let (sink, feed) = channel();
    let quiet = context.observers.silent();
    let (read, checked) = tokio::join!(
        store.read(manifest, sink, Pace::new(None), &quiet),
        engine.verify(&manifest.database, feed, context),
    );
    prefer_damage(read, checked)
}

/// The message names the artifact and the store; the line of the strategy is added where the step is known.
pub(super) fn name_the_artifact(mut error: Error, store: &Store, id: &str) -> Error {
    error.message = format!("artifact {id} in store `{}`: {}", store.name, error.message);
    error
}
