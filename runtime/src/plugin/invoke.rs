//! One call of one guest: a fresh instance, watched, and thrown away afterwards. It runs in its caller's task: a guest
//! that computes lets other tasks run at every tick, and another thread would cost more than most calls take.

use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::plugin::bindings::{notifier, storage, types};
use crate::plugin::bundled::{Kind, Want};
use crate::plugin::call::{Call, Given, Witness};
use crate::plugin::egress::Clients;
use crate::plugin::failure::Doing;
use crate::plugin::host::Host;
use crate::plugin::limits::{Exceeded, Limits};
use crate::plugin::listing::Kept;
use crate::plugin::secrets::{Redactor, SecretSource};
use schema::grant::Grant;
use schema::store::PluginUse;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use wasmtime::Store;
use wasmtime::component::InstancePre;

/// Outer: it trapped. Inner: what the guest answered.
pub(super) type Answer<T> = wasmtime::Result<Result<T, types::Error>>;
pub(super) type Going<'a, T> = Pin<Box<dyn Future<Output = Answer<T>> + Send + 'a>>;
/// What to do on a configured instance.
pub(super) type Work<E, T> = Box<dyn for<'a> FnOnce(&'a mut Store<Call>, &'a E) -> Going<'a, T> + Send>;

/// A kind of plugin: how to get at its exports, configured.
pub(super) trait Entry: Clone + Send + Sync + Sized + 'static {
    const KIND: Kind;
    type Exports: Send + Sync + 'static;
    fn link(component: InstancePre<Call>) -> wasmtime::Result<Self>;
    fn enter<'a>(&'a self, store: &'a mut Store<Call>, config: &'a str) -> Going<'a, Self::Exports>;
}

impl Entry for storage::StoragePluginPre<Call> {
    const KIND: Kind = Kind::Storage;
    type Exports = storage::StoragePlugin;

    fn link(component: InstancePre<Call>) -> wasmtime::Result<Self> {
        Self::new(component)
    }

    fn enter<'a>(&'a self, store: &'a mut Store<Call>, config: &'a str) -> Going<'a, Self::Exports> {
        Box::pin(async move {
            let exports = self.instantiate_async(&mut *store).await?;
            let configured = exports.backstay_plugin_storage().call_configure(store, config).await?;
            Ok(configured.map(|()| exports))
        })
    }
}

impl Entry for notifier::NotifierPluginPre<Call> {
    const KIND: Kind = Kind::Notifier;
    type Exports = notifier::NotifierPlugin;

    fn link(component: InstancePre<Call>) -> wasmtime::Result<Self> {
        Self::new(component)
    }

    fn enter<'a>(&'a self, store: &'a mut Store<Call>, config: &'a str) -> Going<'a, Self::Exports> {
        Box::pin(async move {
            let exports = self.instantiate_async(&mut *store).await?;
            let configured = exports.backstay_plugin_notifier().call_configure(store, config).await?;
            Ok(configured.map(|()| exports))
        })
    }
}

/// One use of a plugin, ready to be called.
#[derive(Clone)]
pub(super) struct Guest<P> {
    host: Arc<Host>,
    entry: P,
    given: Arc<Given>,
}

impl<P: Entry> Guest<P> {
    /// Finds and links the plugin, and checks that it was given what it wants and nothing else.
    pub(super) async fn open(
        host: &Arc<Host>,
        plugin_use: &PluginUse,
        base: &Path,
        secrets: Arc<dyn SecretSource>,
    ) -> Result<Self> {
        let installed = host.find(&plugin_use.name, P::KIND)?;
        check_grants(plugin_use, &installed.plugin.wants)?;
        let (component, _) = host.ready(&installed).await?;
        let entry = P::link(component)
            .map_err(|error| Error::plugin("plugin-invalid", format!("plugin `{}`: {error:#}", plugin_use.name)))?;
        let config = serde_json::to_string(&plugin_use.config)
            .map_err(|error| Error::permanent("plugin-config", error.to_string()))?;
        let root = plugin_use.grants.iter().find_map(|grant| match grant {
            Grant::Dir { path } => Some(base.join(path)),
            Grant::Http { .. } | Grant::Secret { .. } => None,
        });
        let url_node = installed.plugin.wants.iter().find_map(|want| match want {
            Want::Http { node } => Some(node.to_string()),
            Want::Dir { .. } | Want::Secret => None,
        });
        let given = Arc::new(Given {
            plugin: plugin_use.name.clone(),
            grants: plugin_use.grants.clone(),
            root,
            url_node: url_node.unwrap_or_else(|| "url".to_owned()),
            config,
            secrets,
            redactor: Redactor::default(),
            clients: Clients::default(),
            listed: Kept::default(),
        });
        Ok(Self { host: host.clone(), entry, given })
    }

