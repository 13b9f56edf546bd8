//! The rules over plain numbers: which of the artifacts of one database in one store are kept at a time. No words, no
//! text: a forecast judges a year of prunes by this. A chain of artifacts is judged as a whole, for what is kept of it is
//! always its beginning, and so is what is good of it.

use super::calendar::Stretch;
use schema::keep::Keep;
use std::ops::Range;

/// An artifact of one database in one store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// Seconds since 1970.
    pub(crate) taken: i64,
    pub(crate) differential: bool,
    /// Position of the one before it in its chain, when the store has that.
    pub(crate) parent: Option<usize>,
    /// From when on it is verified; [`NEVER`] when it is not.
    pub(crate) verified: i64,
    /// Nobody can remove it before.
    pub(crate) locked_until: Option<i64>,
}

/// A time that does not come.
pub(crate) const NEVER: i64 = i64::MAX;

/// Rules, as positions of a bit.
pub(super) const LAST: u16 = 1;
pub(super) const STRETCHES: [(u16, Stretch); 5] = [
    (1 << 1, Stretch::Hour),
    (1 << 2, Stretch::Day),
    (1 << 3, Stretch::Week),
    (1 << 4, Stretch::Month),
    (1 << 5, Stretch::Year),
];
pub(super) const WITHIN: u16 = 1 << 6;
pub(super) const LOCKED: u16 = 1 << 7;
/// The newest good one.
pub(super) const NEWEST: u16 = 1 << 8;
/// Others need it.
pub(super) const CHAIN: u16 = 1 << 9;
/// Not good, but not older than the oldest that is kept.
pub(super) const YOUNG: u16 = 1 << 10;
/// There are no rules.
pub(super) const RULELESS: u16 = 1 << 11;

/// What becomes of one artifact.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fate {
    /// Why it is kept.
    pub(super) why: u16,
    /// Rules whose number was used up before it; where the bit is missing, a newer one of its stretch was kept.
    pub(super) spent: u16,
    /// Whether it could be restored and was checked, with its whole chain.
    pub(super) good: bool,
}

impl Fate {
    pub(crate) fn is_kept(self) -> bool {
        self.why != 0
    }
}

/// What becomes of all.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// In the order of the points.
    pub(crate) fates: Vec<Fate>,
    /// When the oldest was taken that rules keep.
    pub(super) oldest: Option<i64>,
}

/// Artifacts of which each needs the one before it, by their positions.
#[derive(Clone, Copy, Debug)]
struct Chain {
    from: usize,
    to: usize,
    /// Where those end that are good: verified, as is all that they need.
    good: usize,
    /// What the first one needs.
    parent: Option<usize>,
    /// When the last lock ends.
    locked: i64,
    /// Where those end that are kept.
    kept: usize,
}

/// What a store has, in the order of time.
#[derive(Debug, Default)]
pub(crate) struct Line {
    chains: Vec<Chain>,
}

/// Judges artifacts, which are in the order of time, and tells why.
pub(super) fn judge(points: &[Point], keep: &Keep, at: i64) -> Judged {
    let mut line = Line::default();
    (0..points.len()).for_each(|place| line.put(points, place));
    let mut judged = Judged { fates: vec![Fate::default(); points.len()], oldest: None };
    let fates = &mut judged.fates;
    let spent = line.judge(points, keep, at, |places, bit| {
        fates.get_mut(places).into_iter().flatten().for_each(|fate| fate.why |= bit);
    });
    judged.oldest = line.oldest(points).filter(|_| !is_empty(keep));
    for chain in &line.chains {
        for place in chain.from..chain.to {
            let Some(fate) = judged.fates.get_mut(place) else { continue };
            fate.good = place < chain.good;
            for (bit, _) in spent.iter().filter(|(_, from)| fate.good && place < *from) {
                fate.spent |= bit;
            }
            let parent = points.get(place).and_then(|point| point.parent).filter(|parent| *parent < place);
            if let Some(fate) = parent.filter(|_| place < chain.kept).and_then(|parent| judged.fates.get_mut(parent)) {
                fate.why |= if is_empty(keep) { 0 } else { CHAIN };
            }
        }
    }
    judged
}

