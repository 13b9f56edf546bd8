//! Records to evidence: what the stores hold, what was found about it, and what runs did, beside what a plan promises.
//! Everything here is judged from values that were read before; nothing is asked and nothing is changed.

mod evidence;
mod status;

pub use evidence::evidence;
pub(crate) use status::missed;
pub use status::status;

use crate::journal::Ran;
use schema::fact::StoredArtifact;
use schema::manifest::LaterFact;

/// All that was read.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What the stores hold; for one that could not be read, what this machine remembers.
    pub artifacts: Vec<StoredArtifact>,
    /// Facts, each with its store.
    pub facts: Vec<(String, LaterFact)>,
    /// Stores that could not be read, and why.
    pub unreachable: Vec<(String, String)>,
    /// Runs of the journal, oldest first.
    pub runs: Vec<Ran>,
    /// When all of this was so, where the stores were not asked.
    pub remembered: Option<jiff::Timestamp>,
}

/// When a job is due: the compiler reads schedules.
#[derive(Clone, Debug, Default)]
pub struct Due {
    pub job: String,
    /// Times that have passed, oldest first.
    pub past: Vec<jiff::Timestamp>,
    pub next: Option<jiff::Timestamp>,
}
