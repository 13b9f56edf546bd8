//! Tests of the runtime, one binary. Cases are files beside the modules.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set itself up must stop")]

mod engine;
mod model;
mod plugin;
mod process;
mod run;
mod scheduler;
mod window;