/// Whether there is no rule at all: then nothing may go.
fn is_empty(keep: &Keep) -> bool {
    let counts = [keep.last, keep.hourly, keep.daily, keep.weekly, keep.monthly, keep.yearly];
    counts.into_iter().flatten().all(|count| count == 0) && keep.within.unwrap_or(0) == 0
}

impl Line {
    /// Where the last one ends.
    pub(crate) fn end(&self) -> usize {
        self.chains.last().map_or(0, |chain| chain.to)
    }

    /// Puts another one in.
    pub(crate) fn put(&mut self, points: &[Point], place: usize) {
        let Some(point) = points.get(place) else { return };
        let locked = point.locked_until.unwrap_or(i64::MIN);
        // Nearly always the newest.
        let after = if self.end() <= place {
            self.chains.len()
        } else {
            self.chains.partition_point(|chain| chain.from < place)
        };
        let before = after.checked_sub(1).and_then(|before| self.chains.get_mut(before));
        match before.filter(|chain| chain.to == place && point.parent.is_some_and(|parent| parent + 1 == place)) {
            Some(chain) => (chain.to, chain.locked) = (place + 1, chain.locked.max(locked)),
            None => {
                let parent = point.parent.filter(|parent| *parent < place);
                let chain = Chain { from: place, to: place + 1, good: place, parent, locked, kept: place };
                self.chains.insert(after, chain);
            }
        }
    }

    /// Looks anew at whether those from a place on are good.
    pub(crate) fn forget(&mut self, place: usize) {
        for chain in self.chains.iter_mut().rev().take_while(|chain| chain.to > place) {
            chain.good = chain.good.min(place.max(chain.from));
        }
    }

    /// Finds what is kept, and tells which rules keep which. Gives the place before which each number is used up.
    pub(crate) fn judge(
        &mut self,
        points: &[Point],
        keep: &Keep,
        at: i64,
        mut told: impl FnMut(Range<usize>, u16),
    ) -> [(u16, usize); 5] {
        self.find_good(points, at);
        if is_empty(keep) {
            for chain in &mut self.chains {
                chain.kept = chain.to;
                told(chain.from..chain.to, RULELESS);
            }
            return STRETCHES.map(|(bit, _)| (bit, 0));
        }
        let chains = &mut self.chains;
        chains.iter_mut().for_each(|chain| chain.kept = chain.from);
        let mut keeps = |chain: &mut Chain, places: Range<usize>, bit: u16| {
            chain.kept = chain.kept.max(places.end);
            told(places, bit);
        };
        locks(chains, points, at, &mut keeps);
        ages(chains, points, keep, at, &mut keeps);
        let spent = stretches(chains, points, keep, &mut keeps);
        self.follow();
        let oldest = self.oldest(points).unwrap_or(i64::MIN);
        for chain in &mut self.chains {
            let flawed = points.get(chain.good..chain.to).unwrap_or_default();
            let young = chain.good + flawed.partition_point(|point| point.taken < oldest);
            if young < chain.to {
                keeps(chain, young..chain.to, YOUNG);
            }
        }
        self.follow();
        spent
    }

    /// Takes out what is not kept, and tells what.
    pub(crate) fn drop_rest(&mut self, mut dropped: impl FnMut(usize)) {
        let mut empty = false;
        for chain in self.chains.iter_mut().filter(|chain| chain.kept < chain.to) {
            (chain.kept..chain.to).for_each(&mut dropped);
            (chain.to, chain.good) = (chain.kept, chain.good.min(chain.kept));
            empty |= chain.from == chain.to;
        }
        if empty {
            self.chains.retain(|chain| chain.from < chain.to);
        }
    }

    /// When the oldest good one was taken that is kept.
    fn oldest(&self, points: &[Point]) -> Option<i64> {
        let first = self.chains.iter().find(|chain| chain.from < chain.kept.min(chain.good))?;
        points.get(first.from).map(|point| point.taken)
    }

