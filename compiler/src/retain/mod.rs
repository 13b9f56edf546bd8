//! Which artifacts of a store its rules keep, and why.

use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::keep::Keep;
use schema::retain::Verdict;

/// What becomes of each copy in one store by its rules at a time, in the order of source, database and time.
#[must_use]
pub fn retain(artifacts: &[StoredArtifact], keep: &Keep, at: Timestamp) -> Vec<Verdict> {
    let _ = (artifacts, keep, at);
    Vec::new()
}
