//! The index of an artifact on its way into a store: what the engine noted, and the values of the frames.

use super::executor::Work;
use super::send::{Sending, first_cause};
use super::workshop::Workshop;
use crate::artifact::digest::{Digested, hex};
use crate::artifact::encode::{self, Layers};
use crate::artifact::outlet::{Outlet, cause};
use crate::artifact::{Sink, channel};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::{Store, layout};
use schema::index::Line;
use schema::manifest::Indexed;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What the name of an index ends with, before the endings of its encodings.
const ENDING: &str = ".index";
/// Level at which an index is compressed, whatever its store says of artifacts.
const LEVEL: u8 = 3;

/// Stores the index that the engine made of `artifact`, if it made one, beside the bytes. The manifest comes after it.
pub(super) async fn publish(
    shop: &Workshop,
    work: &Work,
    store: &Store,
    (folder, file): (&str, &str),
    layers: &Layers,
    artifact: &Digested,
    context: &Context,
) -> Result<Option<Indexed>> {
    let path = context.index();
    if !path.exists() {
        return Ok(None);
    }
    fault::point("before-index");
    note_frames(&path, artifact)?;
    let layers = Layers { zstd: Some(LEVEL), recipients: layers.recipients.clone() };
    let file = encode::file_name(&format!("{file}{ENDING}"), &layers.names());
    let sending = Sending::begin(shop, work, store, &layout::bytes(folder, &work.attempt, &file), None).await?;
    let ((sink, feed), (coded, stored)) = (channel(), channel());
    let silent = context.observers.silent();
    let (read, encoded, sent) =
        tokio::join!(feed_file(path, sink), encode::encode(feed, coded, layers), sending.send(stored, &silent));
    match (read, encoded, sent) {
        (Ok(()), Ok(_), Ok((stored, receipts))) => {
            sending.commit(&receipts).await?;
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

/// Streams a file of ours.
async fn feed_file(path: PathBuf, out: Sink) -> Result<()> {
    let work = move || {
        let failed = |error| Error::io("read the index of the artifact", &error);
        let mut file = std::fs::File::open(&path).map_err(failed)?;
        let mut outlet = Outlet::new(out);
        std::io::copy(&mut file, &mut outlet)
            .map_err(|error| cause(error, |error| Error::io("read the index", error)))?;
        outlet.finish()
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::permanent("panic", error.to_string()))?
}
