//! One transfer step: an artifact from one store to another, without the source. The copy has the same id and digests.

use super::announce::{LOST, clean_up, publish, remember};
use super::backup::{encoded, located, report};
use super::carry;
use super::chain;
use super::executor::{Done, Located, Work, unless_cancelled};
use super::pass::{Passed, Way, pass, way};
use super::send::{Length, Sending};
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::download::Expected;
use crate::artifact::encode::{self, Layers};
use crate::artifact::{channel, pace::Pace, sized};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::{Held, Published, Store, layout};
use schema::manifest::{Copied, Indexed, Manifest};
use schema::report::{ArtifactReport, ProblemKind};
use std::sync::Arc;
use std::time::Instant;

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
    let before = chain::transfer_before(shop, work, (&from, &to), &held, bandwidth, context).await?;
    if let Some(there) = to.held(&at.source, &at.database, &at.id).await? {
        return converged(shop, (&from, &to), &held, &there, context).await;
    }
    let (detail, brought) = bring(shop, work, (&from, &to), &held, bandwidth, context).await?;
    let chain = match before.as_slice() {
        [] => String::new(),
        links => {
            let size = links.iter().map(|link| link.size).sum();
            format!(", and {} before it in its chain, {}", links.len(), sized(size))
        }
    };
    Ok(Done::ok(format!("{detail}{chain}")).with(brought))
}

/// Copies bytes and index, and publishes them. Returns what a person is told, and the copy.
pub(super) async fn bring(
    shop: &Workshop,
    work: &Work,
    (from, to): (&Store, &Store),
    held: &Held,
    bandwidth: Option<u64>,
    context: &Context,
) -> Result<(String, ArtifactReport)> {
    let old = &held.manifest;
    let bringing = Bringing { shop, work, from, to, old, way: &way(old, from, to)?, bandwidth, context };
    if let Some((manifest, there)) = carry::go_on(&bringing).await? {
        let (detail, report) = announce(&bringing, &manifest).await?;
        let there = sized(there);
        return Ok((format!("{detail}, gone on with behind {there} of another attempt and read back"), report));
    }
    let began = Instant::now();
    let planned = planned(old, bringing.way, &work.attempt);
    let manifest = match copy(&bringing, &planned).await {
        Ok(manifest) => Manifest { moved: u64::try_from(began.elapsed().as_millis()).ok(), ..manifest },
        Err(error) => {
            if !shop.carries(&to.name, &to.bytes_key(&planned)) {
                clean_up(to, to.objects(&planned), &context.observers).await;
            }
            // Another attempt may have gone on where this one could not.
            return match to.held(&old.source, &old.database, &old.id).await {
                Ok(Some(there)) if error.kind != ProblemKind::Cancelled => {
                    let done = converged(shop, (from, to), held, &there, context).await?;
                    Ok((done.detail, report(to, &there.manifest)))
                }
                _ => Err(error),
            };
        }
    };
    announce(&bringing, &manifest).await
}

/// What a transfer of one artifact is made of.
pub(super) struct Bringing<'a> {
    pub(super) shop: &'a Workshop,
    pub(super) work: &'a Work,
    pub(super) from: &'a Store,
    pub(super) to: &'a Store,
    /// What the manifest of the copy says that is read.
    pub(super) old: &'a Manifest,
    pub(super) way: &'a Way,
    pub(super) bandwidth: Option<u64>,
    pub(super) context: &'a Context,
}

/// Publishes a copy whose bytes are durable.
async fn announce(bringing: &Bringing<'_>, manifest: &Manifest) -> Result<(String, ArtifactReport)> {
    let Bringing { shop, from, to, context, .. } = bringing;
    let published = publish(to, manifest, &context.observers).await?;
    remember(shop, to, published.held(), context).await?;
    let lost = if matches!(published, Published::Theirs(_)) { LOST } else { "" };
    let size = sized(manifest.artifact.size);
    let detail = format!("{size} from `{}` to `{}`{}{lost}", from.name, to.name, encoded(manifest));
    Ok((detail, report(to, &published.held().manifest)))
}

