//! What a store holds beside the bytes: `store.json`, `manifest.json`, and the facts written later. All are write-once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Format of the documents that this version writes.
pub const FORMAT: u32 = 1;

/// `store.json`: whose store this is. Written at first use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StoreDocument {
    pub format: u32,
    /// UUID of the strategy that owns the prefix.
    pub strategy: String,
    /// The strategy's name when the store was first used.
    pub name: String,
    /// Whether creates were seen to refuse what exists, and concurrent ones to have one winner.
    pub atomic_create: bool,
    /// What was seen in detail; documents of earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantees: Option<Guarantees>,
}

/// What a store was seen to do when it was first used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Guarantees {
    /// A second create of one key was told that it exists, and changed nothing.
    pub create_refuses: bool,
    /// How many created one key at once.
    pub racers: u32,
    /// How many of them were told that they had.
    pub winners: u32,
    /// Why the strategy allows a store that does not create atomically, when this one does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
}

impl Guarantees {
    #[must_use]
    pub fn atomic_create(&self) -> bool {
        self.create_refuses && self.winners == 1
    }
}

/// `manifest.json`: an artifact exists when, and only when, this does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    pub format: u32,
    /// Artifact id: the same for every copy.
    pub id: String,
    pub strategy: String,
    pub source: String,
    pub database: String,
    /// Address of the backup step.
    pub step: String,
    pub run: String,
    /// Attempt whose folder holds the bytes of this copy.
    pub attempt: String,
    pub engine: EngineFacts,
    /// RFC 3339 in UTC: the state that a restore brings back is not newer than this.
    pub taken: String,
    pub artifact: Content,
    /// Digest of each input of the plan that the run used.
    pub inputs: Vec<String>,
    /// How long it took until its bytes were in the first store, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// Names that could not be archived faithfully; empty is a whole artifact.
    #[serde(default)]
    pub incomplete: Vec<String>,
}

/// What made the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct EngineFacts {
    /// `files` or `neo4j`.
    pub name: String,
    /// `archive` or `dump`.
    pub method: String,
    /// Version of the source's software, where it has one.
    pub version: Option<String>,
    pub edition: Option<String>,
    /// Version of the tool that made the artifact.
    pub tool: String,
    /// Number of entries, where the engine counts them.
    pub entries: Option<u64>,
}

/// The bytes of an artifact, the same on every copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Content {
    /// File name below the attempt's folder.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// 64 hexadecimal digits.
    pub blake3: String,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

/// A later fact about one copy, written beside its manifest as `facts/<kind>-<time>-<run>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LaterFact {
    pub format: u32,
    pub id: String,
    /// `digest` or `consistency`.
    pub with: String,
    pub ok: bool,
    /// RFC 3339 in UTC.
    pub at: String,
    pub run: String,
    pub detail: String,
}
