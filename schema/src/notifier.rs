//! Who is told how a run ended.

use crate::report::Outcome;
use crate::store::PluginUse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A notifier of the strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Notifier {
    pub name: String,
    pub plugin: PluginUse,
    /// Outcomes that are told.
    pub on: Vec<Outcome>,
    /// Handlebars template over [`crate::report::Report`]; `None` sends the report as JSON.
    pub body: Option<String>,
}
