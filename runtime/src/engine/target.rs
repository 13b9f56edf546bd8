//! What a drill finds in the target that it restores into, whatever the engine.

use std::time::{Duration, Instant};

/// Names of what drills leave when they are killed begin so; nothing else in a target is ever removed.
pub const DRILL: &str = "drill.backstay-";

/// A copy that was restored into a target and looked at.
#[derive(Clone, Debug)]
pub struct Tried {
    /// When all of it was in the target.
    pub loaded: Instant,
    /// How long the look at it took.
    pub check: Duration,
    /// How long the start of a server and the queries took.
    pub queries: Duration,
    /// Queries that answered true.
    pub answered: u64,
    /// Entries that were compared, where there are any.
    pub entries: Option<u64>,
    /// Number of the last transaction in it, where the engine tells one.
    pub transaction: Option<u64>,
    /// What restored it.
    pub tool: String,
    /// One line for a person.
    pub detail: String,
}