    pub(super) fn doing(&self, what: &'static str) -> Doing<'_> {
        Doing { plugin: &self.given.plugin, what, redactor: &self.given.redactor }
    }

    /// Does `work` on a fresh instance. When this future is dropped, the call ends.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        what: &'static str,
        observers: &StepObservers,
        witness: Witness,
        work: Work<P::Exports, T>,
    ) -> Result<T> {
        let limits = self.host.limits;
        // Waiting for a slot is not the guest's time.
        let _slot = self.host.slots.acquire().await;
        let call = Call::new(self.given.clone(), observers.clone(), witness.clone(), limits);
        let going = within(self.host.clone(), self.entry.clone(), call, work);
        let doing = self.doing(what);
        let ended = match watch(going, &witness, &limits).await {
            Watched::Ended(ended) => ended,
            Watched::Panicked => return Err(doing.panicked()),
            Watched::TimedOut => return Err(doing.timed_out(&limits)),
        };
        match ended.answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(witness.explanation().unwrap_or_else(|| doing.answered(error))),
            Err(error) => Err(doing.trapped(&error, ended.exceeded, &limits, witness.last_words())),
        }
    }
}

/// Grants must be of kinds that the manifest wants; a directory or a URL that it wants must be there.
fn check_grants(plugin_use: &PluginUse, wants: &[Want]) -> Result<()> {
    let name = &plugin_use.name;
    if let Some(grant) = plugin_use.grants.iter().find(|grant| !wants.iter().any(|want| want.covers(grant))) {
        let message = format!("plugin `{name}` {grant}, which its manifest does not want");
        return Err(Error::plugin("grant-not-wanted", message).help("Make the plan again with this version."));
    }
    let directories = plugin_use.grants.iter().filter(|grant| matches!(grant, Grant::Dir { .. })).count();
    if directories > 1 {
        return Err(Error::plugin(
            "grant-not-wanted",
            format!("plugin `{name}` was granted {directories} directories"),
        ));
    }
    for want in wants {
        let node = match want {
            Want::Secret => continue,
            Want::Dir { node } | Want::Http { node } => node,
        };
        if !plugin_use.grants.iter().any(|grant| want.covers(grant)) {
            let message = format!("plugin `{name}` was not granted the `{}` that it wants", want.interface());
            return Err(Error::plugin("grant-missing", message).help(format!("Add `{node}` to the node that uses it.")));
        }
    }
    Ok(())
}

struct Ended<T> {
    answer: Answer<T>,
    exceeded: Option<Exceeded>,
}

async fn within<P: Entry, T>(host: Arc<Host>, entry: P, call: Call, work: Work<P::Exports, T>) -> Ended<T> {
    let (given, limits) = (call.given.clone(), call.growth.limits);
    let mut store = Store::new(&host.engine, call);
    store.limiter(|call| &mut call.growth);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| context.data_mut().tick());
    store.set_hostcall_fuel(limits.handover);
    store.set_max_component_handles(limits.handles);
    let answer = match entry.enter(&mut store, &given.config).await {
        Ok(Ok(exports)) => work(&mut store, &exports).await,
        Ok(Err(error)) => Ok(Err(error)),
        Err(error) => Err(error),
    };
    Ended { answer, exceeded: store.data().growth.exceeded }
}

enum Watched<T> {
    Ended(T),
    Panicked,
    TimedOut,
}

/// Waits for the end of `going`, unless nothing moves for too long. A panic of a host function is the call's alone.
async fn watch<T>(going: impl Future<Output = T>, witness: &Witness, limits: &Limits) -> Watched<T> {
    const SHORTEST: Duration = Duration::from_millis(5);
    let mut going = std::pin::pin!(going);
    let mut guarded = std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| going.as_mut().poll(context)));
        polled.map_or(Poll::Ready(Err(())), |polled| polled.map(Ok))
    });
    loop {
        let left = limits.idle.saturating_sub(witness.idle());
        if left.is_zero() {
            return Watched::TimedOut;
        }
        match tokio::time::timeout(left.max(SHORTEST), &mut guarded).await {
            Ok(Ok(ended)) => return Watched::Ended(ended),
            Ok(Err(())) => return Watched::Panicked,
            Err(_) => {}
        }
    }
}
