//! What a change of the rules would now remove of what stores hold.

use schema::retain::Verdict;
use std::collections::BTreeSet;

/// A copy by its store, source, database and artifact.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Copies that go by the verdicts after a change and did not go by those before it, in the order of those after it. A store
/// that is not pruned has no verdicts, and nothing of it goes.
#[must_use]
pub fn doomed(before: &[Verdict], after: &[Verdict]) -> Vec<Verdict> {
    let gone: BTreeSet<Key<'_>> = before.iter().filter(|verdict| !verdict.keep).map(key).collect();
    after.iter().filter(|verdict| !verdict.keep && !gone.contains(&key(verdict))).cloned().collect()
}

fn key(verdict: &Verdict) -> Key<'_> {
    (&verdict.store, &verdict.source, &verdict.database, &verdict.id)
}
