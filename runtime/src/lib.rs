//! Plan in, effects and records out. The runtime cannot read a strategy and never plans.
//!
//! A run is a loop: the [`run`] scheduler (synchronous, pure) says which steps are ready, the executor (which has never
//! heard of the graph) does one, the [`journal`] has a record of it on disk before anything happens, and observers are
//! told afterwards. An executor calls an [`engine`] for the bytes, sends them down the [`artifact`] path, and a
//! [`store`] publishes them through a storage [`plugin`].

pub mod adopt;
pub mod artifact;
mod blocking;
pub mod catalog;
pub mod check;
pub mod engine;
pub mod error;
pub mod event;
pub mod fault;
pub mod hold;
pub mod journal;
pub mod look;
pub mod plugin;
pub mod process;
pub mod report;
pub mod run;
pub mod secret;
mod sqlite;
pub mod store;
pub mod world;

pub use error::{Error, Result};