/// Counts a copy that is there already, after reading it back.
async fn converged(
    shop: &Workshop,
    (from, to): (&Store, &Store),
    held: &Held,
    there: &Held,
    context: &Context,
) -> Result<Done> {
    let manifest = &there.manifest;
    to.stays(manifest).await?;
    if manifest.artifact != held.manifest.artifact {
        let message = format!("`{}` and `{}` hold different bytes under artifact {}", from.name, to.name, manifest.id);
        return Err(Error::integrity("artifact-differs", message).help("Verify both copies to see which is right."));
    }
    to.check_stored(manifest, &context.observers).await?;
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

/// What the manifest of the new copy will be, but for sizes and digests that are not known before it is made.
pub(super) fn planned(old: &Manifest, way: &Way, attempt: &str) -> Manifest {
    // What it takes from here to there is not what it took to get here.
    let mut new = Manifest { attempt: attempt.to_owned(), moved: None, ..old.clone() };
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
    if let (Some(index), Some(_)) = (&mut new.index, index_way(way)) {
        let plain = index.file.strip_suffix(".age").unwrap_or(&index.file);
        index.file = encode::file_name(plain, &[encode::AGE.to_owned()]);
    }
    new
}

/// How the index goes when it does not go as it is stored: the same way as the bytes, but that it is compressed already.
fn index_way(way: &Way) -> Option<Way> {
    match way {
        Way::Anew { open, layers, .. } if open.is_some() || !layers.recipients.is_empty() => Some(Way::Anew {
            open: open.clone(),
            layers: Layers { zstd: None, recipients: layers.recipients.clone() },
            encoding: Vec::new(),
        }),
        Way::Anew { .. } | Way::Verbatim => None,
    }
}

/// Copies the bytes and the index; the manifest of the new copy.
async fn copy(bringing: &Bringing<'_>, planned: &Manifest) -> Result<Manifest> {
    let Bringing { shop, work, from, to, old, way, bandwidth, context } = *bringing;
    let mut new = planned.clone();
    let verbatim = matches!(way, Way::Verbatim);
    let length = if verbatim { Length::Known(Expected::of(old).size) } else { Length::About(old.artifact.size) };
    let sending = Sending::begin(shop, (work, &new.attempt), to, &to.bytes_key(&new), length).await?;
    // What is encoded anew is never the same again.
    let sending = if verbatim { sending.lasting() } else { sending };
    fault::point("in-transfer");
    let quiet = context.observers.silent();
    let (sink, feed) = channel();
    let reading = from.read_stored(old, sink, Pace::new(bandwidth), &quiet);
    let passing = pass(way, reading, feed, &sending, &context.observers);
    let passed = unless_cancelled(context, passing).await.flatten();
    let passed = passed.and_then(|passed| same(old, passed.came.as_ref()).map(|()| passed));
    let Passed { sent, receipts, .. } = match passed {
        Ok(passed) => passed,
        Err(error) => {
            sending.set_aside(&error).await;
            return Err(error);
        }
    };
    if let Some(copy) = new.copy.as_mut().filter(|_| !verbatim) {
        copy.size = sent.size;
        copy.blake3 = sent.blake3;
        copy.sha256 = sent.sha256.unwrap_or_default();
    }
    sending.commit(&receipts).await?;
    new.index = copy_index(bringing, &new).await?;
    Ok(new)
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

/// Copies the index.
pub(super) async fn copy_index(bringing: &Bringing<'_>, new: &Manifest) -> Result<Option<Indexed>> {
    let Bringing { shop, work, from, to, old, way, context, .. } = *bringing;
    let Some(file) = new.index.as_ref().map(|index| index.file.clone()) else { return Ok(None) };
    let way = index_way(way).unwrap_or(Way::Verbatim);
    let folder = to.folder(&new.source, &new.database, &new.id);
    let key = layout::bytes(&folder, &new.attempt, &file);
    let sending = Sending::begin(shop, (work, &new.attempt), to, &key, Length::Unknown).await?;
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
