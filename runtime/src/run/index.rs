//! The index of a backup as an object beside the artifact: into a store before the manifest, and back to a file.

use super::executor::Work;
use super::workshop::Workshop;
use crate::artifact::stream::CHUNK;
use crate::artifact::{Feed, channel, download, pace::Pace, upload};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::{Held, Store, layout};
use bytes::BytesMut;
use schema::manifest::{Content, Manifest};
use schema::record::Record;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Name of the index of an artifact, by the name of its bytes.
pub(super) fn file_name(bytes: &str) -> String {
    format!("{bytes}.index.jsonl")
}

/// Puts the index that an engine wrote beside the bytes of `work`'s attempt. It is durable when this returns.
pub(super) async fn store(
    shop: &Workshop,
    work: &Work,
    store: &Store,
    (folder, file): (&str, String),
    path: &Path,
    context: &Context,
) -> Result<Content> {
    let key = layout::bytes(folder, &work.attempt, &file);
    let quiet = context.observers.silent();
    let size = std::fs::metadata(path).map_err(|error| Error::io("look at the index of the backup", &error))?.len();
    let (sink, feed) = channel();
    let reading = async {
        let mut from = tokio::fs::File::open(path).await.map_err(|error| unread(&error))?;
        loop {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            if from.read_buf(&mut chunk).await.map_err(|error| unread(&error))? == 0 {
                return sink.finish().await;
            }
            sink.send(chunk.freeze()).await?;
        }
    };
    let (read, sent) = tokio::join!(reading, send(shop, work, store, &key, size, feed, &quiet));
    let content = match (read, sent) {
        (Ok(()), sent) => sent?,
        (Err(read), Err(sent)) if read.code == "consumer-gone" => return Err(sent),
        (Err(read), _) => return Err(read),
    };
    fault::point("after-index");
    Ok(Content { file, ..content })
}

fn unread(error: &std::io::Error) -> Error {
    Error::io("read the index of the backup", error)
}

/// The same index beside another copy of the artifact.
pub(super) async fn copy(
    shop: &Workshop,
    work: &Work,
    (from, to): (&Store, &Store),
    (old, new): (&Manifest, &Manifest),
    context: &Context,
) -> Result<()> {
    let (Some(index), Some(old_key), Some(key)) = (&old.index, from.index_key(old), to.index_key(new)) else {
        return Ok(());
    };
    let quiet = context.observers.silent();
    let (sink, feed) = channel();
    let (read, sent) = tokio::join!(
        download::download(from.storage(), &old_key, index, sink, Pace::new(None), &quiet),
        send(shop, work, to, &key, index.size, feed, &quiet),
    );
    match (read, sent) {
        (Err(error), _) if error.code != "consumer-gone" => Err(error),
        (_, Err(error)) | (Err(error), _) => Err(error),
        (Ok(()), Ok(_)) => Ok(()),
    }
}

async fn send(
    shop: &Workshop,
    work: &Work,
    store: &Store,
    key: &str,
    size: u64,
    feed: Feed,
    quiet: &crate::event::StepObservers,
) -> Result<Content> {
    let storage = store.storage();
    let plan = storage.prepare(key, Some(size)).await?;
    let session = storage.begin(key, Some(size)).await?;
    shop.record(&Record::UploadStarted {
        step: work.address.clone(),
        attempt: work.attempt.clone(),
        store: store.name.clone(),
        key: key.to_owned(),
        session: session.clone(),
    })?;
    match upload::upload(feed, storage, &session, plan, Pace::new(None), quiet, Some(size)).await {
        Ok((digested, receipts)) => {
            storage.commit(&session, &receipts).await?;
            Ok(Content {
                file: String::new(),
                size: digested.size,
                blake3: digested.blake3,
                sha256: digested.sha256.unwrap_or_default(),
            })
        }
        Err(error) => {
            // The first error is the one to tell; what stays is swept by its key.
            let _ = storage.abort(&session).await;
            Err(error)
        }
    }
}

/// Reads the index of a copy, when it has one, and compares it with the manifest.
pub(super) async fn check(store: &Store, manifest: &Manifest, context: &Context) -> Result<()> {
    match (&manifest.index, store.index_key(manifest)) {
        (Some(index), Some(key)) => download::check(store.storage(), &key, index, &context.observers.silent()).await,
        _ => Ok(()),
    }
}

/// Brings the index of a held artifact to a file of this attempt.
///
/// # Errors
/// `no-index` when it has none, `artifact-damaged` when it is not what its manifest says.
pub(super) async fn fetch(store: &Store, held: &Held, name: &str, context: &Context) -> Result<PathBuf> {
    let manifest = &held.manifest;
    let (Some(index), Some(key)) = (&manifest.index, store.index_key(manifest)) else {
        return Err(Error::permanent("no-index", format!("artifact {} has no index", manifest.id)));
    };
    let path = context.scratch.join(name);
    let (sink, mut feed) = channel();
    let quiet = context.observers.silent();
    let failed = |error: std::io::Error| Error::io("keep the index of a backup", &error);
    let writing = async {
        let mut file = tokio::fs::File::create(&path).await.map_err(failed)?;
        while let Some(chunk) = feed.next().await? {
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)
    };
    let (read, written) =
        tokio::join!(download::download(store.storage(), &key, index, sink, Pace::new(None), &quiet), writing);
    super::verify::prefer_damage(read, written)?;
    Ok(path)
}