    /// Which are good. What one needs stands before it.
    fn find_good(&mut self, points: &[Point], at: i64) {
        for place in 0..self.chains.len() {
            let Some(chain) = self.chains.get(place).copied() else { continue };
            let begins = match chain.parent {
                None => points.get(chain.from).is_some_and(|point| !point.differential),
                Some(parent) => self.of(parent).and_then(|of| self.chains.get(of)).is_some_and(|of| parent < of.good),
            };
            let known = if begins { chain.good } else { chain.from };
            let more = points.get(known..chain.to).filter(|_| begins).unwrap_or_default();
            let more = more.iter().take_while(|point| point.verified <= at && point.verified < NEVER).count();
            if let Some(chain) = self.chains.get_mut(place) {
                chain.good = known + more;
            }
        }
    }

    /// The chain that a place is in.
    fn of(&self, place: usize) -> Option<usize> {
        let found = self.chains.partition_point(|chain| chain.from <= place).checked_sub(1)?;
        self.chains.get(found).filter(|chain| place < chain.to).map(|_| found)
    }

    /// What a kept one needs is kept.
    fn follow(&mut self) {
        for place in (0..self.chains.len()).rev() {
            let needs = self.chains.get(place).filter(|chain| chain.from < chain.kept).and_then(|chain| chain.parent);
            let Some((parent, of)) = needs.and_then(|parent| Some((parent, self.of(parent)?))) else { continue };
            if let Some(chain) = self.chains.get_mut(of) {
                chain.kept = chain.kept.max(parent + 1);
            }
        }
    }
}

fn locks(chains: &mut [Chain], points: &[Point], at: i64, keeps: &mut impl FnMut(&mut Chain, Range<usize>, u16)) {
    for chain in chains.iter_mut().filter(|chain| chain.locked > at) {
        for place in chain.from..chain.to {
            if points.get(place).and_then(|point| point.locked_until).is_some_and(|until| until > at) {
                keeps(chain, place..place + 1, LOCKED);
            }
        }
    }
}

/// The newest good one, the last ones, and those that are not old.
fn ages(
    chains: &mut [Chain],
    points: &[Point],
    keep: &Keep,
    at: i64,
    keeps: &mut impl FnMut(&mut Chain, Range<usize>, u16),
) {
    let mut last = usize::try_from(keep.last.unwrap_or_default()).unwrap_or(usize::MAX);
    let within = i64::try_from(keep.within.unwrap_or_default()).unwrap_or(i64::MAX);
    let mut newest = true;
    for chain in chains.iter_mut().rev().filter(|chain| chain.from < chain.good) {
        let good = points.get(chain.from..chain.good).unwrap_or_default();
        if std::mem::take(&mut newest) {
            keeps(chain, chain.good - 1..chain.good, NEWEST);
        }
        let count = last.min(good.len());
        if count > 0 {
            last -= count;
            keeps(chain, chain.good - count..chain.good, LAST);
        }
        let old = good.partition_point(|point| within <= 0 || at.saturating_sub(point.taken) >= within);
        if old < good.len() {
            keeps(chain, chain.from + old..chain.good, WITHIN);
        } else if last == 0 {
            break;
        }
    }
}

/// The newest good one of each stretch of time.
fn stretches(
    chains: &mut [Chain],
    points: &[Point],
    keep: &Keep,
    keeps: &mut impl FnMut(&mut Chain, Range<usize>, u16),
) -> [(u16, usize); 5] {
    let mut counts = [keep.hourly, keep.daily, keep.weekly, keep.monthly, keep.yearly].into_iter();
    STRETCHES.map(|(bit, stretch)| {
        let mut left = counts.next().flatten().unwrap_or_default();
        let (mut before, mut spent) = (i64::MAX, usize::MAX);
        for chain in chains.iter_mut().rev() {
            let mut good = points.get(chain.from..chain.good).unwrap_or_default();
            while left > 0 && !good.is_empty() {
                if good.last().is_some_and(|point| point.taken >= before) {
                    good = good.get(..good.partition_point(|point| point.taken < before)).unwrap_or_default();
                }
                let Some(point) = good.last() else { break };
                left -= 1;
                spent = chain.from + good.len() - 1;
                before = stretch.start(point.taken);
                keeps(chain, spent..spent + 1, bit);
            }
            if left == 0 {
                break;
            }
        }
        (bit, if left == 0 { spent } else { 0 })
    })
}
