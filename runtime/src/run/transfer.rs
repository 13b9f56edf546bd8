//! One transfer step: an artifact from one store to another, without the source. The copy has the same id and digests.

use super::backup::{located, report};
use super::executor::{Done, Located, Work, unless_cancelled};
use super::workshop::Workshop;
use crate::artifact::{channel, download, pace::Pace, sized, upload};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::{Held, Store};
use schema::manifest::Manifest;
use schema::record::Record;
use schema::report::ProblemKind;
use std::sync::Arc;

/// Brings the artifact of `work` to `to`, or finds that it is there already.
pub(super) async fn perform(
    shop: &Arc<Workshop>,
    work: &Work,
    from: &str,
    to: &str,
    bandwidth: Option<u64>,
    context: &Context,
) -> Result<Done> {
    let at = located(work)?;
    let from = shop.store(from, &context.observers).await?;
    let to = shop.store(to, &context.observers).await?;
    to.accepts()?;
    let held = expect(&from, at).await?;
    if let Some(there) = to.held(&at.source, &at.database, &at.id).await? {
        let key = to.bytes_key(&there.manifest);
        download::check(to.storage(), &key, &held.manifest.artifact, &context.observers).await?;
        to.sweep(&at.source, &at.database, &at.id, &there.manifest.attempt).await?;
        shop.state.catalog.put(&to.found(&there).await?)?;
        let detail = format!("`{}` held it already; it was read back", to.name);
        return Ok(Done::ok(detail).with(report(&to, &there.manifest)));
    }
    to.sweep(&at.source, &at.database, &at.id, "").await?;
    let manifest = Manifest { attempt: work.attempt.clone(), ..held.manifest.clone() };
    if let Err(error) = copy(shop, work, (&from, &to), (&held.manifest, &manifest), bandwidth, context).await {
        // Best effort: without a manifest nothing will use what stays.
        let _ = to.sweep(&at.source, &at.database, &at.id, "").await;
        return Err(error);
    }
    let published = to.publish(&manifest, &context.observers).await?;
    shop.state.catalog.put(&to.stored(published.held(), false))?;
    let detail = format!("{} from `{}` to `{}`", sized(manifest.artifact.size), from.name, to.name);
    Ok(Done::ok(detail).with(report(&to, &published.held().manifest)))
}

/// The artifact's manifest in a store that must hold it, and the one that the plan relies on.
pub(super) async fn expect(store: &Store, at: &Located) -> Result<Held> {
    let held = store.held(&at.source, &at.database, &at.id).await?.ok_or_else(|| {
        Error::permanent("artifact-missing", format!("store `{}` does not hold artifact {}", store.name, at.id))
            .help("Run `backstay catalog rebuild` to see what the stores hold, then make the plan again.")
    })?;
    match &at.manifest {
        Some(wanted) if *wanted != held.digest => {
            let message = format!("the manifest of artifact {} in store `{}` has moved", at.id, store.name);
            Err(Error::new(ProblemKind::Conflict, "plan-stale", message).help("Make the plan again."))
        }
        _ => Ok(held),
    }
}

async fn copy(
    shop: &Workshop,
    work: &Work,
    (from, to): (&Store, &Store),
    (old, new): (&Manifest, &Manifest),
    bandwidth: Option<u64>,
    context: &Context,
) -> Result<()> {
    let (storage, key, size) = (to.storage(), to.bytes_key(new), Some(new.artifact.size));
    let plan = storage.prepare(&key, size).await?;
    let session = storage.begin(&key, size).await?;
    shop.record(&Record::UploadStarted {
        step: work.address.clone(),
        attempt: work.attempt.clone(),
        store: to.name.clone(),
        key,
        session: session.clone(),
    })?;
    fault::point("in-transfer");
    let (sink, feed) = channel();
    let quiet = context.observers.silent();
    let old_key = from.bytes_key(old);
    let both = async {
        tokio::join!(
            download::download(from.storage(), &old_key, &old.artifact, sink, Pace::new(bandwidth), &quiet),
            upload::upload(feed, storage, &session, plan, Pace::new(None), &context.observers, size),
        )
    };
    let (read, written) = match unless_cancelled(context, both).await {
        Ok(both) => both,
        Err(cancelled) => return abort(to, &session, cancelled).await,
    };
    let receipts = match (read, written) {
        (Ok(()), Ok((_, receipts))) => receipts,
        (Err(error), _) if error.code != "consumer-gone" => return abort(to, &session, error).await,
        (_, Err(error)) | (Err(error), _) => return abort(to, &session, error).await,
    };
    fault::point("before-commit");
    storage.commit(&session, &receipts).await
}

async fn abort(to: &Store, session: &[u8], error: Error) -> Result<()> {
    // The first error is the one to tell; what stays is swept by its key.
    let _ = to.storage().abort(session).await;
    Err(error)
}
