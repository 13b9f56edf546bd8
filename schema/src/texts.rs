//! `texts/<n>-<digest>.json.zst`: what a strategy says, kept in each of its stores, so that a machine that has nothing else
//! can restore. Write-once, like all that a store holds; the highest number counts.

use crate::plan::{Input, Plan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A strategy as a run used it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Texts {
    pub format: u32,
    /// The strategy's name.
    pub strategy: String,
    /// What the strategy calls the store that this is in.
    pub store: String,
    /// RFC 3339 in UTC.
    pub at: String,
    /// The run that put it here, the first with these texts.
    pub run: String,
    /// Version of Backstay that did.
    pub version: String,
    /// The strategy's own text first, then what it imports.
    pub texts: Vec<Text>,
    /// What was given with `--var`.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Plugins that the plan uses, by digest of their manifest.
    #[serde(default)]
    pub plugins: Vec<Input>,
    /// The plan of that run.
    #[serde(default)]
    pub plan: Option<Plan>,
}

/// One text of a strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Text {
    /// Its path, relative to the folder of the strategy, with slashes.
    pub name: String,
    pub text: String,
}
