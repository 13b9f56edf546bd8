//! One transfer step: an artifact from one store to another, without the source. The copy has the same id and digests.

use super::backup::{encoded, located, report};
use super::executor::{Done, Located, Work, unless_cancelled};
use super::pass::{Passed, Way, pass, way};
use super::send::Sending;
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::download::Expected;
use crate::artifact::encode::{self, Layers};
use crate::artifact::{channel, pace::Pace, sized};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::{Held, Store, layout};
use schema::manifest::{Copied, Indexed, Manifest};
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
        if there.manifest.artifact != held.manifest.artifact {
            let message = format!("`{}` and `{}` hold different bytes under artifact {}", from.name, to.name, at.id);
            return Err(Error::integrity("artifact-differs", message).help("Verify both copies to see which is right."));
        }
        to.check_stored(&there.manifest, &context.observers).await?;
        to.sweep(&at.source, &at.database, &at.id, &there.manifest.attempt).await?;
        shop.state.catalog.put(&to.found(&there).await?)?;
        let detail = format!("`{}` held it already; it was read back", to.name);
        return Ok(Done::ok(detail).with(report(&to, &there.manifest)));
    }
    to.sweep(&at.source, &at.database, &at.id, "").await?;
    let manifest = match copy(shop, work, (&from, &to), &held.manifest, bandwidth, context).await {
        Ok(manifest) => manifest,
        Err(error) => {
            // Best effort: without a manifest nothing will use what stays.
            let _ = to.sweep(&at.source, &at.database, &at.id, "").await;
            return Err(error);
        }
    };
    let published = to.publish(&manifest, &context.observers).await?;
    shop.state.catalog.put(&to.stored(published.held(), false))?;
    let size = sized(manifest.artifact.size);
    let detail = format!("{size} from `{}` to `{}`{}", from.name, to.name, encoded(&manifest));
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

/// Copies the bytes and the index; the manifest of the new copy.
async fn copy(
    shop: &Workshop,
    work: &Work,
    (from, to): (&Store, &Store),
    old: &Manifest,
    bandwidth: Option<u64>,
    context: &Context,
) -> Result<Manifest> {
    let way = way(old, from, to)?;
    let mut new = announced(old, &way, &work.attempt);
    let size = matches!(way, Way::Verbatim).then(|| Expected::of(old).size);
    let sending = Sending::begin(shop, work, to, &to.bytes_key(&new), size).await?;
    fault::point("in-transfer");
    let quiet = context.observers.silent();
    let (sink, feed) = channel();
    let reading = from.read_stored(old, sink, Pace::new(bandwidth), &quiet);
    let passing = pass(&way, reading, feed, &sending, &context.observers);
    let passed = unless_cancelled(context, passing).await.flatten();
    let passed = passed.and_then(|passed| same(old, passed.came.as_ref()).map(|()| passed));
    let Passed { sent, receipts, .. } = match passed {
        Ok(passed) => passed,
        Err(error) => {
            sending.abort().await;
            return Err(error);
        }
    };
    if let Some(copy) = new.copy.as_mut().filter(|_| !matches!(way, Way::Verbatim)) {
        copy.size = sent.size;
        copy.blake3 = sent.blake3;
        copy.sha256 = sent.sha256.unwrap_or_default();
    }
    sending.commit(&receipts).await?;
    new.index = copy_index(shop, work, (from, to), &way, (old, &new), context).await?;
    Ok(new)
}

/// The manifest of the new copy; digests of what is encoded anew are not known yet.
fn announced(old: &Manifest, way: &Way, attempt: &str) -> Manifest {
    let mut new = Manifest { attempt: attempt.to_owned(), ..old.clone() };
    if let Way::Anew { layers, encoding, .. } = way {
        new.copy = Some(Copied {
            file: encode::file_name(&old.artifact.file, encoding),
            size: 0,
            blake3: String::new(),
            sha256: String::new(),
            encoding: encoding.clone(),
            recipients: layers.recipients.clone(),
        });
    }
    new
}

/// What was encoded anew must be the artifact, where it was that and not something compressed.
fn same(old: &Manifest, came: Option<&Digested>) -> Result<()> {
    let compressed = old.copy.as_ref().is_some_and(|copy| copy.encoding.iter().any(|name| name == encode::ZSTD));
    match came {
        Some(came) if !compressed && came.blake3 != old.artifact.blake3 => Err(Error::integrity(
            "artifact-damaged",
            format!("the copy decodes to the BLAKE3 digest {}, its manifest says {}", came.blake3, old.artifact.blake3),
        )),
        _ => Ok(()),
    }
}

/// The index goes the same way, but that it is compressed already.
async fn copy_index(
    shop: &Workshop,
    work: &Work,
    (from, to): (&Store, &Store),
    way: &Way,
    (old, new): (&Manifest, &Manifest),
    context: &Context,
) -> Result<Option<Indexed>> {
    let Some(index) = &old.index else { return Ok(None) };
    let way = match way {
        Way::Anew { open, layers, .. } if open.is_some() || !layers.recipients.is_empty() => Way::Anew {
            open: open.clone(),
            layers: Layers { zstd: None, recipients: layers.recipients.clone() },
            encoding: Vec::new(),
        },
        Way::Anew { .. } | Way::Verbatim => Way::Verbatim,
    };
    let plain = index.file.strip_suffix(".age").unwrap_or(&index.file);
    let file = match &way {
        Way::Verbatim => index.file.clone(),
        Way::Anew { .. } => encode::file_name(plain, &[encode::AGE.to_owned()]),
    };
    let folder = to.folder(&new.source, &new.database, &new.id);
    let sending = Sending::begin(shop, work, to, &layout::bytes(&folder, &new.attempt, &file), None).await?;
    let quiet = context.observers.silent();
    let (sink, feed) = channel();
    let reading = async { from.read_index(old, sink, &quiet).await.map(|_| ()) };
    match pass(&way, reading, feed, &sending, &quiet).await {
        Ok(Passed { sent, receipts, .. }) => {
            sending.commit(&receipts).await?;
            Ok(Some(Indexed { file, size: sent.size, blake3: sent.blake3 }))
        }
        Err(error) => {
            sending.abort().await;
            Err(error)
        }
    }
}
