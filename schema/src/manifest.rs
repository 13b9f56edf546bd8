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
    /// How this copy stores those bytes; `None` is as they are, in a file of that name, size and digests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<Copied>,
    /// A table of what lies where in the artifact's bytes, where the engine made one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Indexed>,
    /// Digest of each input of the plan that the run used.
    pub inputs: Vec<String>,
    /// How long it took until its bytes were in the first store, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// How long the transfer took that brought the bytes of this copy here, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<u64>,
    /// Names that could not be archived faithfully; empty is a whole artifact.
    #[serde(default)]
    pub incomplete: Vec<String>,
    /// What the artifact builds on; a full one builds on nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
    /// Name of the file that the artifact was made of, when Backstay did not make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<String>,
}

impl Manifest {
    /// Id of the artifact before it in its chain.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.chain.as_ref().map(|chain| chain.parent.as_str())
    }
}

/// The place of a differential artifact in its chain. All of the chain is in the same store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Chain {
    /// Id of the artifact that it says the difference to.
    pub parent: String,
    /// Id of the full artifact that the chain begins with.
    pub root: String,
    /// How many artifacts are before it.
    pub before: u32,
}

/// What made the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct EngineFacts {
    /// `files`, `neo4j` or `command`.
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

/// The stored bytes of one copy, where they are not those of the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Copied {
    /// File name below the attempt's folder: that of the artifact, and an ending for each encoding.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// 64 hexadecimal digits.
    pub blake3: String,
    /// 64 hexadecimal digits.
    pub sha256: String,
    /// What was done to the bytes, in that order: `zstd`, `age`.
    pub encoding: Vec<String>,
    /// Who can read it; empty when it is not encrypted.
    #[serde(default)]
    pub recipients: Vec<String>,
}

/// An index beside the bytes of one copy: JSON lines, compressed, and encrypted where the copy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Indexed {
    /// File name below the attempt's folder.
    pub file: String,
    /// Bytes, as stored.
    pub size: u64,
    /// Of the stored bytes: 64 hexadecimal digits.
    pub blake3: String,
}

/// A later fact about one copy, written beside its manifest as `facts/<kind>-<time>-<run>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LaterFact {
    pub format: u32,
    pub id: String,
    /// `digest` or `consistency` of a check, `drill`, `restore` when a restore met a damaged copy, [`LOCK`] of a lock.
    pub with: String,
    pub ok: bool,
    /// RFC 3339 in UTC.
    pub at: String,
    pub run: String,
    pub detail: String,
    /// RFC 3339 in UTC: of a lock, when it ends. The latest of all locks holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How long the check took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// What a drill measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillFacts>,
    /// Number of the last transaction in it, where the engine has them and whoever loaded it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<u64>,
}

/// What a [`LaterFact`] that forbids removal is `with`.
pub const LOCK: &str = "lock";

/// `tombstone.json`: the copy is to go. Its bytes stay until the safety age is over; then the manifest goes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Tombstone {
    pub format: u32,
    pub id: String,
    /// RFC 3339 in UTC.
    pub at: String,
    pub run: String,
    /// Machine that wrote it.
    pub host: String,
    /// `blake3:…` of the manifest that is meant.
    pub manifest: String,
    /// Folder of the bytes, so that they are found when the manifest is gone.
    pub attempt: String,
    /// Every reason, for people.
    pub reasons: Vec<String>,
}

/// `swept/<attempt>.json`: no manifest named the attempt when it was looked at. Once the mark is older than the safety age,
/// and there is still no such manifest, nobody can be writing there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Abandoned {
    pub format: u32,
    pub attempt: String,
    /// RFC 3339 in UTC.
    pub at: String,
    pub run: String,
}

/// `lease/<name>/<epoch>.json`: one at a time does something to the store. The highest epoch counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Lease {
    pub format: u32,
    /// Grows by one with each holder; what is done under a lower one is void.
    pub epoch: u64,
    /// Who holds it, for people.
    pub holder: String,
    /// RFC 3339 in UTC.
    pub at: String,
    /// RFC 3339 in UTC: from then on anybody may take the next epoch. Of a lease that was given back, when that was.
    pub until: String,
}

/// What a drill measured. Times are in milliseconds and do not overlap: they add up to the way back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct DrillFacts {
    /// The copy that was used.
    pub store: String,
    /// The target of the strategy.
    pub target: String,
    /// Until the last byte had been read from the store, with what the target took in meanwhile.
    pub fetch: u64,
    /// From then until all of it was in the target.
    pub load: u64,
    /// The look at what was restored.
    pub check: u64,
    /// The start of a server, and the queries.
    pub queries: u64,
    /// What restored it, for example `neo4j-admin 5.26.1`.
    pub tool: String,
    /// Bytes of the artifact, and of those before it.
    pub size: u64,
    /// Ids of the artifacts before it in its chain, which were restored with it; the full one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Entries that were restored and compared, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// Queries that answered true.
    #[serde(default)]
    pub answered: u64,
}
