//! What is protected, as the runtime needs to know it.

use crate::secret::SecretRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A source of the strategy, with every default filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Source {
    pub name: String,
    pub engine: Engine,
}

/// The engine of a source and what it must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Engine {
    Files(Files),
    Neo4j(Box<Neo4j>),
}

/// A tree of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Files {
    /// Directory that names in the archive are relative to; absolute, or relative to the folder of the strategy.
    pub root: String,
    /// Globs relative to `root`; `**` crosses directories. A name is taken when an include matches and no exclude does.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// What to do when a file cannot be read or changes while it is read.
    pub on_change: OnChange,
}

impl Files {
    /// Whether some of `root` is left out: such a tree cannot take the place of the whole directory.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.include != ["**"] || !self.exclude.is_empty()
    }
}

/// How a file that cannot be archived faithfully counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnChange {
    /// The backup is published and the step ends degraded, naming the files.
    Degrade,
    /// The step fails and nothing is published.
    Fail,
}

/// A Neo4j server whose databases are dumped offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Neo4j {
    /// `community` or `enterprise`, as the strategy says; the probe compares.
    pub edition: String,
    /// Version line, for example `5.26`; the probe compares by this prefix.
    pub version: String,
    /// The installation: `data/databases` and `data/transactions` are below it unless its configuration says otherwise.
    pub home: String,
    /// The admin tool.
    pub admin: String,
    /// OS user that owns the data; `None` is the user who runs Backstay.
    pub user: Option<String>,
    /// Base URL of the HTTP API, for the probe, readiness and smoke queries.
    pub http: Option<String>,
    pub login: Option<Login>,
    /// How the server is stopped and started; without it, offline methods are refused when a server answers.
    pub control: Option<Control>,
    /// Extra environment for the admin tool, for example `JAVA_HOME`; no secrets.
    #[serde(default)]
    pub environment: Vec<(String, String)>,
    /// `HEAP_SIZE` of the admin tool, in bytes.
    pub heap: Option<u64>,
}

/// Credentials for the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Login {
    pub user: String,
    pub password: SecretRef,
}

/// Programs that stop and start a server, each run without a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Control {
    /// Returns when the server is down.
    pub stop: Vec<String>,
    /// May return before the server answers.
    pub start: Vec<String>,
    /// Longest wait for the server to answer after `start`, in seconds.
    pub ready_within: u64,
}
