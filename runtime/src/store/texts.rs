//! The strategy's own texts in its stores: whoever has lost the machine, and the repository with it, needs nothing else to
//! restore but credentials and an identity.

use super::{DOCUMENT, Formatted, Store, document, layout, open};
use crate::artifact::decode::decompressed;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::plugin::{Host, Storage};
use crate::secret::Secrets;
use schema::manifest::{FORMAT, StoreDocument};
use schema::texts::Texts;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Most bytes of the document, as it is stored and as it is read.
const STORED: usize = 64 << 20;
const PLAIN: u64 = 1 << 30;
/// Digits of the digest in a key: enough to tell texts apart.
const DIGITS: usize = 16;
/// Texts compress well, and this is done once for each change.
const LEVEL: i32 = 9;

/// What a store tells of itself to somebody who knows nothing of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The strategy's UUID.
    pub uuid: String,
    pub texts: Texts,
}

impl Store {
    /// Puts the texts into the store, unless the newest that it has say the same.
    pub(crate) async fn keep_texts(&self, texts: &Texts) -> Result<()> {
        let says = digest(texts)?;
        let kept = kept(&self.storage).await?;
        let newest = kept.last().map(|(n, _)| *n);
        // Two runs at once may both have been the last.
        if kept.iter().any(|(n, digest)| Some(*n) == newest && *digest == says) {
            return Ok(());
        }
        let texts = Texts { store: self.name.clone(), ..texts.clone() };
        let stored = zstd::bulk::compress(&document(&texts)?, LEVEL).map_err(|error| Error::io("compress", &error))?;
        let key = layout::texts(newest.map_or(0, |newest| newest.saturating_add(1)), &says);
        self.storage.create(&key, &stored).await.map(|_| ())
    }
}

/// Asks a store whose strategy nobody knows. Texts that cannot be read are passed over for those before them, and told.
///
/// # Errors
/// `store-unused`, `texts-missing`, or what the store or its documents say.
pub async fn told(
    host: &Arc<Host>,
    store: &schema::store::Store,
    base: &Path,
    secrets: &Secrets,
    observers: StepObservers,
) -> Result<Told> {
    let storage = open::attach(host, store, base, secrets, observers.clone()).await?;
    let Some(bytes) = storage.get_small(layout::STORE, DOCUMENT).await? else {
        let message = format!("there is no `{}`: no strategy has used this as a store", layout::STORE);
        return Err(Error::permanent("store-unused", message)
            .help("Name the folder, or the bucket and prefix, that the strategy's `store` node names."));
    };
    let owner: StoreDocument =
        serde_json::from_slice(&bytes).map_err(|error| damaged(layout::STORE, &error.to_string()))?;
    let mut first = None;
    for (n, digest) in kept(&storage).await?.into_iter().rev() {
        match read(&storage, &layout::texts(n, &digest), &digest).await {
            Ok(texts) => return Ok(Told { uuid: owner.strategy, texts }),
            Err(error) => {
                observers.notice(error.message.clone(), Some("Older texts are looked for.".to_owned()));
                first.get_or_insert(error);
            }
        }
    }
    Err(first.unwrap_or_else(|| {
        let message = format!("the store is that of `{}`, and holds no texts of it", owner.name);
        Error::permanent("texts-missing", message)
            .help("Write a strategy with its sources and this store, and restore with that; `docs/by-hand.md` says how to do without.")
    }))
}

/// Numbers and digests of all texts, the newest last.
async fn kept(storage: &Storage) -> Result<Vec<(u64, String)>> {
    let listed = storage.list(layout::TEXTS).await?;
    let known = listed.iter().filter_map(|listed| layout::texts_of(&listed.key));
    let mut kept: Vec<_> = known.map(|(n, digest)| (n, digest.to_owned())).collect();
    kept.sort_unstable();
    Ok(kept)
}

async fn read(storage: &Storage, key: &str, says: &str) -> Result<Texts> {
    let stored = storage.get_small(key, STORED).await?.ok_or_else(|| damaged(key, "it is gone"))?;
    let mut plain = Vec::new();
    let read = decompressed(stored.as_slice())?.take(PLAIN).read_to_end(&mut plain);
    read.map_err(|error| damaged(key, &error.to_string()))?;
    let Formatted { format } = serde_json::from_slice(&plain).map_err(|error| damaged(key, &error.to_string()))?;
    if format > FORMAT {
        let message = format!("`{key}` has format {format}; this version reads {FORMAT}");
        return Err(Error::permanent("format-too-new", message).help("Use a newer Backstay to read it."));
    }
    let texts: Texts = serde_json::from_slice(&plain).map_err(|error| damaged(key, &error.to_string()))?;
    if !is_of_a_run(&texts) {
        return Err(damaged(key, "it says of its run what no run says"));
    }
    if digest(&texts)? != says {
        return Err(damaged(key, "it does not say what its name says"));
    }
    Ok(texts)
}

fn damaged(key: &str, why: &str) -> Error {
    let why = super::shortened(why);
    Error::integrity("document-damaged", format!("`{key}` in the store cannot be read: {why}"))
        .help("The document was changed after it was written; use another store.")
}

/// Whether a run can have put these texts there: the names of store, strategy and run are lines, and so is the version.
fn is_of_a_run(texts: &Texts) -> bool {
    const LONGEST: usize = 256;
    /// Of a path, as the system has it.
    const LONGEST_NAME: usize = 4096;
    let line = |word: &String| word.len() <= LONGEST && !word.chars().any(char::is_control);
    texts.at.parse::<jiff::Timestamp>().is_ok()
        && texts.texts.iter().all(|text| text.name.len() <= LONGEST_NAME)
        && [&texts.strategy, &texts.store, &texts.run, &texts.version].into_iter().all(line)
}

/// What tells texts apart: what they say, and nothing of the run that used them.
fn digest(texts: &Texts) -> Result<String> {
    let says = serde_json::to_vec(&(&texts.strategy, &texts.texts, &texts.variables, &texts.plugins));
    let says = says.map_err(|error| Error::permanent("json", error.to_string()))?;
    Ok(blake3::hash(&says).to_hex().chars().take(DIGITS).collect())
}
