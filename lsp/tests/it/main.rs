//! The server as an editor sees it, through messages. Cases are files below `tests/cases`; `UPDATE=1` rewrites what they
//! expect.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on should say where")]

mod cases;
mod client;
mod protocol;
