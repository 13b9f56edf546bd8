//! Reading a copy back: as it is stored, or decoded to the artifact's own bytes. Whoever reads can act on the end of the
//! stream and on nothing before: it only ends well when every byte was right.

use super::{Store, layout};
use crate::artifact::decode::Coded;
use crate::artifact::download::{Expected, download, rest};
use crate::artifact::encode::Layers;
use crate::artifact::pace::Pace;
use crate::artifact::part::Ranged;
use crate::artifact::seal::Keys;
use crate::artifact::spans;
use crate::artifact::stream::prefer_damage;
use crate::artifact::{Feed, Sink, channel};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::secret::Secrets;
use schema::manifest::Manifest;
use schema::secret::SecretRef;
use schema::store::Compress;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How copies in a store are encoded, and what opens them.
#[derive(Clone, Debug)]
pub(super) struct Coding {
    compress: Option<Compress>,
    encrypt: Vec<String>,
    identity: Option<SecretRef>,
    secrets: Secrets,
}

impl Coding {
    pub(super) fn of(store: &schema::store::Store, secrets: &Secrets) -> Self {
        Self {
            compress: store.compress,
            encrypt: store.encrypt.clone(),
            identity: store.identity.clone(),
            secrets: secrets.clone(),
        }
    }
}

/// How far a check of a copy went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The artifact's own bytes were compared.
    Artifact,
    /// The copy is encrypted and nothing here opens it: the stored bytes were compared.
    Stored,
}

impl Store {
    /// What is done to an artifact before it is stored here. What is compressed already is not compressed again.
    #[must_use]
    pub fn layers(&self, compressed: bool) -> Layers {
        let zstd = self.coding.compress.filter(|_| !compressed).map(|compress| compress.level);
        Layers { zstd, recipients: self.coding.encrypt.clone() }
    }

    /// What opens an encrypted copy; `None` when it is not encrypted.
    ///
    /// # Errors
    /// `identity-missing`, `identity-unreadable`, `identity-wrong`, and what a secret may fail with.
    pub fn keys(&self, manifest: &Manifest) -> Result<Option<Keys>> {
        let Some(copy) = manifest.copy.as_ref().filter(|copy| !copy.recipients.is_empty()) else { return Ok(None) };
        let Some(identity) = &self.coding.identity else {
            let message = format!("the copy in `{}` is encrypted, and the store has no `identity`", self.name);
            return Err(Error::permanent("identity-missing", message).help(format!(
                "Add `identity (file)\"PATH\"` to store `{}`: the identity of {}.",
                self.name,
                copy.recipients.join(" or of ")
            )));
        };
        let keys =
            Keys::new(self.coding.secrets.value(identity)?, format!("the identity {identity} of `{}`", self.name));
        keys.fit(&copy.recipients)?;
        Ok(Some(keys))
    }

    /// Keys of all that an attempt stores beside its manifest: the index, where there is one, and the bytes.
    #[must_use]
    pub fn objects(&self, manifest: &Manifest) -> Vec<String> {
        self.index_key(manifest).into_iter().chain([self.bytes_key(manifest)]).collect()
    }

    /// Key of the index that a manifest names.
    #[must_use]
    pub fn index_key(&self, manifest: &Manifest) -> Option<String> {
        let folder = self.folder(&manifest.source, &manifest.database, &manifest.id);
        manifest.index.as_ref().map(|index| layout::bytes(&folder, &manifest.attempt, &index.file))
    }

    /// Streams the artifact's own bytes into `out`.
    pub async fn read(&self, manifest: &Manifest, out: Sink, pace: Pace, observers: &StepObservers) -> Result<()> {
        if Coded::known(manifest)?.is_empty() {
            return self.read_stored(manifest, out, pace, observers).await;
        }
        let coded = self.coded(manifest)?;
        let (sink, feed) = channel();
        let (read, decoded) = tokio::join!(self.read_stored(manifest, sink, pace, observers), coded.decode(feed, out));
        prefer_damage(read, decoded)
    }

    /// A copy with what opens it.
    pub fn coded(&self, manifest: &Manifest) -> Result<Coded> {
        let (content, copy) = (manifest.artifact.clone(), manifest.copy.clone());
        Ok(Coded { content, copy, keys: self.keys(manifest)? })
    }

