//! The engine that runs plugins: one a process, with the compiled plugins and the clock that bounds their CPU time.

use crate::error::{Error, Result};
use crate::plugin::bindings::storage::StoragePlugin;
use crate::plugin::bundled::{self, Kind, Plugin};
use crate::plugin::cache::{Cache, Origin};
use crate::plugin::call::Call;
use crate::plugin::inspect;
use crate::plugin::limits::{Limits, TICK};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use wasmtime::component::{HasSelf, InstancePre, Linker};
use wasmtime::{Config, Engine};

/// Bytes of a component at most.
const LARGEST: usize = 64 << 20;

/// Runs plugins.
pub struct Host {
    pub(super) engine: Engine,
    pub(super) limits: Limits,
    linker: Linker<Call>,
    cache: Cache,
    plugins: Mutex<BTreeMap<String, Arc<Installed>>>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A plugin, and its compiled form once it was needed.
pub(super) struct Installed {
    pub(super) plugin: Plugin,
    ready: OnceCell<(InstancePre<Call>, Origin)>,
}

impl Host {
    /// A host with the bundled plugins. Compiled ones are kept in `cache`, a directory of this user alone.
    ///
    /// # Errors
    /// When the directory cannot be had, or can be used by others.
    pub fn new(cache: &Path) -> Result<Arc<Self>> {
        Self::with_limits(cache, Limits::default())
    }

    /// The same with other limits.
    pub fn with_limits(cache: &Path, limits: Limits) -> Result<Arc<Self>> {
        // Another part of the process may have chosen the same provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let engine = Engine::new(&config()).map_err(|error| fault(&error))?;
        let mut linker = Linker::new(&engine);
        StoragePlugin::add_to_linker::<_, HasSelf<Call>>(&mut linker, |call| call).map_err(|error| fault(&error))?;
        let cache = Cache::open(cache, &engine)?;
        let host = Self { limits, linker, cache, plugins: Mutex::default(), engine };
        for plugin in bundled::plugins() {
            host.install(plugin);
        }
        host.tick()?;
        Ok(Arc::new(host))
    }

    /// Adds a plugin, or replaces one of the same name for whoever opens it from now on.
    pub fn install(&self, plugin: Plugin) {
        let installed = Arc::new(Installed { plugin, ready: OnceCell::new() });
        let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        plugins.insert(installed.plugin.name.clone(), installed);
    }

    /// Whether a plugin of that name is here.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner).contains_key(name)
    }

    /// Compiles a plugin or loads it from the cache, and checks its imports; says which it was.
    pub async fn prepare(self: &Arc<Self>, name: &str, kind: Kind) -> Result<Origin> {
        let installed = self.find(name, kind)?;
        self.ready(&installed).await.map(|(_, origin)| origin)
    }

    pub(super) fn find(&self, name: &str, kind: Kind) -> Result<Arc<Installed>> {
        let plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = plugins.get(name) else {
            let known: Vec<String> = plugins.keys().map(|known| format!("`{known}`")).collect();
            return Err(Error::permanent("plugin-unknown", format!("there is no plugin `{name}`"))
                .help(format!("The plugins here are {}.", known.join(", "))));
        };
        if found.plugin.kind != kind {
            let message = format!("plugin `{name}` is a {}, not a {}", found.plugin.kind.interface(), kind.interface());
            return Err(Error::permanent("plugin-unknown", message));
        }
        Ok(found.clone())
    }

    /// The linked component: instances of it cost some microseconds.
    pub(super) async fn ready(self: &Arc<Self>, installed: &Arc<Installed>) -> Result<(InstancePre<Call>, Origin)> {
        let ready = installed.ready.get_or_try_init(|| async {
            let (host, installed) = (self.clone(), installed.clone());
            let loaded = tokio::task::spawn_blocking(move || host.load(&installed.plugin));
            loaded.await.map_err(|panic| Error::plugin("plugin-host-fault", panic.to_string()))?
        });
        ready.await.cloned()
    }

    fn load(&self, plugin: &Plugin) -> Result<(InstancePre<Call>, Origin)> {
        let name = &plugin.name;
        if plugin.wasm.len() > LARGEST {
            let message = format!("plugin `{name}` is larger than {} MiB", LARGEST >> 20);
            return Err(Error::plugin("plugin-invalid", message));
        }
        let invalid = |error: wasmtime::Error| {
            Error::plugin("plugin-invalid", format!("plugin `{name}` cannot be used: {error:#}"))
        };
        let (component, origin) = self.cache.load(&self.engine, &plugin.wasm).map_err(invalid)?;
        inspect::check(&self.engine, &component, name, plugin.kind, &plugin.wants)?;
        let linked = self.linker.instantiate_pre(&component).map_err(invalid)?;
        Ok((linked, origin))
    }

    /// Advances the clock of guests as long as the engine lives.
    fn tick(&self) -> Result<()> {
        let engine = self.engine.weak();
        let ticking = move || {
            loop {
                std::thread::sleep(TICK);
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        };
        let started = std::thread::Builder::new().name("plugin-clock".to_owned()).spawn(ticking);
        started.map(drop).map_err(|error| Error::io("start the clock of plugins", &error))
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.epoch_interruption(true);
    config.max_wasm_stack(512 << 10);
    config
}

fn fault(error: &wasmtime::Error) -> Error {
    Error::plugin("plugin-host-fault", format!("the plugin engine cannot start: {error:#}"))
}
