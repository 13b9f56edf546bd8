//! What a strategy's schedules come to in the worst case: a part of the plan, so that it can be read, compared and kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Worst cases over a year of schedules, from estimates and, where there are any, measurements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Forecast {
    /// What was taken for granted because neither the strategy nor a measurement says it.
    pub assumptions: Vec<Assumption>,
    /// By source and database, in the order of the plan.
    pub databases: Vec<Outlook>,
    /// In the order of the plan.
    pub jobs: Vec<Load>,
    /// In the order of the plan.
    pub stores: Vec<Fill>,
    /// Most scratch room that one step takes on the machine that runs jobs, in bytes.
    pub temp: Sum,
}

/// A figure that was taken for granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Assumption {
    /// What it is a figure of, for example `bytes that a dump reads in a second`.
    pub what: String,
    /// For people, with its unit.
    pub value: String,
    /// What to say in the strategy so that it need not be assumed.
    pub instead: String,
}

/// A figure and how it comes about. The unit is that of the field that holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Sum {
    pub total: u64,
    /// They add up to the total.
    pub terms: Vec<Term>,
}

/// One part of a sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Term {
    pub amount: u64,
    /// Where it comes from, for people, for example `longest wait between two runs of full (Sun 01:00)`.
    pub what: String,
}

/// What is promised for one database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Outlook {
    pub source: String,
    pub database: String,
    /// Most data that can be lost when no copy is, in seconds. `None`: no scheduled job makes a copy.
    pub rpo: Option<Sum>,
    /// Longest time until service is back, from the best copy, in seconds.
    pub rto: Option<Sum>,
    /// The part of that in which a database that still serves must not, in seconds.
    pub restore_downtime: Option<Sum>,
    /// Longest downtime of one backup, in seconds.
    pub backup_downtime: Sum,
    /// Downtime for backups in 30 days, in seconds.
    pub downtime_a_month: u64,
    pub copies: Vec<CopyOutlook>,
    /// What remains when a place is lost with all that is in it.
    pub losses: Vec<Loss>,
}

/// What is promised for the copies of a database in one store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CopyOutlook {
    pub store: String,
    /// Most data that can be lost when only this store is left, in seconds.
    pub rpo: Option<Sum>,
    /// Longest time until service is back, from this store, in seconds.
    pub rto: Option<Sum>,
    /// The same when only the full artifact of a chain is restored, in seconds.
    #[serde(default)]
    pub full_rto: Option<u64>,
    /// Most artifacts in a chain, the full one among them.
    pub chain: u64,
    /// How far back restorable points go at least once the rules have been at work for a year, in seconds. `None`: nothing is ever removed.
    pub reach: Option<u64>,
    /// Whether every artifact is checked before the job ends.
    pub verified: bool,
}

/// What remains of a database when a place is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Loss {
    pub domain: Domain,
    /// The name of the host, site, provider or account; a zone is `site/zone`.
    pub name: String,
    /// The stores that are left.
    pub left: Vec<String>,
    /// Seconds. `None`: everything is lost.
    pub rpo: Option<Sum>,
    /// Seconds.
    pub rto: Option<Sum>,
}

/// Something that fails as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    Host,
    Zone,
    Site,
    Provider,
    Account,
    /// One store.
    Store,
}

/// What a scheduled job takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Load {
    pub job: String,
    /// From its start to its last step, along the longest path of needs, in seconds.
    pub duration: Sum,
    /// Shortest time between two times at which it is due, in seconds. `None`: it is due at most once.
    pub shortest_gap: Option<u64>,
    /// Longest such time, in seconds.
    pub longest_gap: Option<u64>,
    /// Length of its window, in seconds.
    pub window: Option<u64>,
    /// Other jobs that are at work on the same databases at the same time.
    pub overlaps: Vec<JobOverlap>,
    /// Runs that begin within a year.
    #[serde(default)]
    pub runs: u64,
    /// Runs that are due within a year and left out, because the window is closed or another run is at work.
    #[serde(default)]
    pub skipped: u64,
}

/// Two jobs at work on one database at the same time: a run that was due while the other one was running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct JobOverlap {
    pub job: String,
    pub source: String,
    /// How often in a year.
    pub times: u64,
}

/// How a store fills up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Fill {
    pub store: String,
    /// Bytes after a month of runs and prunes, from an empty store.
    pub month: u64,
    /// Bytes after a year.
    pub year: u64,
    /// Most bytes within that year.
    pub peak: u64,
    /// The bytes after a year by source, in the order of the plan; they add up to them.
    #[serde(default)]
    pub by: Vec<Term>,
}

/// What the business tolerates, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Objectives {
    pub rpo: Option<u64>,
    pub rto: Option<u64>,
    pub backup_downtime: Option<u64>,
    pub restore_downtime: Option<u64>,
}

/// How much data there is and how it moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Workload {
    /// Bytes.
    pub size: Option<u64>,
    pub growth: Option<Growth>,
    /// Bytes per second.
    pub change_rate: Option<u64>,
}

/// How fast data grows: each time by a share of what is there by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Growth {
    /// Hundredths of a percent.
    pub basis_points: u64,
    /// Seconds.
    pub per: u64,
}

/// What the machine that runs jobs may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Resources {
    pub cpus: Option<u64>,
    /// Bytes.
    pub memory: Option<u64>,
    /// Bytes.
    pub temp: Option<u64>,
    /// Bytes.
    pub disk: Option<u64>,
    /// Bytes per second.
    pub network: Option<u64>,
}
