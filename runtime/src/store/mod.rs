//! Stores: where artifacts are published. Bytes go under their attempt, the manifest comes last by one conditional
//! create, and nothing is ever overwritten. What a key means is in [`layout`]; how bytes move is the plugin's affair.

mod ahead;
pub mod layout;
pub mod lease;
mod open;
mod probe;
mod publish;
mod read;
pub mod survey;
mod texts;

pub(crate) use open::secret_source;
pub use open::{Identity, Known, Terms, open, open_owned};
pub use probe::{ATOMIC_CREATE, allowed};
pub use publish::Published;
pub use read::Checked;
pub use texts::{Told, told};

use crate::artifact::blake3_of;
use crate::artifact::pace::Pace;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::plugin::{Created, Storage};
use ahead::Ahead;
use read::Coding;
use schema::fact::StoredArtifact;
use schema::manifest::{Abandoned, FORMAT, LaterFact, Manifest, Tombstone};
use std::sync::Arc;

/// Largest document that is read whole.
const DOCUMENT: usize = 1 << 20;

/// An opened store of a strategy; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub name: String,
    storage: Storage,
    strategy: String,
    coding: Coding,
    /// Why no copy may be put into it.
    refused: Option<Error>,
    /// Documents that were read before they are asked for.
    ahead: Option<Arc<Ahead>>,
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

    /// The same store, with a limit in bytes per second that all clones share.
    #[must_use]
    pub fn limited(self, bandwidth: Option<u64>) -> Self {
        Self { storage: self.storage.with_pace(Pace::new(bandwidth)), ..self }
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
        let file = manifest.copy.as_ref().map_or(&manifest.artifact.file, |copy| &copy.file);
        layout::bytes(&folder, &manifest.attempt, file)
    }

    /// Ids of the artifacts of a database here, in no order that means anything.
    pub async fn ids(&self, source: &str, database: &str) -> Result<Vec<String>> {
        let folder = layout::database(&self.strategy, source, database);
        let listed = self.storage.list(&folder).await?;
        let id =
            |key: &str| layout::folder_of_manifest(key)?.strip_prefix(&folder)?.strip_suffix('/').map(str::to_owned);
        Ok(listed.iter().filter_map(|listed| id(&listed.key)).collect())
    }

    /// The artifact's manifest here, if it has been published.
    pub async fn held(&self, source: &str, database: &str, id: &str) -> Result<Option<Held>> {
        self.read_manifest(&layout::manifest(&self.folder(source, database, id))).await
    }

    /// Removes the bytes under a key, with what unfinished sessions left there, unless a manifest names them: another process
    /// may have gone on with the same upload, and published it.
    pub async fn discard(&self, key: &str) -> Result<()> {
        if self.names(key).await? { Ok(()) } else { self.storage.delete(key).await }
    }

    /// Whether a manifest names the bytes under a key, so that they are no leftover.
    async fn names(&self, key: &str) -> Result<bool> {
        let Some((folder, layout::Part::Bytes(attempt))) = layout::part(key) else { return Ok(false) };
        let held = self.read_manifest(&layout::manifest(folder)).await?;
        Ok(held.is_some_and(|held| held.manifest.attempt == attempt))
    }

    /// Reads a manifest and believes it only when it is that of the folder that it is in, and names what can be there.
    pub(crate) async fn read_manifest(&self, key: &str) -> Result<Option<Held>> {
        let Some(bytes) = self.small(key).await? else { return Ok(None) };
        let Formatted { format } = self.parse(key, &bytes)?;
        if format > FORMAT {
            return Err(self.too_new(key, format));
        }
        let manifest: Manifest = self.parse(key, &bytes)?;
        let own = self.folder(&manifest.source, &manifest.database, &manifest.id);
        if manifest.strategy != self.strategy || layout::manifest(&own) != key {
            let of = format!("{}:{} {}", manifest.source, manifest.database, manifest.id);
            return Err(self.misplaced(key, &format!("it is the manifest of {}", shown(&of))));
        }
        if let Some(why) = impossible(&manifest) {
            let message = format!("`{key}` in store `{}` cannot be the manifest of anything: {why}", self.name);
            return Err(Error::integrity("manifest-impossible", message)
                .help("Nothing that it names was touched. Use a copy in another store, and find out who wrote it."));
        }
        Ok(Some(Held { manifest, digest: blake3_of(&bytes) }))
    }

    /// A document, read ahead or now.
    async fn small(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match self.ahead.as_ref().and_then(|ahead| ahead.take(key)) {
            Some(bytes) => Ok(Some(bytes)),
            None => self.storage.get_small(key, DOCUMENT).await,
        }
    }

    fn misplaced(&self, key: &str, why: &str) -> Error {
        let message = format!("`{key}` in store `{}` is not what stands there by right: {why}", self.name);
        Error::integrity("document-misplaced", message)
            .help("Nothing that it names was touched. Use a copy in another store, and find out who wrote it.")
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, key: &str, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|error| {
            let why = shortened(&error.to_string());
            Error::integrity("document-damaged", format!("`{key}` in store `{}` cannot be read: {why}", self.name))
                .help("The document was changed after it was written; use a copy in another store.")
        })
    }

    fn too_new(&self, key: &str, format: u32) -> Error {
        let message = format!("`{key}` in store `{}` has format {format}; this version reads {FORMAT}", self.name);
        Error::permanent("format-too-new", message).help("Use a newer Backstay to read it.")
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
            damaged: false,
            parent: held.manifest.parent().map(str::to_owned),
            locked_until: None,
            took: held.manifest.took,
            tombstone: None,
            moved: held.manifest.moved,
            checked: None,
            inspected: None,
            drilled: None,
            transaction: None,
            engine: held.manifest.engine.name.clone(),
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

    /// Marks the copy in a folder to go, unless it has its mark.
    pub(crate) async fn put_tombstone(&self, folder: &str, tombstone: &Tombstone) -> Result<Created> {
        self.storage.create(&layout::tombstone(folder), &document(tombstone)?).await
    }

    /// The mark of an attempt that no manifest named.
    pub(crate) async fn abandoned(&self, folder: &str, attempt: &str) -> Result<Option<Abandoned>> {
        let key = layout::swept(folder, attempt);
        let Some(bytes) = self.storage.get_small(&key, DOCUMENT).await? else { return Ok(None) };
        self.parse(&key, &bytes).map(Some)
    }

    pub(crate) async fn put_abandoned(&self, folder: &str, mark: &Abandoned) -> Result<Created> {
        self.storage.create(&layout::swept(folder, &mark.attempt), &document(mark)?).await
    }

    /// The attempt that the manifest in a folder names, if there is one.
    pub(crate) async fn named_attempt(&self, folder: &str) -> Result<Option<String>> {
        let held = self.read_manifest(&layout::manifest(folder)).await?;
        Ok(held.map(|held| held.manifest.attempt))
    }

    /// Whether the same run has written the same fact before: the same check with the same verdict, at whatever time.
    pub async fn has_fact(&self, manifest: &Manifest, fact: &LaterFact) -> Result<bool> {
        let folder = self.folder(&manifest.source, &manifest.database, &manifest.id);
        for listed in self.storage.list(&layout::facts(&folder, &fact.with)).await? {
            let Some(bytes) = self.storage.get_small(&listed.key, DOCUMENT).await? else { continue };
            let known: LaterFact = self.parse(&listed.key, &bytes)?;
            if (&known.with, &known.run, known.ok) == (&fact.with, &fact.run, fact.ok) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes what attempts but `keep` left. Only when a manifest stands that names `keep`: then no other attempt will
    /// ever be published, whoever makes it.
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

/// What every document says.
#[derive(serde::Deserialize)]
struct Formatted {
    format: u32,
}

/// Why a manifest names what cannot be, whoever wrote it. What it names is not looked at before.
fn impossible(manifest: &Manifest) -> Option<&'static str> {
    let hex = |digest: &str| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let content = &manifest.artifact;
    if !layout::is_attempt(&manifest.attempt) {
        return Some("its attempt is no name of a folder here");
    }
    if !layout::is_component(&content.file) {
        return Some("its file is no name of a file here");
    }
    if !hex(&content.sha256) || manifest.copy.as_ref().is_some_and(|copy| !hex(&copy.sha256)) {
        return Some("its SHA-256 is none");
    }
    let others = manifest.copy.iter().map(|copy| (&copy.file, copy.size, &copy.blake3));
    let others = others.chain(manifest.index.iter().map(|index| (&index.file, index.size, &index.blake3)));
    for (file, size, blake3) in others {
        if !layout::is_component(file) {
            return Some("what is stored is no name of a file here");
        }
        if i64::try_from(size).is_err() || !hex(blake3) {
            return Some("what is stored cannot be of that size, or its digest is none");
        }
    }
    if !layout::is_component(&manifest.id) || manifest.parent().is_some_and(|id| !layout::is_component(id)) {
        return Some("its id, or that of its parent, is no name of an artifact");
    }
    if i64::try_from(content.size).is_err() {
        return Some("nothing is that large");
    }
    if !hex(&content.blake3) {
        return Some("its digest is none");
    }
    manifest.taken.parse::<jiff::Timestamp>().is_err().then_some("the time at which it was taken cannot be read")
}

/// A text of unknown origin, for a message.
fn shown(text: &str) -> String {
    text.chars().take(120).flat_map(char::escape_debug).collect()
}

/// A message of a parser, which may quote the whole of what it met: its beginning and its end.
fn shortened(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    match (all.get(..120), all.len().checked_sub(60).and_then(|at| all.get(at..))) {
        (Some(begin), Some(end)) if all.len() > 200 => begin.iter().chain(&[' ', '…', ' ']).chain(end).collect(),
        _ => text.to_owned(),
    }
}

/// What this machine is called.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A document as it is stored: pretty, with a line break at the end, so that a person can read it with `cat`.
fn document<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| Error::permanent("json", error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}
