//! How backups stand now, and the evidence of a time: what was found in stores and journals, beside what was promised.
//! Times are RFC 3339 in UTC; lengths of time are seconds.

use crate::forecast::Objectives;
use crate::plan::Exception;
use crate::report::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Format of what this version writes.
pub const FORMAT: u32 = 1;

/// What was found, judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be, or nothing is asked.
    #[default]
    Fine,
    /// It cannot be told.
    Unknown,
    /// Not as it should be.
    Missed,
}

/// How backups stand at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// [`FORMAT`].
    pub format: u32,
    pub strategy: String,
    pub environment: String,
    /// When it was asked.
    pub at: String,
    /// When what is told of the stores was so: `at`, or when the catalog was last written.
    pub as_of: String,
    /// Whether the stores were asked; else it is the memory of this machine.
    pub asked: bool,
    /// The worst of all that follows.
    pub verdict: Verdict,
    pub objectives: Objectives,
    /// In the order of the plan.
    pub databases: Vec<DatabaseStatus>,
    /// In the order of the plan.
    pub stores: Vec<StoreStatus>,
    /// In the order of the plan.
    pub jobs: Vec<JobStatus>,
    /// What is missed or cannot be told, for people.
    pub problems: Vec<Trouble>,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Trouble {
    /// Kebab-case, stable, for example `rpo-missed`.
    pub code: String,
    /// `source:database`, a store or a job.
    pub about: String,
    pub verdict: Verdict,
    pub message: String,
}

/// One database as its copies are now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct DatabaseStatus {
    pub source: String,
    pub database: String,
    /// The newest artifact of which a copy can be reached that is not known to be damaged.
    pub newest: Option<Point>,
    /// Data that would be lost now: the age of the newest point.
    pub rpo: Measured,
    /// The way back, as the newest drill that succeeded took.
    pub rto: Measured,
    /// How many places hold what: the live data, and the copies that can be reached now.
    pub spread: Spread,
    /// In the order of the plan.
    pub copies: Vec<CopyStatus>,
}

/// A point that can be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Point {
    pub artifact: String,
    pub taken: String,
    /// The stores that hold it, none of them known to be damaged.
    pub stores: Vec<String>,
    pub size: u64,
}

/// A figure beside what is wanted of it, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Measured {
    /// What is so. `None`: nothing was measured.
    pub is: Option<u64>,
    /// When that was found.
    pub at: Option<String>,
    /// The objective.
    pub target: Option<u64>,
    /// The worst case of the schedules, by the forecast.
    pub worst: Option<u64>,
    pub verdict: Verdict,
}

/// Copies, sites and media, counted as the policy does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Spread {
    /// The live data is one.
    pub copies: u64,
    /// Different ones that are said, with that of the live data.
    pub sites: Vec<String>,
    /// Different ones that are said of stores.
    pub media: Vec<String>,
    /// Copies whose newest check was right.
    pub verified: u64,
}

/// The copies of one database in one store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CopyStatus {
    pub store: String,
    pub reachable: bool,
    /// Artifacts that it holds.
    pub artifacts: u64,
    /// Those whose newest check was wrong.
    pub damaged: u64,
    /// When the newest that is not damaged was taken.
    pub newest: Option<String>,
    /// Age of that.
    pub age: Option<u64>,
    /// Whether that was checked and right.
    pub verified: bool,
    pub last_check: Option<CheckSeen>,
    pub last_drill: Option<CheckSeen>,
}

/// A check, a drill, or a restore that met a damaged copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CheckSeen {
    /// `digest`, `consistency`, `drill` or `restore`.
    pub with: String,
    pub artifact: String,
    pub ok: bool,
    pub at: String,
    pub run: String,
    /// What the way back took, of a drill that succeeded.
    pub seconds: Option<u64>,
    pub detail: String,
}

/// A store as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StoreStatus {
    pub name: String,
    pub reachable: bool,
    /// Why it cannot be reached.
    pub why: Option<String>,
    pub artifacts: u64,
    /// Bytes of the artifacts.
    pub size: u64,
    pub site: Option<String>,
    pub media: Option<String>,
}

/// A job with a schedule, or that has run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct JobStatus {
    pub job: String,
    pub last: Option<RunSeen>,
    pub next: Option<String>,
    /// Times since the first run that the journal knows at which it was due and did not begin, oldest first.
    pub missed: Vec<String>,
}

/// A run as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RunSeen {
    pub run: String,
    pub job: String,
    pub started: String,
    /// When its last record was written.
    pub ended: String,
    /// `None`: it has no end, because it is under way or was cut off.
    pub outcome: Option<Outcome>,
}

/// What an audit asks for: how it stands, and what was done and found in a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    /// [`FORMAT`].
    pub format: u32,
    pub from: String,
    pub to: String,
    /// The machine whose journal was read.
    pub machine: String,
    pub status: Status,
    /// Runs that began in the time, oldest first. From the journal of the machine.
    pub runs: Vec<RunSeen>,
    /// Artifacts that were taken in the time and can be reached now, oldest first. From the manifests in the stores.
    pub artifacts: Vec<ArtifactSeen>,
    /// Checks that were made in the time, oldest first. From the facts in the stores.
    pub checks: Vec<StoreCheck>,
    /// What the policy excuses. From the strategy.
    pub exceptions: Vec<Exception>,
}

/// A copy of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ArtifactSeen {
    pub source: String,
    pub database: String,
    pub id: String,
    pub store: String,
    pub taken: String,
    /// Bytes.
    pub size: u64,
    /// Digest of the manifest that says so.
    pub manifest: String,
    pub verified: bool,
    pub damaged: bool,
}

/// A check and the store that its fact stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StoreCheck {
    pub store: String,
    /// `source:database`; empty when its artifact is gone.
    pub of: String,
    pub check: CheckSeen,
}
