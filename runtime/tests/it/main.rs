//! Tests of the runtime, one binary. Cases are files beside the modules.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set itself up must stop")]
#![expect(clippy::print_stdout, reason = "tests that enumerate say how many they tried")]

mod engine;
mod model;
mod plugin;
mod process;
mod run;
mod scheduler;
mod stream;
mod window;
