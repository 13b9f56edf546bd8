//! Opening a store: whose it is, and whether it is still the one that was used before. A mount that went away must not
//! be mistaken for a new, empty store.

use super::probe::judge;
use super::read::Coding;
use super::{DOCUMENT, Store, document, layout};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::plugin::{Host, SecretSource, Storage};
use crate::secret::Secrets;
use schema::grant::Grant;
use schema::manifest::{FORMAT, Guarantees, StoreDocument};
use schema::store::{Config, PluginUse};
use std::path::Path;
use std::sync::Arc;

/// Whose artifacts these are.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The strategy's UUID; `None` on a machine that has not run it: the first store that knows it tells.
    pub uuid: Option<String>,
    pub strategy: String,
}

/// Whether this machine remembers the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Never used from here: it may be empty and is set up.
    New,
    /// Used before: it must still hold its `store.json`.
    Used,
}

/// Under which conditions a store is used.
#[derive(Clone, Debug)]
pub struct Terms {
    pub known: Known,
    /// Why the strategy allows a store that does not create atomically, and until when; `None` when it does not.
    pub allowed: Option<String>,
}

/// Opens a store for writing; a new one gets its `store.json`. Returns the UUID of its strategy as well.
pub async fn open(
    host: &Arc<Host>,
    store: &schema::store::Store,
    identity: &Identity,
    terms: &Terms,
    base: &Path,
    secrets: &Secrets,
    observers: StepObservers,
) -> Result<(Store, String)> {
    prepare_folder(store, terms.known, base)?;
    let storage = attach(host, store, base, secrets, observers.clone()).await?;
    let opened = Store::new(store, storage, identity, secrets);
    if let Some(found) = opened.document().await? {
        let (opened, uuid) = owned(opened, &found, identity)?;
        if terms.known == Known::New {
            opened.forget_probes().await?;
        }
        // What stands there can be read in any case.
        let refused = judge(&store.name, found.atomic_create, found.guarantees.as_ref(), terms, &observers).err();
        return Ok((Store { refused, ..opened }, uuid));
    }
    if terms.known == Known::Used {
        return Err(gone(&store.name, "it no longer holds its `store.json`"));
    }
    let uuid = identity.uuid.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let seen = opened.probe().await?;
    let atomic_create = seen.atomic_create();
    if !atomic_create && let Some(found) = opened.document().await? {
        // Somebody was faster, and may have cleared these probes away: then nothing was learned.
        let (opened, uuid) = owned(opened, &found, identity)?;
        let refused = judge(&store.name, found.atomic_create, found.guarantees.as_ref(), terms, &observers).err();
        return Ok((Store { refused, ..opened }, uuid));
    }
    judge(&store.name, atomic_create, Some(&seen), terms, &observers)?;
    let allowed = terms.allowed.clone().filter(|_| !atomic_create);
    let guarantees = Some(Guarantees { allowed, ..seen });
    let name = identity.strategy.clone();
    let ours = StoreDocument { format: FORMAT, strategy: uuid, name, atomic_create, guarantees };
    opened.storage.create(layout::STORE, &document(&ours)?).await?;
    // Somebody else may have been first: what stands there now is what counts.
    let found = opened.document().await?.ok_or_else(|| gone(&store.name, "its `store.json` vanished"))?;
    let owned = owned(opened, &found, identity)?;
    owned.0.forget_probes().await?;
    Ok(owned)
}

/// Opens a store that must exist and be the strategy's; nothing is created. `None` when it was never used.
pub async fn open_owned(
    host: &Arc<Host>,
    store: &schema::store::Store,
    identity: &Identity,
    base: &Path,
    secrets: &Secrets,
    observers: StepObservers,
) -> Result<Option<Store>> {
    if let Some(path) = folder(store, base)
        && !path.exists()
    {
        return Ok(None);
    }
    let storage = attach(host, store, base, secrets, observers).await?;
    let opened = Store::new(store, storage, identity, secrets);
    match opened.document().await? {
        Some(found) => owned(opened, &found, identity).map(|(store, _)| Some(store)),
        None => Ok(None),
    }
}

