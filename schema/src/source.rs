//! What is protected, as the runtime needs to know it.

use crate::secret::SecretRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A source of the strategy, with every default filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Source {
    pub name: String,
    pub engine: Engine,
    /// Most steps at once that have to do with it or its copies; `None` is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
}

/// The engine of a source and what it must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Engine {
    Files(Files),
    Neo4j(Box<Neo4j>),
    Command(Command),
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
    /// Servers whose files are taken, each as a database of its own; then `root` is `/` and takes nothing itself.
    #[serde(default)]
    pub members: Vec<Member>,
}

/// The files of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Member {
    pub server: String,
    /// Absolute globs.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
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

/// A Neo4j server or cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Neo4j {
    /// `community` or `enterprise`, as the strategy says; the probe compares.
    pub edition: String,
    /// Version line, for example `5.26`; the probe compares by this prefix.
    pub version: String,
    /// The installation: `data/databases` and `data/transactions` are below it unless its configuration says otherwise.
    /// `None` is elsewhere: then there are no dumps, and no exchange of data.
    pub home: Option<String>,
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
    /// Page cache of an online backup, in bytes.
    #[serde(default)]
    pub pagecache: Option<u64>,
    /// Niceness of the admin tool, 0 to 19.
    #[serde(default)]
    pub nice: Option<u8>,
    /// As the strategy lists them; one, unless it is a cluster.
    #[serde(default)]
    pub servers: Vec<Server>,
    /// Kind of server that an online backup is taken from: `secondary`, `primary` or `any`.
    #[serde(default)]
    pub prefer: Option<String>,
    /// Directory that holds the current chain.
    #[serde(default)]
    pub work: Option<String>,
    #[serde(default)]
    pub topology: Option<Topology>,
    /// Users and roles in an online backup: `all`, `users`, `roles` or `none`.
    #[serde(default)]
    pub metadata: Option<String>,
    /// Whether an online backup is compressed by the tool.
    #[serde(default)]
    pub compress: Option<bool>,
    /// TLS policy of the backup interface.
    #[serde(default)]
    pub tls: Option<String>,
}

/// A server of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Server {
    pub name: String,
    /// Base URL of its HTTP API.
    pub http: Option<String>,
    /// Host and port of its backup interface.
    pub backup: Option<String>,
    pub site: Option<String>,
    /// How a command gets to it; `None` is this machine.
    pub via: Option<String>,
}

/// Copies of a database in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Topology {
    pub primaries: u32,
    pub secondaries: u32,
}

/// Anything with a program that writes it out, and perhaps one that reads it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Command {
    /// Program and arguments, each a Handlebars template, rendered by itself; no shell. The artifact is what it writes.
    pub backup: Vec<String>,
    /// The same for what reads an artifact; empty when there is none.
    pub restore: Vec<String>,
    /// The same for what reads an artifact and says by its exit whether it is sound; empty when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<String>,
    /// What it is run for; once, for the source as a whole, when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub databases: Vec<String>,
    /// OS user that its programs run as; `None` is the user who runs Backstay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Extra environment; no secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<(String, String)>,
    /// Secrets, by the variable of the environment that holds each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretRef>,
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
