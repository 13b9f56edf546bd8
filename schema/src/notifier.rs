//! Who is told how a run ended.

use crate::report::Outcome;
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
    /// Handlebars template over [`crate::report::Report`]; `None` sends the report as JSON.
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
    /// Whether a run that ended so is one.
    #[must_use]
    pub fn is(self, outcome: Outcome) -> bool {
        matches!(
            (self, outcome),
            (Self::Ok, Outcome::Ok) | (Self::Degraded, Outcome::Degraded) | (Self::Failed, Outcome::Failed)
        )
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
