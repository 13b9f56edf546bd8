//! The index of a backup as an object beside the artifact: into a store before the manifest, and back to a file.

use super::executor::Work;
use super::send::{Length, Sending};
use super::workshop::Workshop;
use crate::artifact::digest::{Digested, hex};
use crate::artifact::encode::{self, Layers};
use crate::artifact::outlet::{Outlet, cause};
use crate::artifact::stream::{first_cause, prefer_damage};
use crate::artifact::{Feed, Sink, channel};
use crate::blocking::blocking;
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::{Store, layout};
use schema::index::Line;
use schema::manifest::{Indexed, Manifest};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What the name of an index ends with, before the endings of its encodings.
const ENDING: &str = ".index";
/// Level at which an index is compressed, whatever its store says of artifacts.
const LEVEL: u8 = 3;

/// What is done to an index: it is always compressed, and as secret as the artifact.
fn layers(of: &Layers) -> Layers {
    Layers { zstd: Some(LEVEL), recipients: of.recipients.clone() }
}

/// Name of the index of the artifact `file`, whose bytes go through these layers.
pub(super) fn file_name(file: &str, of: &Layers) -> String {
    encode::file_name(&format!("{file}{ENDING}"), &layers(of).names())
}

/// Stores the index that the engine made of `artifact`, if it made one: a step that makes its bytes visible comes after it.
pub(super) async fn publish(
    shop: &Workshop,
    work: &Work,
    store: &Store,
    (folder, attempt, file): (&str, &str, &str),
    of: &Layers,
    artifact: &Digested,
    context: &Context,
) -> Result<Option<Indexed>> {
    let path = context.index();
    if !path.exists() {
        return Ok(None);
    }
    fault::point("before-index");
    note_frames(&path, artifact)?;
    let file = file_name(file, of);
    let key = layout::bytes(folder, attempt, &file);
    let sending = Sending::begin(shop, (work, attempt), store, &key, Length::Unknown).await?;
    let ((sink, feed), (coded, stored)) = (channel(), channel());
    let silent = context.observers.silent();
    let (read, encoded, sent) =
        tokio::join!(feed_file(path, sink), encode::encode(feed, coded, layers(of)), sending.send(stored, &silent));
    match (read, encoded, sent) {
        (Ok(()), Ok(_), Ok((stored, receipts))) => {
            sending.commit(&receipts).await?;
            fault::point("after-index");
            Ok(Some(Indexed { file, size: stored.size, blake3: stored.blake3 }))
        }
        (read, encoded, sent) => {
            sending.abort().await;
            Err(first_cause([read.err(), encoded.err(), sent.err()]))
        }
    }
}

/// Adds the values of the frames to an index.
fn note_frames(path: &Path, artifact: &Digested) -> Result<()> {
    let failed = |error| Error::io("write the index of the artifact", &error);
    let file = std::fs::OpenOptions::new().append(true).open(path).map_err(failed)?;
    let mut file = std::io::BufWriter::new(file);
    for node in &artifact.frames {
        let line = Line::Frame { blake3: hex(node) };
        serde_json::to_writer(&mut file, &line).map_err(|error| failed(error.into()))?;
        file.write_all(b"\n").map_err(failed)?;
    }
    file.flush().map_err(failed)
}

/// Brings the index of a copy to a file of this attempt.
///
/// # Errors
/// `index-missing` when it has none, `artifact-damaged` when it is not what its manifest says, and what opening an encrypted
/// copy may fail with.
pub(super) async fn fetch(store: &Store, manifest: &Manifest, name: &str, context: &Context) -> Result<PathBuf> {
    if manifest.index.is_none() {
        let message = format!("artifact {} has no index, so nothing in it can be found by name", manifest.id);
        return Err(Error::permanent("index-missing", message).help("Use all of it: leave out `--file`."));
    }
    let path = context.scratch.join(name);
    let (sink, feed) = channel();
    let silent = context.observers.silent();
    let (read, spooled) = tokio::join!(store.index(manifest, sink, &silent), spool(feed, path.clone()));
    prefer_damage(read, spooled)?;
    Ok(path)
}

/// Streams a file of ours.
async fn feed_file(path: PathBuf, out: Sink) -> Result<()> {
    blocking(move || {
        let failed = |error| Error::io("read the index of the artifact", &error);
        let mut file = std::fs::File::open(&path).map_err(failed)?;
        let mut outlet = Outlet::new(out);
        std::io::copy(&mut file, &mut outlet)
            .map_err(|error| cause(error, |error| Error::io("read the index", error)))?;
        outlet.finish()
    })
    .await
}

/// Writes all of a feed to a file of ours.
async fn spool(mut feed: Feed, path: PathBuf) -> Result<()> {
    blocking(move || {
        let failed = |error: std::io::Error| cause(error, |error| Error::io("note the index of the artifact", error));
        let mut file = std::fs::File::create(path).map_err(failed)?;
        std::io::copy(&mut feed, &mut file).map_err(failed)?;
        Ok(())
    })
    .await
}
