//! End to end: the real binary in folders of its own, against real peers. Each module is one promise of the product.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set itself up must stop")]
#![expect(clippy::print_stdout, reason = "tests that enumerate say how many they tried")]

mod against;
mod bare;
mod bucket;
mod cancel;
mod catalog;
mod command;
mod command_line;
mod crash;
mod damage;
mod differential;
mod drill;
mod encoded;
mod errors;
mod every_point;
mod faults;
mod fmt;
mod hostile;
mod init;
mod limits;
mod line;
mod lsp;
mod made_anew;
mod missing_parts;
mod neo4j;
mod notify;
mod outcomes;
mod overlap;
mod peer;
mod preview;
mod receiver;
mod refresh;
mod refused;
mod restore;
mod retention;
mod reuse;
mod review;
mod s3;
mod saved_plan;
mod shell;
mod space;
mod stand_in;
mod status;
mod stores;
mod validate;
mod windows;
