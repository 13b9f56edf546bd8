//! Journal records. Each is on disk before the effect that it announces is attempted.

use crate::notifier::Occasion;
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
    /// The run stands in for one that was cut off and will not be gone on with: it clears up after it.
    InsteadOf { run: String },
    /// An attempt of a step is about to begin.
    AttemptStarted { step: Address, attempt: String },
    /// Attempt-scoped bytes are about to be written in a store: whoever resumes knows what to clean up. Written before the
    /// session is begun, without one, and again with it.
    UploadStarted { step: Address, attempt: String, store: String, key: String, session: Vec<u8> },
    /// More parts of an object are in its store, behind the first `after` of those of earlier records, or behind all of them
    /// where it is not said: whoever goes on need not send them again. Further parts of earlier records count no more.
    /// All parts but the last are of `part_size` bytes. `values` tell whether a part is still the same when it is made anew, one
    /// for each receipt; none where nobody makes it anew.
    PartsStored {
        store: String,
        key: String,
        part_size: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        receipts: Vec<Vec<u8>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        values: Vec<String>,
        /// The state directory, as the system knows it: whoever goes on from a copy of it may not be alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
    },
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
    /// The operator asked the run to pause: no step begins but what starts a server again, and what comes before that.
    Paused,
    /// The operator let it go on.
    Continued,
    /// The operator wants parts of the job: globs over addresses, and whether the window counts. It holds for the run,
    /// whichever process goes on with it.
    Chosen { only: Vec<String>, skip: Vec<String>, any_time: bool },
    /// A notifier was told of the run, or could not be. Records of older versions say the outcome at most.
    Notified {
        notifier: String,
        problem: Option<Problem>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Outcome>,
        #[serde(default)]
        occasion: Option<Occasion>,
    },
    /// The run ended.
    RunEnded { outcome: Outcome },
}

impl Record {
    /// The record's word, as its JSON has it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run-started",
            Self::InsteadOf { .. } => "instead-of",
            Self::AttemptStarted { .. } => "attempt-started",
            Self::UploadStarted { .. } => "upload-started",
            Self::PartsStored { .. } => "parts-stored",
            Self::StartOwed { .. } => "start-owed",
            Self::StartSettled { .. } => "start-settled",
            Self::AttemptEnded { .. } => "attempt-ended",
            Self::StepEnded { .. } => "step-ended",
            Self::CancelRequested => "cancel-requested",
            Self::PruneStarted { .. } => "prune-started",
            Self::Paused => "paused",
            Self::Continued => "continued",
            Self::Chosen { .. } => "chosen",
            Self::Notified { .. } => "notified",
            Self::RunEnded { .. } => "run-ended",
        }
    }
}
