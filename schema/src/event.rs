//! Events: what a run tells while it goes on. One closed enum; progress, log and report observe it.

use crate::report::{Outcome, Problem};
use crate::step::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that happened. In NDJSON each has a `time` (RFC 3339, UTC) beside these fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    RunStarted {
        run: String,
        strategy: String,
        job: String,
        steps: u32,
        resumed: bool,
    },
    StepStarted {
        step: Address,
        attempt: u32,
    },
    /// Work done so far on a step.
    Progress {
        step: Address,
        /// Bytes, or units of the engine's own.
        done: u64,
        total: Option<u64>,
        /// `bytes`, `percent` or `entries`.
        unit: String,
    },
    /// A line from a child process or a plugin, with control characters escaped and secrets redacted.
    Output {
        step: Address,
        from: String,
        line: String,
    },
    /// An attempt failed and the step will be tried again.
    Retry {
        step: Address,
        after_ms: u64,
        problem: Problem,
    },
    StepEnded {
        step: Address,
        outcome: Outcome,
        seconds: f64,
        detail: String,
        problem: Option<Problem>,
    },
    /// Something that the operator should see and that fails nothing.
    Notice {
        message: String,
        help: Option<String>,
    },
    Notified {
        notifier: String,
        problem: Option<Problem>,
    },
    CancelRequested {
        now: bool,
    },
    /// No step begins any more but what starts a server again, and what comes before that.
    Paused,
    Continued,
    RunEnded {
        run: String,
        outcome: Outcome,
        seconds: f64,
    },
}
