//! What the steps of a run share: engines, stores, secrets, the gate to the journal. No graph is in here.

use super::state::State;
use crate::artifact::blake3_of;
use crate::engine::{self, Context, Engine};
use crate::error::{Error, Result};
use crate::event::{Observers, StepObservers};
use crate::journal::replay::Upload;
use crate::plugin::Host;
use crate::process::{Children, Guard, Redact};
use crate::secret::Secrets;
use crate::store::survey::Looked;
use crate::store::{self, Identity, Known, Store, Terms};
use crate::world::World;
use schema::manifest::{FORMAT, Manifest};
use schema::plan::{InputKind, Plan};
use schema::record::Record;
use schema::source::Source;
use schema::step::Address;
use schema::target::Target;
use schema::texts::{Text, Texts};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Shared by the steps of one run.
pub(super) struct Workshop {
    pub run: String,
    /// An earlier process of this run was cut off.
    pub resumed: bool,
    pub strategy: String,
    /// Digests of the plan's inputs, for manifests.
    pub inputs: Vec<String>,
    pub world: Arc<dyn World>,
    pub host: Arc<Host>,
    pub state: State,
    pub secrets: Secrets,
    pub observers: Observers,
    pub cancel: CancellationToken,
    pub exe: PathBuf,
    /// Bytes of the data, as the strategy says.
    pub workload: Option<u64>,
    /// Where sources of this machine have their data, with their names.
    pub live: Vec<(String, PathBuf)>,
    engines: BTreeMap<String, Arc<dyn Engine>>,
    targets: BTreeMap<String, Target>,
    stores: BTreeMap<String, schema::store::Store>,
    /// What stores held when the run was planned.
    pub looked: Looked,
    /// What the strategy says, to be kept in its stores.
    texts: Option<Texts>,
    /// Why stores may be used that do not create atomically.
    allowed: Option<String>,
    opened: Mutex<BTreeMap<String, Store>>,
    /// Uploads that another attempt may go on with.
    carried: std::sync::Mutex<Vec<Upload>>,
    /// Guards of servers that this run stopped, by source.
    pub(super) guards: Mutex<BTreeMap<String, Option<Guard>>>,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workshop").field("run", &self.run).finish_non_exhaustive()
    }
}

/// What a run brings along.
#[derive(Clone, Debug)]
pub struct Outfit {
    pub world: Arc<dyn World>,
    pub host: Arc<Host>,
    pub secrets: Secrets,
    pub observers: Observers,
    pub cancel: CancellationToken,
    /// The binary that serves `__child` and `__guard`.
    pub exe: PathBuf,
    /// Where looks at stores are left, and found, when a run begins with them.
    pub looked: Option<Looked>,
    /// What the strategy says, for runs that keep it in the stores they use.
    pub texts: Option<Said>,
}

/// The strategy as it was read: never looked into here, and kept for whoever has nothing else.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub texts: Vec<Text>,
    pub variables: BTreeMap<String, String>,
}

impl Workshop {
    /// `owed` are sources whose server an earlier, dead process of this run stopped.
    #[must_use]
    pub(super) fn new(
        (run, resumed): (String, bool),
        plan: &Plan,
        outfit: Outfit,
        state: State,
        owed: BTreeSet<String>,
    ) -> Self {
        let engines = plan.sources.iter();
        Self {
            texts: outfit.texts.as_ref().and_then(|said| texts(said, plan, &run, outfit.world.now())),
            run,
            resumed,
            strategy: plan.strategy.clone(),
            inputs: plan.inputs.iter().map(|input| input.digest.clone()).collect(),
            engines: engines
                .filter_map(|source| {
                    let engine = engine::open(&plan.strategy, source, outfit.world.base(), &outfit.secrets)?;
                    Some((source.name.clone(), engine))
                })
                .collect(),
            workload: plan.workload.size,
            live: live(plan, outfit.world.base()),
            targets: plan.targets.iter().map(|target| (target.name.clone(), target.clone())).collect(),
            stores: plan.stores.iter().map(|store| (store.name.clone(), store.clone())).collect(),
            allowed: store::allowed(plan, outfit.world.now()),
            looked: outfit.looked.unwrap_or_default(),
            world: outfit.world,
            host: outfit.host,
            state,
            secrets: outfit.secrets,
            observers: outfit.observers,
            cancel: outfit.cancel,
            exe: outfit.exe,
            opened: Mutex::default(),
            carried: std::sync::Mutex::default(),
            guards: Mutex::new(owed.into_iter().map(|source| (source, None)).collect()),
        }
    }

    /// The engine of a source.
    pub(super) fn engine(&self, source: &str) -> Result<&Arc<dyn Engine>> {
        self.engines.get(source).ok_or_else(|| not_in_plan("source", source))
    }

    /// The engine of an artifact's source. A source may have had another one when the artifact was made: what that one cannot
    /// read is no damage.
    ///
    /// # Errors
    /// `engine-differs`.
    pub(super) fn engine_of(&self, manifest: &Manifest) -> Result<&Arc<dyn Engine>> {
        let engine = self.engine(&manifest.source)?;
        made_by(engine.kind(), manifest, &format!("source `{}`", manifest.source))?;
        Ok(engine)
    }

    /// The target of that name.
    pub(super) fn target(&self, name: &str) -> Result<&Target> {
        self.targets.get(name).ok_or_else(|| not_in_plan("target", name))
    }

