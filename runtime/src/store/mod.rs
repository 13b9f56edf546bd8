//! Stores: where artifacts are published. Bytes go under their attempt, the manifest comes last by one conditional
//! create, and nothing is ever overwritten. What a key means is in [`layout`]; how bytes move is the plugin's affair.

pub mod layout;
mod open;
mod probe;
mod publish;

pub(crate) use open::secret_source;
pub use open::{Identity, Known, Terms, open, open_owned};
pub use probe::ATOMIC_CREATE;
pub use publish::Published;

use crate::artifact::blake3_of;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::plugin::Storage;
use schema::fact::StoredArtifact;
use schema::manifest::{FORMAT, LaterFact, Manifest};
use std::collections::BTreeMap;

/// Largest document that is read whole.
const DOCUMENT: usize = 1 << 20;

/// An opened store of a strategy; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub name: String,
    storage: Storage,
    strategy: String,
    /// Why no copy may be put into it.
    refused: Option<Error>,
}

/// A manifest as it stands in a store.
#[derive(Clone, Debug)]
pub struct Held {
    pub manifest: Manifest,
    /// `blake3:…` of the document's bytes.
    pub digest: String,
}

impl Store {
    /// The same store, telling other observers.
    #[must_use]
    pub fn telling(&self, observers: StepObservers) -> Self {
        Self { storage: self.storage.with_observers(observers), ..self.clone() }
    }

    /// Whether copies may be put into it.
    ///
    /// # Errors
    /// `store-not-atomic`, when it does not create atomically and the strategy does not allow that.
    pub fn accepts(&self) -> Result<()> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Folder of an artifact, with a slash at its end.
    #[must_use]
    pub fn folder(&self, source: &str, database: &str, id: &str) -> String {
        layout::artifact(&self.strategy, source, database, id)
    }

    /// Key of the bytes that a manifest names.
    #[must_use]
    pub fn bytes_key(&self, manifest: &Manifest) -> String {
        let folder = self.folder(&manifest.source, &manifest.database, &manifest.id);
        layout::bytes(&folder, &manifest.attempt, &manifest.artifact.file)
    }

    /// The artifact's manifest here, if it has been published.
    pub async fn held(&self, source: &str, database: &str, id: &str) -> Result<Option<Held>> {
        self.read_manifest(&layout::manifest(&self.folder(source, database, id))).await
    }

    async fn read_manifest(&self, key: &str) -> Result<Option<Held>> {
        let Some(bytes) = self.storage.get_small(key, DOCUMENT).await? else { return Ok(None) };
        let manifest: Manifest = self.parse(key, &bytes)?;
        if manifest.format > FORMAT {
            return Err(self.too_new(key, manifest.format));
        }
        Ok(Some(Held { manifest, digest: blake3_of(&bytes) }))
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, key: &str, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|error| {
            Error::integrity("document-damaged", format!("`{key}` in store `{}` cannot be read: {error}", self.name))
                .help("The document was changed after it was written; use a copy in another store.")
        })
    }

    fn too_new(&self, key: &str, format: u32) -> Error {
        let message = format!("`{key}` in store `{}` has format {format}; this version reads {FORMAT}", self.name);
        Error::permanent("format-too-new", message).help("Use a newer Backstay to read it.")
    }

    /// Every published artifact of the strategy here, oldest first, with whether this copy has been verified.
    pub async fn artifacts(&self) -> Result<Vec<StoredArtifact>> {
        let listed = self.storage.list(&layout::strategy(&self.strategy)).await?;
        let checks = self.checks(listed.iter().map(|listed| listed.key.as_str())).await?;
        let mut artifacts = Vec::new();
        for key in listed.iter().map(|listed| listed.key.as_str()) {
            let Some(folder) = layout::folder_of_manifest(key) else { continue };
            let Some(held) = self.read_manifest(key).await? else { continue };
            let verified = checks.get(folder).is_some_and(|check| check.1);
            artifacts.push(self.stored(&held, verified));
        }
        artifacts.sort_by(|a, b| (&a.taken, &a.id).cmp(&(&b.taken, &b.id)));
        Ok(artifacts)
    }

    /// The newest check of each copy, by its folder: when, and whether it was right.
    async fn checks<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Result<BTreeMap<&'a str, (String, bool)>> {
        let mut checks: BTreeMap<&str, (String, bool)> = BTreeMap::new();
        for key in keys {
            let Some(folder) = layout::folder_of_fact(key) else { continue };
            let Some(bytes) = self.storage.get_small(key, DOCUMENT).await? else { continue };
            let fact: LaterFact = self.parse(key, &bytes)?;
            let newest = checks.entry(folder).or_default();
            *newest = std::mem::take(newest).max((fact.at, fact.ok));
        }
        Ok(checks)
    }

    /// A copy that was here before, as the catalog should know it: with what the store knows of its checks.
    pub async fn found(&self, held: &Held) -> Result<StoredArtifact> {
        let manifest = &held.manifest;
        let folder = self.folder(&manifest.source, &manifest.database, &manifest.id);
        let listed = self.storage.list(&folder).await?;
        let checks = self.checks(listed.iter().map(|listed| listed.key.as_str())).await?;
        Ok(self.stored(held, checks.get(folder.as_str()).is_some_and(|check| check.1)))
    }

    /// A held manifest as a fact for the compiler and the catalog.
    #[must_use]
    pub fn stored(&self, held: &Held, verified: bool) -> StoredArtifact {
        StoredArtifact {
            store: self.name.clone(),
            source: held.manifest.source.clone(),
            database: held.manifest.database.clone(),
            id: held.manifest.id.clone(),
            manifest: held.digest.clone(),
            taken: held.manifest.taken.clone(),
            size: held.manifest.artifact.size,
            verified,
            parent: None,
            locked_until: None,
            took: held.manifest.took,
        }
    }

    /// Writes a later fact beside the manifest. Facts are new objects, never edits.
    pub async fn record_fact(&self, manifest: &Manifest, fact: &LaterFact) -> Result<()> {
        let folder = self.folder(&manifest.source, &manifest.database, &manifest.id);
        let bytes = document(fact)?;
        let key = layout::fact(&folder, &fact.with, &fact.at, &fact.run);
        // One fact a run, kind and second: meeting an equal one again is a repeated step, not a conflict.
        self.storage.create(&key, &bytes).await.map(|_| ())
    }

    /// Removes what attempts left without publishing. Only for the holder of the job's lock, about an artifact of its
    /// own run: nobody else can be writing there.
    pub async fn sweep(&self, source: &str, database: &str, id: &str, keep: &str) -> Result<usize> {
        let folder = self.folder(source, database, id);
        let mut removed = 0;
        for listed in self.storage.list(&folder).await? {
            if layout::attempt_of(&folder, &listed.key).is_some_and(|attempt| attempt != keep) {
                self.storage.delete(&listed.key).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// A document as it is stored: pretty, with a line break at the end, so that a person can read it with `cat`.
fn document<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| Error::permanent("json", error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}
