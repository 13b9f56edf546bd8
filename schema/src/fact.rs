//! Facts: all that the compiler learns about the world beside the texts, gathered by the caller.

use serde::{Deserialize, Serialize};

/// A plugin that can be used, by its manifest (KDL in the vocabulary's own language).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginManifest {
    pub name: String,
    pub text: String,
}

/// The databases of a source, as the source itself listed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    pub source: String,
    /// Sorted.
    pub databases: Vec<String>,
    /// Names that stand for other databases and hold nothing themselves, sorted.
    #[serde(default)]
    pub virtuals: Vec<Virtual>,
}

/// A name of a server that holds nothing itself: a composite database or an alias.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Virtual {
    pub name: String,
    /// The database that an alias stands for; none for a composite one.
    #[serde(default)]
    pub alias_of: Option<String>,
}

/// A copy of an artifact that a store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StoredArtifact {
    pub store: String,
    pub source: String,
    pub database: String,
    /// Artifact id.
    pub id: String,
    /// `blake3:…` of the manifest's bytes.
    pub manifest: String,
    /// RFC 3339 in UTC.
    pub taken: String,
    pub size: u64,
    /// Whether a check of the content has succeeded on this copy.
    pub verified: bool,
    /// Whether the newest check of this copy found it wrong.
    #[serde(default)]
    pub damaged: bool,
    /// Id of the artifact before it in its chain; a full one has none.
    #[serde(default)]
    pub parent: Option<String>,
    /// RFC 3339 in UTC: nobody can remove the copy before.
    #[serde(default)]
    pub locked_until: Option<String>,
    /// How long it took to make the artifact, in milliseconds.
    #[serde(default)]
    pub took: Option<u64>,
    /// RFC 3339 in UTC: when the copy was marked to go. Until it is gone it counts for nothing, and can be taken back.
    #[serde(default)]
    pub tombstone: Option<String>,
    /// How long the transfer of this copy took, in milliseconds.
    #[serde(default)]
    pub moved: Option<u64>,
    /// How long the last check of this copy took that read it back, in milliseconds.
    #[serde(default)]
    pub checked: Option<u64>,
    /// The same of the last one that loaded it aside and ran the engine's own checker.
    #[serde(default)]
    pub inspected: Option<u64>,
    /// How long the last drill took that restored this copy: fetch, load and check, in milliseconds. Of a chain, what
    /// falls to this artifact by its bytes.
    #[serde(default)]
    pub drilled: Option<u64>,
    /// Engine that made it, as a manifest names it: `files`, `neo4j` or `command`; empty where that is not known.
    #[serde(default)]
    pub engine: String,
    /// Number of the last transaction in it, once a check or a drill has loaded this copy.
    #[serde(default)]
    pub transaction: Option<u64>,
}

/// A difference between what a store holds and what the catalog says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Drift {
    pub store: String,
    pub source: String,
    pub database: String,
    /// Artifact id.
    pub id: String,
    /// What differs, for people, for example `the catalog has it, the store does not`.
    pub what: String,
}

/// Something that a look through a store found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Trouble {
    pub store: String,
    /// As the key in the store has it; empty, as the two that follow, when it is about no artifact.
    pub source: String,
    pub database: String,
    /// Artifact id.
    pub id: String,
    /// Kebab-case, stable.
    pub code: String,
    pub message: String,
    /// Whether somebody must do something; otherwise it is only worth knowing.
    pub wrong: bool,
}

/// A running database server, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Base URL that it was asked at.
    pub http: String,
    /// For example `community`.
    pub edition: String,
    /// As it says, with its patch number.
    pub version: String,
    /// Databases that can be backed up, sorted; empty when they could not be asked for.
    pub databases: Vec<String>,
    /// The directory that it is installed in, on its own machine.
    pub home: Option<String>,
}