    /// The store of that name, opened at first use and then shared.
    pub(super) async fn store(&self, name: &str, observers: &StepObservers) -> Result<Store> {
        let mut opened = self.opened.lock().await;
        if let Some(store) = opened.get(name) {
            return Ok(store.telling(observers.clone()));
        }
        let spec = self.stores.get(name).ok_or_else(|| not_in_plan("store", name))?;
        let catalog = &self.state.catalog;
        let identity = Identity { uuid: catalog.strategy()?, strategy: self.strategy.clone() };
        let known = if catalog.knows(name)? { Known::Used } else { Known::New };
        let terms = Terms { known, allowed: self.allowed.clone() };
        let base = self.world.base();
        let (store, uuid) =
            store::open(&self.host, spec, &identity, &terms, base, &self.secrets, observers.clone()).await?;
        catalog.remember(name, &uuid)?;
        if let Some(texts) = self.texts.as_ref().filter(|_| store.accepts().is_ok()) {
            store.keep_texts(texts).await?;
        }
        let store = store.limited(spec.bandwidth);
        opened.insert(name.to_owned(), store.clone());
        Ok(store)
    }

    /// Seconds for which nobody may remove what is put into a store.
    pub(super) fn immutable(&self, store: &str) -> Option<u64> {
        self.stores.get(store).and_then(|store| store.immutable)
    }

    /// Keeps an upload for whoever goes on with it.
    pub(super) fn carry(&self, upload: Upload) {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner).push(upload);
    }

    /// Takes the upload that is to have one of these keys, which depend on its attempt.
    pub(super) fn take_carried(&self, store: &str, key_of: impl Fn(&str) -> String) -> Option<Upload> {
        let mut carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = |upload: &Upload| upload.store == store && upload.key == key_of(&upload.attempt);
        let at = carried.iter().position(of_it)?;
        Some(carried.swap_remove(at))
    }

    /// Takes the upload that an attempt of this step has left in a store.
    pub(super) fn take_carried_of(&self, step: &Address, store: &str) -> Option<Upload> {
        let mut carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        let at = carried.iter().position(|upload| upload.step == *step && upload.store == store)?;
        Some(carried.swap_remove(at))
    }

    /// Whether an upload is kept.
    pub(super) fn carries(&self, store: &str, key: &str) -> bool {
        let carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        carried.iter().any(|upload| (upload.store.as_str(), upload.key.as_str()) == (store, key))
    }

    /// Takes all that nobody has gone on with.
    pub(super) fn carried(&self) -> Vec<Upload> {
        std::mem::take(&mut *self.carried.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes a record. The caller does nothing that it announces when this fails.
    pub(super) fn record(&self, record: &Record) -> Result<()> {
        self.state.journal.append(&self.run, record, self.world.now())
    }

    /// What an engine may use for one attempt of a step on `subject` (`source-<name>` or `job-<name>`).
    pub(super) fn context(
        &self,
        step: &Address,
        attempt: &str,
        subject: &str,
        restores_order: bool,
    ) -> Result<Context> {
        // What puts things back in order is not stopped by the request that made it necessary.
        let cancel = if restores_order { CancellationToken::new() } else { self.cancel.child_token() };
        Ok(Context {
            world: self.world.clone(),
            children: Children::new(self.exe.clone(), self.state.children_lock(subject))
                .with_redact(Arc::new(self.secrets.clone())),
            observers: self.observers.of(step),
            cancel,
            scratch: self.state.scratch(attempt)?,
        })
    }
}

impl Redact for Secrets {
    fn redact(&self, line: &str) -> String {
        Self::redact(self, line)
    }
}

/// What of a strategy is kept with the stores of a run. Nothing when the run goes on by the plan of other texts.
fn texts(said: &Said, plan: &Plan, run: &str, now: jiff::Timestamp) -> Option<Texts> {
    let is_of = |text: &Text| {
        let digest = blake3_of(text.text.as_bytes());
        let mut inputs = plan.inputs.iter().filter(|input| input.kind == InputKind::Text);
        inputs.any(|input| input.name == text.name && input.digest == digest)
    };
    said.texts.iter().all(is_of).then(|| Texts {
        format: FORMAT,
        strategy: plan.strategy.clone(),
        store: String::new(),
        at: now.to_string(),
        run: run.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        texts: said.texts.clone(),
        variables: said.variables.clone(),
        plugins: plan.inputs.iter().filter(|input| input.kind == InputKind::Plugin).cloned().collect(),
        plan: Some(plan.clone()),
    })
}

/// The roots and homes that sources have on this machine, or would have.
fn live(plan: &Plan, base: &Path) -> Vec<(String, PathBuf)> {
    let place = |source: &Source| match &source.engine {
        schema::source::Engine::Files(files) if files.members.is_empty() => Some(base.join(&files.root)),
        schema::source::Engine::Neo4j(neo4j) => neo4j.home.as_ref().map(|home| base.join(home)),
        _ => None,
    };
    plan.sources.iter().filter_map(|source| Some((source.name.clone(), place(source)?))).collect()
}

/// That an artifact was made by this engine, which is that of `whose`.
pub(super) fn made_by(engine: &str, manifest: &Manifest, whose: &str) -> Result<()> {
    let made = &manifest.engine.name;
    if made == engine {
        return Ok(());
    }
    let message = format!("artifact {} was made by the engine `{made}`, and {whose} is of `{engine}`", manifest.id);
    Err(Error::permanent("engine-differs", message)
        .help("Give it back the engine that it had, or choose an artifact that was made since."))
}

fn not_in_plan(what: &str, name: &str) -> Error {
    Error::permanent("plan-incomplete", format!("the plan names {what} `{name}` and does not hold it"))
        .help("Make the plan again.")
}
