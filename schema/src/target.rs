//! Where copies are restored to for a drill.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A target of the strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    pub name: String,
    pub engine: TargetEngine,
}

/// What is there to restore into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum TargetEngine {
    Files {
        directory: String,
    },
    Neo4j {
        home: String,
        /// The admin tool.
        admin: String,
        /// OS user that owns the data; `None` is the user who runs Backstay.
        user: Option<String>,
        /// `community` or `enterprise`.
        edition: String,
        /// Version line, for example `5.26`.
        version: String,
    },
}
