//! Where artifacts are kept, as the plan says it.

use crate::grant::Grant;
use crate::secret::SecretRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A store of the strategy: a plugin, its configuration, and what that lets it do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Store {
    pub name: String,
    pub plugin: PluginUse,
    /// Failure domain, for example a data centre.
    pub site: Option<String>,
    /// Failure domain within the site.
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default)]
    pub provider: Option<String>,
    #[serde(default)]
    pub account: Option<String>,
    #[serde(default)]
    pub host: Option<String>,
    pub media: Option<String>,
    /// Storage class of artifacts, as the provider calls it.
    #[serde(default)]
    pub class: Option<String>,
    /// Seconds for which nobody can delete or change a copy.
    #[serde(default)]
    pub immutable: Option<u64>,
    /// How artifacts are compressed that are not yet; none is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compress: Option<Compress>,
    /// Age recipients that copies are encrypted to; none is plain.
    #[serde(default)]
    pub encrypt: Vec<String>,
    /// Where the identity is that decrypts them.
    #[serde(default)]
    pub identity: Option<SecretRef>,
    /// Most steps at once that read it or write to it; `None` is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// Bytes per second that all steps of a run together may move to it and from it; `None` is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<u64>,
}

/// How the artifacts of a store are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Compress {
    pub method: Compression,
    /// 1 is the fastest, 19 the smallest.
    pub level: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    Zstd,
}

impl std::fmt::Display for Compress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.method {
            Compression::Zstd => write!(f, "zstd level {}", self.level),
        }
    }
}

/// One use of a plugin by a store or a notifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PluginUse {
    /// The plugin's name.
    pub name: String,
    /// Values of the nodes that the plugin's manifest defines, by node name; handed to the guest as one JSON object.
    pub config: BTreeMap<String, Config>,
    pub grants: Vec<Grant>,
    /// By the name that the guest asks for.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretRef>,
}

/// A configuration value of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Config {
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<String>),
}
