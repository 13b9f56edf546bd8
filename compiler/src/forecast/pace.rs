//! How fast copies were moved and checked, where that was timed: bytes per second of each database in each store.

use crate::lookup::Lookup;
use schema::fact::StoredArtifact;

/// Bytes per second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// Into the store.
    pub(super) moved: Option<u64>,
    /// Read back from it.
    pub(super) checked: Option<u64>,
    /// Loaded aside, and checked by the engine.
    pub(super) inspected: Option<u64>,
    /// Restored by a drill.
    pub(super) drilled: Option<u64>,
}

/// The paces of the newest copies that were timed, by source, database and store.
#[derive(Debug, Default)]
pub(super) struct Paces(Lookup<(String, String, String), Pace>);

impl Paces {
    pub(super) fn new(artifacts: &[StoredArtifact]) -> Self {
        let is_timed = |it: &&StoredArtifact| it.moved.or(it.checked).or(it.inspected).or(it.drilled).is_some();
        let mut timed: Vec<&StoredArtifact> = artifacts.iter().filter(is_timed).collect();
        // The newest last: what it says, holds. Times in one form are in the order of their texts.
        timed.sort_by(|one, other| (&one.taken, &one.id).cmp(&(&other.taken, &other.id)));
        let mut out = Self::default();
        for artifact in timed {
            let key = (artifact.source.clone(), artifact.database.clone(), artifact.store.clone());
            let pace = out.0.entry(key).or_default();
            let rate = |took: Option<u64>| took.map(|took| (artifact.size.saturating_mul(1000) / took.max(1)).max(1));
            pace.moved = rate(artifact.moved).or(pace.moved);
            pace.checked = rate(artifact.checked).or(pace.checked);
            pace.inspected = rate(artifact.inspected).or(pace.inspected);
            pace.drilled = rate(artifact.drilled).or(pace.drilled);
        }
        out
    }

    /// One of them, when it was timed.
    pub(super) fn of(
        &self,
        (source, database): (&str, &str),
        store: &str,
        which: impl Fn(&Pace) -> Option<u64>,
    ) -> Option<u64> {
        if self.0.len() == 0 {
            return None;
        }
        which(self.0.get(&(source.to_owned(), database.to_owned(), store.to_owned()))?)
    }
}
