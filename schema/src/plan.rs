//! The compiled plan: a plain value that can be printed, saved, compared and run, and that says where it came from.

use crate::forecast::{Forecast, Objectives, Resources, Workload};
use crate::notifier::Notifier;
use crate::source::Source;
use crate::step::{Action, Origin, Step};
use crate::store::Store;
use crate::target::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Format of plans that this version writes.
pub const FORMAT: u32 = 1;

/// Steps with needs, and all that the runtime must know to run them. It holds no secret values and no time of making.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// [`FORMAT`].
    pub format: u32,
    pub strategy: String,
    pub environment: String,
    /// What the plan was made from; when one has moved, the plan is stale.
    pub inputs: Vec<Input>,
    /// The machine that steps with its name as host run on.
    #[serde(default)]
    pub runner: Option<Runner>,
    pub jobs: Vec<Job>,
    pub sources: Vec<Source>,
    pub stores: Vec<Store>,
    #[serde(default)]
    pub targets: Vec<Target>,
    pub notifiers: Vec<Notifier>,
    /// In an order in which they could run one by one; ties by address.
    pub steps: Vec<Step>,
    pub findings: Vec<Finding>,
    /// What the policy asks of every source.
    #[serde(default)]
    pub requirements: Vec<Requirement>,
    /// What the policy excuses.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// How many approval notes the policy requires of a change that is breaking; 0 is none.
    #[serde(default)]
    pub approvals: u64,
    #[serde(default)]
    pub objectives: Objectives,
    #[serde(default)]
    pub workload: Workload,
    #[serde(default)]
    pub resources: Resources,
    /// What all jobs of the strategy come to, whichever of them the plan shows. Plans of a restore or of a check have none.
    #[serde(default)]
    pub forecast: Option<Forecast>,
    /// Where all that is no step was said, by a path of kinds and names: `store/vault`, `store/vault/immutable`,
    /// `job/full/schedule`, `keep/vault`, `objectives/rpo`, `require/copies`. What has no entry stands in the line of
    /// what is before its last `/`.
    #[serde(default)]
    pub lines: BTreeMap<String, Origin>,
}

/// What a policy asks of every source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Requirement {
    /// For example `copies`.
    pub what: String,
    /// How many there must be at least.
    pub min: u64,
    /// At most so many seconds: of `rpo` and `rto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
    /// For at least so many seconds: of `retention` and `immutable`.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasting: Option<u64>,
    /// Findings on it have the same.
    pub origin: Origin,
}

/// An exception from a requirement or a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Exception {
    /// A requirement, or the code of a rule.
    pub what: String,
    pub reason: String,
    /// The last day that it holds, `YYYY-MM-DD`.
    pub until: String,
}

impl Exception {
    /// Whether it has not ended by a day, `YYYY-MM-DD`.
    #[must_use]
    pub fn holds(&self, day: &str) -> bool {
        self.until.as_str() >= day
    }
}

/// Something that the plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Input {
    pub kind: InputKind,
    /// A text's path as given, a variable's, a plugin's or a source's name, an artifact's key.
    pub name: String,
    /// `blake3:` and 64 hexadecimal digits.
    pub digest: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// A strategy text.
    Text,
    /// A value that was given for a variable.
    Variable,
    /// A plugin's manifest.
    Plugin,
    /// The databases of a source, as it listed them.
    Inventory,
    /// The manifest of an artifact that a step uses.
    Artifact,
}

/// A job of the strategy. Its steps are those of [`Plan::steps`] that name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Job {
    pub name: String,
    pub schedule: Option<Schedule>,
    #[serde(default)]
    pub window: Option<Window>,
    #[serde(default)]
    pub on_overlap: Overlap,
    pub origin: Origin,
}

/// Times of day between which a job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Window {
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`; not after `from` when the window crosses midnight.
    pub to: String,
    /// IANA name.
    pub timezone: String,
    #[serde(default)]
    pub outside: Outside,
    #[serde(default)]
    pub closing: Closing,
    #[serde(default)]
    pub left_out: LeftOut,
}

/// What a run does that begins while its window is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outside {
    /// It does not begin, and says when the window opens.
    #[default]
    Fail,
    /// It begins when the window opens.
    Wait,
}

/// What becomes of steps that run when the window closes. No other begins, but what starts a server again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Closing {
    /// They go on to their end.
    #[default]
    Finish,
    /// They are stopped in order.
    Stop,
}

/// How a run ends that left steps out because its window was closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    #[default]
    Fail,
    Degrade,
}

/// What becomes of a run that is due while another one uses the same source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// It does not begin.
    #[default]
    Skip,
    /// It begins when the other one has ended.
    Wait,
}

/// The machine that runs jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Runner {
    pub name: String,
    /// Its host name.
    pub host: String,
    pub site: Option<String>,
}

/// When a job is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Schedule {
    /// Five fields.
    pub cron: String,
    /// IANA name.
    pub timezone: String,
}

/// Something that a reader of the strategy should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// Kebab-case, stable.
    pub code: String,
    pub level: Level,
    pub message: String,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Info,
    Warn,
    Error,
}

impl Plan {
    /// The source of that name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The plan without what it says of this hour alone: what its prunes name. A run that was cut off is gone on with when
    /// this is the same, and what it has put into stores in the meantime changes nothing.
    #[must_use]
    pub fn lasting(&self) -> Self {
        let mut plan = self.clone();
        for step in &mut plan.steps {
            if let Action::Prune { deletes, .. } = &mut step.action {
                deletes.clear();
            }
        }
        plan
    }

    /// The store of that name.
    #[must_use]
    pub fn store(&self, name: &str) -> Option<&Store> {
        self.stores.iter().find(|store| store.name == name)
    }
}
