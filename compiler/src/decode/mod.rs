//! Document to model, one file a node. It runs only on documents that the structural check has approved, so a `None`
//! means that this stage and the vocabulary disagree; a test holds them together.

mod job;
mod json;
mod neo4j;
mod place;
mod policy;
mod source;
mod store;
mod strategy;
mod values;

pub use json::json;
pub use strategy::strategy;

/// Collects what the decoders did not take; empty when they and the vocabulary agree.
pub type Left = Vec<String>;
