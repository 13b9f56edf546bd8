//! Which artifacts of a store its rules keep, and why. The rules themselves are in `rules`, over plain numbers, so that a
//! year of prunes can be judged by the same code; here they meet artifacts and become words.

mod calendar;
mod reason;
pub(crate) mod rules;

use jiff::Timestamp;
use rules::Point;
use schema::fact::StoredArtifact;
use schema::keep::Keep;
use schema::retain::Verdict;
use std::collections::BTreeMap;

/// What becomes of each copy in one store by its rules at a time, in the order of source, database and time.
///
/// A copy whose time cannot be read is kept. Copies of several stores are judged store by store.
#[must_use]
pub fn retain(artifacts: &[StoredArtifact], keep: &Keep, at: Timestamp) -> Vec<Verdict> {
    let mut groups: BTreeMap<(&str, &str, &str), Vec<Copy<'_>>> = BTreeMap::new();
    for artifact in artifacts {
        let at = artifact.taken.parse::<Timestamp>().ok();
        let key = (artifact.source.as_str(), artifact.database.as_str(), artifact.store.as_str());
        groups.entry(key).or_default().push(Copy { artifact, at, taken: at.map(Timestamp::as_second) });
    }
    groups.into_values().flat_map(|copies| group(copies, keep, at.as_second())).collect()
}

struct Copy<'a> {
    artifact: &'a StoredArtifact,
    /// When it was taken: of two within a second the later one is the newer one.
    at: Option<Timestamp>,
    /// Seconds since 1970.
    taken: Option<i64>,
}

/// The copies of one database in one store.
fn group(mut copies: Vec<Copy<'_>>, keep: &Keep, at: i64) -> Vec<Verdict> {
    copies.sort_by(|one, other| (one.at, &one.artifact.id).cmp(&(other.at, &other.artifact.id)));
    // Those that cannot be dated come first.
    let (undated, dated) = copies.split_at(copies.partition_point(|copy| copy.taken.is_none()));
    let places: BTreeMap<&str, usize> =
        dated.iter().enumerate().map(|(at, copy)| (copy.artifact.id.as_str(), at)).collect();
    let points: Vec<Point> = dated.iter().map(|copy| point(copy, &places)).collect();
    let judged = rules::judge(&points, keep, at);
    let why = reason::Words { points: &points, keep, at, judged: &judged };
    let unread = undated.iter().map(|copy| {
        verdict(copy.artifact, true, vec![format!("`{}` is no time that can be read", copy.artifact.taken)])
    });
    let read = dated.iter().enumerate().map(|(at, copy)| {
        verdict(copy.artifact, judged.fates.get(at).is_none_or(|fate| fate.is_kept()), why.reasons(at))
    });
    unread.chain(read).collect()
}

fn point(copy: &Copy<'_>, places: &BTreeMap<&str, usize>) -> Point {
    let artifact = copy.artifact;
    let locked = artifact.locked_until.as_ref();
    Point {
        taken: copy.taken.unwrap_or_default(),
        differential: artifact.parent.is_some(),
        parent: artifact.parent.as_ref().and_then(|parent| places.get(parent.as_str()).copied()),
        verified: if artifact.verified { i64::MIN } else { rules::NEVER },
        // A lock that cannot be read never ends.
        locked_until: locked.map(|until| until.parse::<Timestamp>().map_or(i64::MAX, Timestamp::as_second)),
    }
}

fn verdict(artifact: &StoredArtifact, keep: bool, reasons: Vec<String>) -> Verdict {
    Verdict {
        store: artifact.store.clone(),
        source: artifact.source.clone(),
        database: artifact.database.clone(),
        id: artifact.id.clone(),
        manifest: artifact.manifest.clone(),
        taken: artifact.taken.clone(),
        size: artifact.size,
        keep,
        reasons,
    }
}