impl Store {
    fn new(store: &schema::store::Store, storage: Storage, identity: &Identity, secrets: &Secrets) -> Self {
        let (name, strategy) = (store.name.clone(), identity.strategy.clone());
        Self { name, storage, strategy, coding: Coding::of(store, secrets), refused: None, ahead: None }
    }
}

pub(super) async fn attach(
    host: &Arc<Host>,
    store: &schema::store::Store,
    base: &Path,
    secrets: &Secrets,
    observers: StepObservers,
) -> Result<Storage> {
    let mut plugin = store.plugin.clone();
    if let Some(class) = store.class.clone().filter(|_| host.claims(&plugin.name, "storage-class")) {
        // The language knows the class of a store, whichever plugin reaches it.
        plugin.config.insert("class".to_owned(), Config::Text(class));
    }
    Storage::open(host, &plugin, base, secret_source(&plugin, secrets), observers).await
}

/// The secrets of one use of a plugin, by the names that its guest asks for.
pub(crate) fn secret_source(plugin: &PluginUse, secrets: &Secrets) -> Arc<dyn SecretSource> {
    Arc::new(Granted { references: plugin.secrets.clone(), secrets: secrets.clone() })
}

#[derive(Debug)]
struct Granted {
    references: std::collections::BTreeMap<String, schema::secret::SecretRef>,
    secrets: Secrets,
}

impl SecretSource for Granted {
    fn value(&self, name: &str) -> Result<String> {
        let reference = self.references.get(name).ok_or_else(|| {
            Error::plugin("secret-unknown", format!("the plugin asked for secret `{name}`, which it was not given"))
                .help(format!("Add `secret \"{name}\" (env)\"NAME\"` to its node if it should have one."))
        })?;
        self.secrets.value(reference)
    }
}

/// The directory that a store is, where its grant is one.
fn folder(store: &schema::store::Store, base: &Path) -> Option<std::path::PathBuf> {
    store.plugin.grants.iter().find_map(|grant| match grant {
        Grant::Dir { path } => Some(base.join(path)),
        Grant::Http { .. } | Grant::Secret { .. } => None,
    })
}

/// Creates the directory of a store that is used for the first time, private to its owner.
fn prepare_folder(store: &schema::store::Store, known: Known, base: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let Some(path) = folder(store, base) else { return Ok(()) };
    if path.is_dir() {
        return Ok(());
    }
    if known == Known::Used {
        return Err(gone(&store.name, &format!("the directory `{}` is not there", path.display())));
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&path)
        .map_err(|error| Error::io(format!("create the store directory `{}`", path.display()), &error))
}

fn gone(store: &str, why: &str) -> Error {
    Error::permanent("store-gone", format!("store `{store}` was used before, and now {why}"))
        .help("Mount it again, or, if it was emptied on purpose, run `backstay catalog forget` for it.")
}

fn owned(store: Store, found: &StoreDocument, identity: &Identity) -> Result<(Store, String)> {
    if found.format > FORMAT {
        return Err(store.too_new(layout::STORE, found.format));
    }
    let ours = match &identity.uuid {
        Some(uuid) => *uuid == found.strategy,
        None => found.name == identity.strategy,
    };
    if !ours {
        let message = format!("store `{}` belongs to another strategy, `{}`", store.name, found.name);
        return Err(Error::permanent("store-foreign", message)
            .help("Give this strategy a path or prefix of its own; one prefix holds one strategy."));
    }
    Ok((store, found.strategy.clone()))
}

impl Store {
    async fn document(&self) -> Result<Option<StoreDocument>> {
        match self.storage.get_small(layout::STORE, DOCUMENT).await? {
            Some(bytes) => self.parse(layout::STORE, &bytes).map(Some),
            None => Ok(None),
        }
    }
}
