//! Who is told how a run ended.

use crate::report::{Outcome, Report, StepReport};
use crate::store::PluginUse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A notifier of the strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Notifier {
    pub name: String,
    pub plugin: PluginUse,
    /// What is told.
    pub on: Vec<Occasion>,
    /// Handlebars template over what is [`Told`]; `None` sends that as JSON.
    pub body: Option<String>,
}

/// Something that a notifier may be told of. The words of ends are those of [`Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    #[serde(alias = "success")]
    Ok,
    Degraded,
    #[serde(alias = "failure")]
    Failed,
    /// A run was due and did not begin.
    Missed,
    /// A run succeeded after one that had not.
    Recovered,
    /// A run began.
    Start,
}

impl Occasion {
    /// What a run that ended so is; nobody is told of one that its operator stopped.
    #[must_use]
    pub fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Ok => Some(Self::Ok),
            Outcome::Degraded => Some(Self::Degraded),
            Outcome::Failed => Some(Self::Failed),
            Outcome::Skipped | Outcome::Cancelled => None,
        }
    }
}

impl std::fmt::Display for Occasion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Recovered => "recovered",
            Self::Start => "started",
        })
    }
}

/// What a notifier is told: the report of a run, and why it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Told {
    pub occasion: Occasion,
    /// How the run ended; `started` or `missed` where there is no end to tell of.
    pub outcome: String,
    /// The run of the job before this one did not succeed, and this one did.
    pub recovered: bool,
    /// Times at which the job was due and did not begin; of the occasion `missed` alone.
    pub due: Vec<String>,
    /// Empty for a run that never was.
    pub run: String,
    pub strategy: String,
    pub job: String,
    /// RFC 3339 in UTC.
    pub started: String,
    pub ended: String,
    pub seconds: f64,
    pub steps: Vec<StepReport>,
}

impl Told {
    #[must_use]
    pub fn new(report: Report, occasion: Occasion) -> Self {
        let Report { run, strategy, job, outcome, started, ended, seconds, steps } = report;
        let outcome = match occasion {
            // To say one would be to lie.
            Occasion::Start | Occasion::Missed => occasion.to_string(),
            _ => outcome.to_string(),
        };
        let (recovered, due) = (false, Vec::new());
        Self { occasion, outcome, recovered, due, run, strategy, job, started, ended, seconds, steps }
    }
}
