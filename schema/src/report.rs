//! A run told as data.

use crate::step::{Address, Origin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a step or a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All that was asked for happened.
    #[serde(alias = "success")]
    Ok,
    /// It ended, but something that was required did not happen.
    Degraded,
    /// It did not happen.
    #[serde(alias = "failure")]
    Failed,
    /// Not tried, because something that it needs did not succeed.
    Skipped,
    /// Stopped by the operator.
    Cancelled,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        })
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    pub run: String,
    pub strategy: String,
    pub job: String,
    pub outcome: Outcome,
    /// RFC 3339 in UTC.
    pub started: String,
    pub ended: String,
    pub seconds: f64,
    pub steps: Vec<StepReport>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StepReport {
    pub address: Address,
    pub outcome: Outcome,
    /// Attempts made by this run.
    pub attempts: u32,
    pub seconds: f64,
    /// One line: what came of it, or why not.
    pub detail: String,
    pub problem: Option<Problem>,
    pub artifact: Option<ArtifactReport>,
}

/// An artifact that a step published or worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ArtifactReport {
    pub id: String,
    pub store: String,
    /// Key of the bytes in the store.
    pub key: String,
    /// Bytes.
    pub size: u64,
    pub blake3: String,
}

/// Why a step failed, for a person and for a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Problem {
    /// Kebab-case, stable.
    pub code: String,
    pub kind: ProblemKind,
    /// One sentence fragment, lower case.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The strategy line.
    pub origin: Option<Origin>,
}

/// What kind of failure it is; decides whether it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// May pass: tried again.
    Temporary,
    /// Will not pass by itself.
    Permanent,
    /// Another run or attempt was first.
    Conflict,
    /// Bytes are not what their manifest says.
    Integrity,
    /// A plugin broke a limit, trapped, or asked for what it was not granted.
    Plugin,
    /// The operator asked for it.
    Cancelled,
}
