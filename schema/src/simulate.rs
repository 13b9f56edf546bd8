//! What a plan's schedules do over a time: every run, every restorable point, every deletion. Times are seconds since 1970.

use crate::forecast::Domain;
use crate::step::Extent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Format of simulations that this version writes.
pub const FORMAT: u32 = 1;

/// A time in the life of a strategy, as it would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Simulation {
    /// [`FORMAT`].
    pub format: u32,
    pub strategy: String,
    pub from: i64,
    /// The first second that is not looked at.
    pub to: i64,
    /// What is lost on the way, by time.
    pub failures: Vec<Failed>,
    /// Jobs with a schedule, in the order of the plan.
    pub jobs: Vec<JobRuns>,
    /// Databases that fare alike stand together.
    pub histories: Vec<History>,
    /// In the order of the plan.
    pub stores: Vec<Level>,
}

/// Something that is lost, and what is left then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Failed {
    pub domain: Domain,
    pub name: String,
    pub at: i64,
    /// For each of [`Simulation::histories`] what is left.
    pub left: Vec<Left>,
}

/// What can be restored right after a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Left {
    /// When the newest restorable point was taken. `None`: nothing is left.
    pub newest: Option<i64>,
    /// The first store that has it.
    pub store: Option<String>,
    /// Seconds of data that are lost.
    pub loss: Option<u64>,
}

/// The runs of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct JobRuns {
    pub job: String,
    pub runs: Vec<Run>,
}

/// A run that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    pub due: i64,
    /// When it begins; when it is due for one that does not.
    pub start: i64,
    /// When it ends.
    pub end: i64,
    pub outcome: RunOutcome,
}

/// What becomes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    Ran,
    /// Left out: its window is closed.
    WindowClosed,
    /// Left out: another run is at work on the same source.
    HeldUp,
    /// The machine that runs it, or what it takes a copy of, is lost.
    Lost,
}

/// The artifacts of databases that fare alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct History {
    /// `source:database`, in the order of the plan.
    pub databases: Vec<String>,
    /// By the time at which they were taken.
    pub points: Vec<Point>,
}

/// An artifact and its copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Point {
    pub taken: i64,
    #[serde(rename = "type")]
    pub extent: Extent,
    /// The job that makes it, for the first of the databases. `None`: it was there already.
    pub job: Option<String>,
    pub copies: Vec<Copied>,
}

/// A copy of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Copied {
    /// Place of the store in [`Simulation::stores`].
    pub store: u32,
    pub present: i64,
    /// From then on it can be restored: it and its chain are there and checked, if its job checks them. `None`: never.
    pub restorable: Option<i64>,
    /// When it is removed or lost. `None`: it is there at the end.
    pub gone: Option<i64>,
    /// Whether the rules of the store have removed it.
    #[serde(default)]
    pub pruned: bool,
}

/// How a store fills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Level {
    pub store: String,
    /// Bytes at the end of each day.
    pub days: Vec<u64>,
}
