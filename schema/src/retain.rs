//! What the rules of a store make of the artifacts that it holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of one copy, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    pub store: String,
    pub source: String,
    pub database: String,
    /// Artifact id.
    pub id: String,
    /// `blake3:…` of the manifest's bytes.
    pub manifest: String,
    /// When the artifact was taken, RFC 3339 in UTC.
    pub taken: String,
    /// Bytes.
    pub size: u64,
    pub keep: bool,
    /// Every reason, for people, for example `daily 2026-11-22` or `full of a chain that is kept`. Never empty.
    pub reasons: Vec<String>,
}

/// A copy that a prune is to remove. The runtime looks again before it does, and can only refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Deletion {
    pub source: String,
    pub database: String,
    /// Artifact id.
    pub id: String,
    /// `blake3:…` of the manifest's bytes.
    pub manifest: String,
    /// When the artifact was taken, RFC 3339 in UTC.
    pub taken: String,
    /// Bytes.
    pub size: u64,
    /// Every reason, for people. Never empty.
    pub reasons: Vec<String>,
}
