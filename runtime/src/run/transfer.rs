//! One transfer step: an artifact from one store to another, without the source. The copy has the same id and digests.

use super::backup::{LOST, begun, clean_up, located, publish, remember, report};
use super::executor::{Done, Located, Work, unless_cancelled};
use super::workshop::Workshop;
use crate::artifact::{channel, download, pace::Pace, sized, upload};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::{Held, Published, Store};
use schema::manifest::Manifest;
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
    let held = expect(&from, at).await?;
    if let Some(there) = to.held(&at.source, &at.database, &at.id).await? {
        return converged(shop, &to, &held, &there, context).await;
    }
    let manifest = Manifest { attempt: work.attempt.clone(), ..held.manifest.clone() };
    if let Err(error) = copy(shop, work, (&from, &to), (&held.manifest, &manifest), bandwidth, context).await {
        clean_up(&to, &to.bytes_key(&manifest), &context.observers).await;
        // Another attempt may have gone on where this one could not.
        return match to.held(&at.source, &at.database, &at.id).await {
            Ok(Some(there)) if error.kind != ProblemKind::Cancelled => {
                converged(shop, &to, &held, &there, context).await
            }
            _ => Err(error),
        };
    }
    let published = publish(&to, &manifest, &context.observers).await?;
    remember(shop, &to, published.held(), context).await?;
    let lost = if matches!(published, Published::Theirs(_)) { LOST } else { "" };
    let detail = format!("{} from `{}` to `{}`{lost}", sized(manifest.artifact.size), from.name, to.name);
    Ok(Done::ok(detail).with(report(&to, &published.held().manifest)))
}

/// Counts a copy that is there already, after reading it back.
async fn converged(shop: &Workshop, to: &Store, held: &Held, there: &Held, context: &Context) -> Result<Done> {
    let (key, manifest) = (to.bytes_key(&there.manifest), &there.manifest);
    download::check(to.storage(), &key, &held.manifest.artifact, &context.observers).await?;
    to.sweep(&manifest.source, &manifest.database, &manifest.id, &manifest.attempt).await?;
    remember(shop, to, there, context).await?;
    let detail = format!("`{}` held it already; it was read back", to.name);
    Ok(Done::ok(detail).with(report(to, manifest)))
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
    begun(shop, work, to, &key, Vec::new())?;
    let session = storage.begin(&key, size).await?;
    begun(shop, work, to, &key, session.clone())?;
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
