//! Tests of the compiler from the outside. Cases are files below `tests/suite`; `UPDATE=1` rewrites what they expect.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::disallowed_methods, reason = "tests read and rewrite their cases")]
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on should say where")]

mod agreement;
mod case;
mod decoded;
mod determinism;
mod dictionary;
mod diffs;
mod examples;
mod expected;
mod explanations;
mod forecast;
mod format;
mod formats;
mod init;
mod json_schema;
mod limits;
mod markdown;
mod mend;
mod mutation;
mod places;
mod planning;
mod preview;
mod reference;
mod retention;
mod suite;