    /// Streams the copy's bytes into `out`, as they are stored.
    pub async fn read_stored(
        &self,
        manifest: &Manifest,
        out: Sink,
        pace: Pace,
        observers: &StepObservers,
    ) -> Result<()> {
        download(&self.storage, &self.bytes_key(manifest), Expected::of(manifest), out, pace, observers).await
    }

    /// Streams the copy's bytes from one on into `out`, as they are stored. Whether they are right only the whole shows.
    pub async fn read_rest(&self, manifest: &Manifest, from: u64, out: Sink, pace: Pace) -> Result<()> {
        rest(&self.storage, &self.bytes_key(manifest), (from, Expected::of(manifest).size), out, pace).await
    }

    /// Streams the index of the copy into `out`, as it is stored; `false` when there is none.
    pub async fn read_index(&self, manifest: &Manifest, out: Sink, observers: &StepObservers) -> Result<bool> {
        let (Some(key), Some(index)) = (self.index_key(manifest), &manifest.index) else { return Ok(false) };
        let expected = Expected { size: index.size, blake3: &index.blake3 };
        download(&self.storage, &key, expected, out, Pace::new(None), observers).await?;
        Ok(true)
    }

    /// Streams the decoded index of the copy into `out`, once all of it is known to be right.
    pub async fn index(&self, manifest: &Manifest, out: Sink, observers: &StepObservers) -> Result<()> {
        let coded = self.coded(manifest)?;
        let (sink, feed) = channel();
        let reading = async { self.read_index(manifest, sink, observers).await.map(|_| ()) };
        let (read, decoded) = tokio::join!(reading, coded.decode_index(feed, out));
        prefer_damage(read, decoded)
    }

    /// The copy's object, to be read by ranges on a thread that may block; `fetched` counts what is read.
    #[must_use]
    pub fn ranged(&self, manifest: &Manifest, fetched: Arc<AtomicU64>) -> Ranged {
        Ranged::new(self.storage.clone(), self.bytes_key(manifest), Expected::of(manifest).size, fetched)
    }

    /// Reads the copy and checks it as far as it can be: decoded, unless it is encrypted and the store has no identity.
    pub async fn check(&self, manifest: &Manifest, observers: &StepObservers) -> Result<Checked> {
        let encrypted = manifest.copy.as_ref().is_some_and(|copy| !copy.recipients.is_empty());
        let opened = !encrypted || self.coding.identity.is_some();
        if manifest.copy.is_none() || !opened {
            self.check_stored(manifest, observers).await?;
            return Ok(if opened { Checked::Artifact } else { Checked::Stored });
        }
        let (sink, feed) = channel();
        let (read, drained) = tokio::join!(self.read(manifest, sink, Pace::new(None), observers), drain(feed));
        read?;
        drained?;
        self.check_index(manifest, observers).await?;
        Ok(Checked::Artifact)
    }

    /// Reads the copy and checks the bytes that are stored, without any key.
    pub async fn check_stored(&self, manifest: &Manifest, observers: &StepObservers) -> Result<()> {
        let (key, expected) = (self.bytes_key(manifest), Expected::of(manifest));
        // Of one that has another size, or is not there, the one way to read it says what is wrong.
        if expected.size > spans::SPAN && self.storage.stat(&key).await? == Some(expected.size) {
            spans::check(&self.storage, &key, expected, observers).await?;
        } else {
            let (sink, feed) = channel();
            let reading = self.read_stored(manifest, sink, Pace::new(None), observers);
            let (read, drained) = tokio::join!(reading, drain(feed));
            read?;
            drained?;
        }
        self.check_index(manifest, observers).await
    }

    async fn check_index(&self, manifest: &Manifest, observers: &StepObservers) -> Result<()> {
        if manifest.index.is_none() {
            return Ok(());
        }
        let (sink, feed) = channel();
        let silent = observers.silent();
        let (read, drained) = tokio::join!(self.read_index(manifest, sink, &silent), drain(feed));
        read?;
        drained
    }
}

async fn drain(mut feed: Feed) -> Result<()> {
    while feed.next().await?.is_some() {}
    Ok(())
}
