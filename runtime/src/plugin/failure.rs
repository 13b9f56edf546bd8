//! How a call ended badly, in the runtime's words. Every text passes the redactor, and its control characters go.

use crate::error::Error;
use crate::plugin::bindings::types;
use crate::plugin::limits::{Exceeded, Limits};
use crate::plugin::secrets::Redactor;
use schema::report::ProblemKind;
use std::time::Duration;
use wasmtime::WasmBacktrace;

/// Characters of a guest's text that are shown.
const LONGEST: usize = 500;
/// Functions of a trap's trace that are shown.
const FRAMES: usize = 3;

/// Who was called and for what, to begin messages with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing<'a> {
    pub(super) plugin: &'a str,
    pub(super) what: &'static str,
    pub(super) redactor: &'a Redactor,
}

impl Doing<'_> {
    fn clean(&self, text: &str) -> String {
        let cut: String = text.chars().take(LONGEST).flat_map(escape).collect();
        self.redactor.clean(&cut)
    }

    fn failed(&self, why: &str) -> String {
        format!("plugin `{}` failed to {}: {}", self.plugin, self.what, self.clean(why))
    }

    /// What the guest itself answered.
    pub(super) fn answered(&self, error: types::Error) -> Error {
        match error {
            types::Error::RetryAfter(retry) => {
                let error = Error::temporary("plugin-busy", self.failed(&retry.message));
                Error { retry_after: retry.after_ms.map(Duration::from_millis), ..error }
            }
            types::Error::Auth(why) => Error::permanent("plugin-auth", self.failed(&why))
                .help("Check the secrets that the strategy gives to this plugin."),
            types::Error::NotFound => Error::permanent("object-missing", self.failed("there is no such object")),
            types::Error::Conflict => {
                Error::new(ProblemKind::Conflict, "object-exists", self.failed("something else holds that name"))
            }
            types::Error::Quota(why) => {
                Error::permanent("store-full", self.failed(&why)).help("Free space there, then run it again.")
            }
            types::Error::Config(why) => Error::permanent("plugin-config", self.failed(&why))
                .help("Change the node of the strategy that uses this plugin."),
            types::Error::Unsupported => {
                Error::permanent("plugin-unsupported", self.failed("this plugin cannot do that"))
            }
            types::Error::Permanent(why) => Error::permanent("plugin-failed", self.failed(&why)),
        }
    }

    /// The guest was stopped, or stopped itself.
    pub(super) fn trapped(
        &self,
        error: &wasmtime::Error,
        exceeded: Option<Exceeded>,
        limits: &Limits,
        last_words: Option<String>,
    ) -> Error {
        if let Some(exceeded) = exceeded {
            let message = format!("plugin `{}` was stopped in {}: it ", self.plugin, self.what);
            return Error::plugin(exceeded.code(), message + &exceeded.describe(limits))
                .help("Report it to the plugin's author; what was being stored is not visible in the store.");
        }
        let cause = self.clean(&error.root_cause().to_string());
        let mut message = format!("plugin `{}` trapped in {}: {cause}", self.plugin, self.what);
        if let Some(trace) = error.downcast_ref::<WasmBacktrace>() {
            let names = trace.frames().iter().filter_map(wasmtime::FrameInfo::func_name).take(FRAMES);
            let names: Vec<String> = names.map(|name| self.clean(name)).collect();
            if !names.is_empty() {
                message = format!("{message} (in {})", names.join(", "));
            }
        }
        if let Some(words) = last_words {
            message = format!("{message}; its last line was: {}", self.clean(&words));
        }
        Error::plugin("plugin-trapped", message).help("Report it to the plugin's author.")
    }

    pub(super) fn timed_out(&self, limits: &Limits) -> Error {
        let seconds = limits.idle.as_secs_f32();
        let message = format!("plugin `{}` was stopped in {}: nothing moved for {seconds} s", self.plugin, self.what);
        Error::plugin("plugin-timed-out", message)
    }

    /// A host function panicked, which is a fault of ours that a guest found.
    pub(super) fn panicked(&self) -> Error {
        let message = format!("plugin `{}` met a fault of the host in {}", self.plugin, self.what);
        Error::plugin("plugin-host-fault", message)
    }

    /// An answer that no correct guest gives.
    pub(super) fn broke_contract(&self, how: &str) -> Error {
        Error::plugin("plugin-broke-contract", self.failed(how))
    }
}

fn escape(c: char) -> Box<dyn Iterator<Item = char>> {
    if c.is_control() { Box::new(c.escape_default()) } else { Box::new(std::iter::once(c)) }
}
