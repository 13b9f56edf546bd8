//! A notifier's use of a plugin. The body was rendered before: the guest only builds the request.

use crate::error::Result;
use crate::event::StepObservers;
use crate::plugin::bindings::notifier::{NotifierPlugin, NotifierPluginPre};
use crate::plugin::call::{Call, Witness};
use crate::plugin::host::Host;
use crate::plugin::invoke::{Guest, Work};
use crate::plugin::secrets::SecretSource;
use schema::store::PluginUse;
use std::path::Path;
use std::sync::Arc;

/// One notifier's use of a plugin; cheap to clone.
#[derive(Clone)]
pub struct Notifier {
    guest: Guest<NotifierPluginPre<Call>>,
    observers: StepObservers,
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier").field("plugin", &self.guest.doing("").plugin).finish_non_exhaustive()
    }
}

impl Notifier {
    /// Links the plugin and checks what it was given.
    pub async fn open(
        host: &Arc<Host>,
        plugin_use: &PluginUse,
        base: &Path,
        secrets: Arc<dyn SecretSource>,
        observers: StepObservers,
    ) -> Result<Self> {
        Ok(Self { guest: Guest::open(host, plugin_use, base, secrets).await?, observers })
    }

    /// Tells. A temporary error may be tried again; the receiver may then hear it twice.
    pub async fn notify(&self, event_json: &str, body: &str) -> Result<()> {
        let (event, body) = (event_json.to_owned(), body.to_owned());
        let work: Work<NotifierPlugin, ()> = Box::new(move |store, plugin| {
            Box::pin(async move { plugin.backstay_plugin_notifier().call_notify(store, &event, &body).await })
        });
        self.guest.call("notify", &self.observers, Witness::new(), work).await
    }
}
