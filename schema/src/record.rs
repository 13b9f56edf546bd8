//! Journal records. Each is on disk before the effect that it announces is attempted.

use crate::report::{ArtifactReport, Outcome, Problem};
use crate::step::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One entry of the journal of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "record")]
pub enum Record {
    /// The run begins, or goes on after it was cut off.
    RunStarted { resumed: bool },
    /// An attempt of a step is about to begin.
    AttemptStarted { step: Address, attempt: String },
    /// Attempt-scoped bytes are about to be written in a store: whoever resumes knows what to clean up.
    UploadStarted { step: Address, attempt: String, store: String, key: String, session: Vec<u8> },
    /// The source's server is about to be stopped, and was answering: it is owed a start.
    StartOwed { source: String },
    /// The start that was owed has been made.
    StartSettled { source: String },
    /// Copies are about to be marked (`mark`) or removed (`remove`), or attempts without a manifest to be cleared away (`sweep`).
    PruneStarted { step: Address, attempt: String, store: String, doing: String, epoch: u64, ids: Vec<String> },
    /// The attempt ended; the step may be tried again.
    AttemptEnded { step: Address, attempt: String, outcome: Outcome, problem: Option<Problem> },
    /// The step ended for this run.
    StepEnded {
        step: Address,
        outcome: Outcome,
        attempts: u32,
        seconds: f64,
        detail: String,
        problem: Option<Problem>,
        artifact: Option<ArtifactReport>,
    },
    /// The operator asked the run to stop.
    CancelRequested,
    /// A notifier was told, or could not be.
    Notified { notifier: String, problem: Option<Problem> },
    /// The run ended.
    RunEnded { outcome: Outcome },
}
