//! A step: one unit of work of a plan, and what it needs first.

use crate::keep::Keep;
use crate::retain::Deletion;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stable name of a step: `job/kind/subject[/store]`. The same text is in the plan, events, journal and messages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Address(pub String);

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One unit of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    pub address: Address,
    pub job: String,
    pub action: Action,
    pub needs: Vec<Need>,
    /// Why the step is in the plan, in a few words.
    pub reason: String,
    /// Seconds that it takes by itself, as the forecast reckons it. `None`: nothing was reckoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<u64>,
    /// The strategy line that it came from.
    pub origin: Origin,
    /// Machine that runs it: a server, the runner, or `local`, which is the one that runs Backstay.
    pub host: String,
    /// Seconds that one attempt may take; `None` is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
}

/// What must have happened before a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Need {
    pub step: Address,
    pub when: When,
}

/// Which end of the needed step counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// It ended ok or degraded; otherwise this step is skipped.
    Success,
    /// It ended ok: degraded is not enough, and this step is skipped.
    Ok,
    /// It ended, whatever the outcome: this step runs if anything ran that it must follow.
    Always,
}

/// A place in an input of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Origin {
    /// Name of the text, as in [`crate::plan::Input`].
    pub input: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// The line itself, without surrounding white space: a plan is readable without its strategy.
    pub text: String,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.input, self.line, self.column)
    }
}

/// What a step does. Sources and stores are names in the same plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Action {
    /// Look at the source and the machine before anything is touched. `databases` are those that must be there: none
    /// before a restore, which may bring back what is gone.
    Preflight { source: String, databases: Vec<String> },
    /// Stop the source's server, or one database of it.
    Stop {
        source: String,
        #[serde(default)]
        database: Option<String>,
    },
    /// Start the source's server, or one database of it, and wait until it answers.
    Start {
        source: String,
        #[serde(default)]
        database: Option<String>,
    },
    /// Make an artifact of one database and publish it in one store.
    Backup {
        source: String,
        /// A database, or a server whose files are taken.
        database: String,
        method: Method,
        #[serde(default, rename = "type")]
        extent: Extent,
        store: String,
    },
    /// Make a second database of one, under a new name. No store has to do with it.
    Copy {
        source: String,
        database: String,
        into: String,
        by: CopyBy,
        #[serde(default)]
        compact: bool,
        /// The copy's store format; `None` is that of the database.
        #[serde(default)]
        format: Option<String>,
        /// Whether indexes and constraints are copied.
        #[serde(default)]
        schema: bool,
    },
    /// Copy artifacts from store to store; the source is not touched.
    Transfer {
        artifact: ArtifactRef,
        from: String,
        to: String,
        /// Bytes per second; `None` is unlimited.
        #[serde(default)]
        bandwidth: Option<u64>,
    },
    /// Make one full artifact of a chain, in a work copy that is removed: only such a one can be checked.
    Aggregate { artifact: ArtifactRef, store: String },
    /// Read an artifact back and check it.
    Verify { artifact: ArtifactRef, store: String, with: Check },
    /// Bring an artifact back under a staging name; the live data is not touched.
    Stage {
        source: String,
        database: String,
        /// Copies, in the order in which they are tried.
        candidates: Vec<Candidate>,
        /// Name (neo4j) or directory (files) to stage under; part of the plan, so a repeated restore finds it.
        staging: String,
        /// Only these names and what is below them; everything when there are none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        only: Vec<String>,
    },
    /// Check what was staged before anything is exchanged.
    Inspect { source: String, database: String, staging: String },
    /// Exchange the staged data and the live data, with an intent on disk. The old data is kept under the staging name.
    Swap { source: String, database: String, staging: String },
    /// Close the intent when the source answers (and `query` succeeds), else put the old data back.
    Settle {
        source: String,
        database: String,
        staging: String,
        #[serde(default)]
        query: Option<String>,
    },
    /// Give what was staged its final new name; nothing is replaced.
    Place { source: String, database: String, staging: String, into: String },
    /// A drill: bring an artifact back into a target, look at it there, and remove it.
    Restore {
        artifact: ArtifactRef,
        store: String,
        target: String,
        /// Whether the engine's own checker is run on it.
        check: bool,
        /// Queries that must answer true.
        queries: Vec<String>,
    },
    /// Remove from a store what the rules do not keep.
    Prune {
        store: String,
        keep: Keep,
        /// What goes, decided when the plan was made, oldest first. Nothing else does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        deletes: Vec<Deletion>,
        /// Seconds between the mark on a copy that it is to go and the removal of its bytes.
        #[serde(rename = "safety-age", default = "safety_age")]
        safety_age: u64,
    },
}

/// A day: long enough for a person to see what was marked, and to take it back.
pub const SAFETY_AGE: u64 = 86_400;

fn safety_age() -> u64 {
    SAFETY_AGE
}

impl Action {
    /// The kind that stands in the address.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Preflight { .. } => "preflight",
            Self::Stop { .. } => "stop",
            Self::Start { .. } => "start",
            Self::Backup { .. } => "backup",
            Self::Transfer { .. } => "transfer",
            Self::Verify { .. } => "verify",
            Self::Stage { .. } => "stage",
            Self::Inspect { .. } => "inspect",
            Self::Swap { .. } => "swap",
            Self::Settle { .. } => "settle",
            Self::Place { .. } => "place",
            Self::Copy { .. } => "copy",
            Self::Aggregate { .. } => "aggregate",
            Self::Restore { .. } => "restore",
            Self::Prune { .. } => "prune",
        }
    }
}

/// How an artifact is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// `files`: one archive of the tree.
    Archive,
    /// `neo4j`: an offline dump.
    Dump,
    /// `neo4j`, Enterprise: the online backup.
    Backup,
    /// `command`: what the command writes to its standard output.
    Command,
}

/// How much of a database an artifact holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// All of it.
    #[default]
    Full,
    /// What changed since the artifact before it in the chain.
    Differential,
}

/// How a database is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CopyBy {
    /// A dump, piped into a load under the new name.
    DumpAndLoad,
    /// The admin tool's own copy.
    Tool,
}

/// How an artifact is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Every byte is read back through the store's plugin and compared with the manifest.
    Digest,
    /// The artifact is loaded under a scratch name and the engine's own checker is run on it.
    Consistency,
}

/// Which artifact a step works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum ArtifactRef {
    /// The one that a backup step of this plan publishes.
    Step { step: Address },
    /// One that a store already holds.
    Stored {
        source: String,
        database: String,
        id: String,
        /// Digest of its manifest: another manifest there means that the plan is stale.
        manifest: String,
    },
    /// The newest one that the store holds when the step runs.
    Newest {
        source: String,
        database: String,
        /// Only those that need no other one.
        full: bool,
    },
}

/// A copy of an artifact that a restore may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Candidate {
    pub store: String,
    /// Artifact id.
    pub id: String,
    /// `blake3:…` of the manifest's bytes.
    pub manifest: String,
    /// When the artifact was taken, RFC 3339 in UTC.
    pub taken: String,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// Whether the newest check of this copy found it right.
    #[serde(default)]
    pub verified: bool,
    /// Why it stands at this place of the list, in a few words.
    #[serde(default)]
    pub why: String,
    /// The artifacts that it builds on, in the same store, the full one first; none when it is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Link>,
}

/// An artifact that another one builds on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Link {
    /// Artifact id.
    pub id: String,
    /// `blake3:…` of the manifest's bytes.
    pub manifest: String,
}
