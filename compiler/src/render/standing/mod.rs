//! How backups stand, and the evidence of a time, for people and for monitors: the same tables as text and as a page.

mod page;
mod prometheus;
mod tables;
mod text;

pub use page::page;
pub use prometheus::prometheus;
pub use text::{report, status};
