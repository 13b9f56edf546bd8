//! End to end: the real binary in folders of its own, against real peers. Each module is one promise of the product.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set itself up must stop")]
#![expect(clippy::print_stdout, reason = "tests that enumerate say how many they tried")]

mod against;
mod cancel;
mod command_line;
mod crash;
mod errors;
mod every_point;
mod faults;
mod fmt;
mod init;
mod line;
mod lsp;
mod neo4j;
mod notify;
mod overlap;
mod preview;
mod receiver;
mod refresh;
mod refused;
mod reuse;
mod review;
mod saved_plan;
mod shell;
mod space;
mod stand_in;
mod stores;
mod validate;
