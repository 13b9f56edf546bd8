//! End to end: the real binary in folders of its own, against real peers. Each module is one promise of the product.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set itself up must stop")]

mod against;
mod cancel;
mod command_line;
mod crash;
mod faults;
mod fmt;
mod init;
mod line;
mod lsp;
mod neo4j;
mod notify;
#[expect(dead_code, reason = "shared with the tests of the runtime, which use more of it")]
mod peer;
mod preview;
mod refresh;
mod refused;
mod reuse;
mod review;
mod s3;
mod saved_plan;
mod shell;
mod space;
mod validate;
