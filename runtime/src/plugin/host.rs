//! The engine that runs plugins: one a process, with the compiled plugins and the clock that bounds their CPU time.

use crate::error::{Error, Result};
use crate::plugin::bindings::storage::StoragePlugin;
use crate::plugin::bundled::{self, Kind, Plugin};
use crate::plugin::cache::{Cache, Origin};
use crate::plugin::call::Call;
use crate::plugin::inspect;
use crate::plugin::limits::{Limits, MOST_MEMORIES, MOST_PARTS, TICK};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OnceCell, Semaphore};
use wasmtime::component::{HasSelf, InstancePre, Linker};
use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig};

/// Bytes of a component at most.
const LARGEST: usize = 64 << 20;

/// Calls at once. Their memories and stacks are kept and used again: to map and unmap them would cost more than most
/// calls do. A call that reads may wait for one that writes, so no more than half of them may read at a time.
pub const SLOTS: u16 = 64;
/// Bytes of a memory that stay with its slot; most calls touch no more.
const RESIDENT: usize = 1 << 20;

/// Slots whose pages are given back together.
const BATCH: usize = 8;

/// Runs plugins.
pub struct Host {
    pub(super) engine: Engine,
    pub(super) limits: Limits,
    linker: Linker<Call>,
    cache: Cache,
    /// [`SLOTS`] of them; a call holds one.
    pub(super) slots: Semaphore,
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
        let engine = Engine::new(&config(&limits)).map_err(|error| fault(&error))?;
        let mut linker = Linker::new(&engine);
        StoragePlugin::add_to_linker::<_, HasSelf<Call>>(&mut linker, |call| call).map_err(|error| fault(&error))?;
        let cache = Cache::open(cache, &engine)?;
        let slots = Semaphore::new(SLOTS.into());
        let host = Self { limits, linker, cache, slots, plugins: Mutex::default(), engine };
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

    /// Whether a plugin is here and says that of itself.
    #[must_use]
    pub fn claims(&self, name: &str, what: &str) -> bool {
        let plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        plugins.get(name).is_some_and(|installed| installed.plugin.claims.contains(&what))
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

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config.allocation_strategy(pool(limits));
    // A pool reserves the room of all its memories at once.
    config.memory_reservation(limits.memory as u64);
    config.wasm_component_model(true);
    config.epoch_interruption(true);
    config.max_wasm_stack(512 << 10);
    config
}

/// Room for [`SLOTS`] instances, each with what [`Limits`] let one have.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let (slots, most) = (u32::from(SLOTS), u32::from(MOST_PARTS));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots).total_stacks(slots);
    pool.total_core_instances(slots * most).max_core_instances_per_component(most);
    pool.total_tables(slots * most).max_tables_per_component(most);
    pool.total_memories(slots * u32::from(MOST_MEMORIES)).max_memories_per_component(MOST_MEMORIES.into());
    pool.max_memory_size(limits.memory).table_elements(limits.table);
    pool.linear_memory_keep_resident(RESIDENT).table_keep_resident(RESIDENT);
    // Only the pages that a call has written to are wiped, where the kernel can tell which; what is given back to the
    // kernel is given back for several calls at once, because each time interrupts the other processors.
    pool.pagemap_scan(Enabled::Auto).decommit_batch_size(BATCH);
    pool
}

fn fault(error: &wasmtime::Error) -> Error {
    Error::plugin("plugin-host-fault", format!("the plugin engine cannot start: {error:#}"))
}
