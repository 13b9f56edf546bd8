//! The most that can be lost: the longest time from a moment that the newest copy shows to the moment at which a newer
//! one can be relied on. A disaster just before that moment loses all between.

use super::history::{History, NEVER};

/// The worst wait for a newer copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worst {
    /// Seconds.
    pub(super) total: u64,
    /// The artifact that is the newest until then.
    pub(super) before: usize,
    /// The one that ends the wait. The same when there never is another one.
    pub(super) after: usize,
    /// The store in which it does.
    pub(super) store: usize,
}

/// The worst wait when only these stores are left. `None`: there never is a copy that can be relied on.
pub(super) fn worst(history: &History, left: &[usize]) -> Option<Worst> {
    let mut points: Vec<(i64, usize, usize)> = Vec::with_capacity(history.artifacts.len());
    for (at, _) in history.artifacts.iter().enumerate() {
        let copies = left.iter().filter_map(|store| Some((history.copies.get(*store)?.get(at)?.good, at, *store)));
        points.extend(copies.filter(|(good, ..)| *good < NEVER).min());
    }
    // They nearly rise already.
    points.sort();
    let taken = |at: usize| history.artifacts.get(at).map_or(0, |artifact| artifact.taken);
    let mut points = points.into_iter();
    let (_, mut newest, store) = points.next()?;
    let alone = Worst { total: u64::try_from(super::LONG).unwrap_or(u64::MAX), before: newest, after: newest, store };
    let mut worst: Option<Worst> = None;
    for (good, at, store) in points {
        if taken(at) <= taken(newest) {
            continue;
        }
        let total = u64::try_from(good - taken(newest)).unwrap_or_default();
        if worst.is_none_or(|worst| worst.total < total) {
            worst = Some(Worst { total, before: newest, after: at, store });
        }
        newest = at;
    }
    Some(worst.unwrap_or(alone))
}

/// Chains of one store: most artifacts in one, and most seconds from its full one to its last.
pub(super) fn chains(history: &History, store: usize) -> (u64, u64) {
    let mut links: Vec<(u64, i64)> = Vec::with_capacity(history.artifacts.len());
    let (mut most, mut longest) = (0, 0);
    for (at, artifact) in history.artifacts.iter().enumerate() {
        let before = artifact.parent.and_then(|parent| links.get(parent)).copied();
        let (count, full) = before.map_or((1, artifact.taken), |(count, full)| (count + 1, full));
        links.push((count, full));
        let copy = history.copies.get(store).and_then(|copies| copies.get(at));
        if copy.is_some_and(|copy| copy.good < NEVER) {
            most = most.max(count);
            longest = longest.max(artifact.taken - full);
        }
    }
    (most, u64::try_from(longest).unwrap_or_default())
}

/// How far back copies go that can be relied on, at least: after each prune of the last month of the year. `None` when
/// nothing is ever removed.
pub(super) fn reach(history: &History, store: usize, prunes: &[i64], from: i64, to: i64) -> Option<u64> {
    let copies = history.copies.get(store)?;
    let at = prunes.iter().filter(|at| (from..to).contains(*at));
    // Those before this one are gone by then.
    let mut left = 0;
    let mut back = |at: i64| {
        while copies.get(left).is_some_and(|copy| copy.gone <= at) {
            left += 1;
        }
        let there = |(_, copy): &(usize, &super::history::Copy)| copy.good <= at && copy.gone > at;
        let first = copies.iter().enumerate().skip(left).find(there).map(|(first, _)| first);
        let taken = first.and_then(|first| history.artifacts.get(first)).map_or(at, |artifact| artifact.taken);
        u64::try_from(at - taken).unwrap_or_default()
    };
    at.map(|at| back(*at)).min()
}
