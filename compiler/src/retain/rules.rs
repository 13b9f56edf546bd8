//! The rules over plain numbers: which of the artifacts of one database in one store are kept at a time. No words, no
//! text, no allocation but the answer: a forecast judges a year of prunes by this.

use super::calendar::Stretch;
use schema::keep::Keep;

/// An artifact of one database in one store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// Seconds since 1970.
    pub(crate) taken: i64,
    pub(crate) differential: bool,
    /// Position of the one before it in its chain, when the store has that.
    pub(crate) parent: Option<usize>,
    pub(crate) verified: bool,
    /// Nobody can remove it before.
    pub(crate) locked_until: Option<i64>,
}

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

/// Judges artifacts, which are in the order of time.
pub(crate) fn judge(points: &[Point], keep: &Keep, at: i64) -> Judged {
    let mut judged = Judged { fates: good(points), oldest: None };
    if is_empty(keep) {
        judged.fates.iter_mut().for_each(|fate| fate.why = RULELESS);
        return judged;
    }
    by_rules(points, keep, at, &mut judged.fates);
    chains(points, &mut judged.fates);
    let kept = points.iter().zip(&judged.fates).filter(|(_, fate)| fate.good && fate.is_kept());
    judged.oldest = kept.map(|(point, _)| point.taken).min();
    for (point, fate) in points.iter().zip(&mut judged.fates) {
        if !fate.good && judged.oldest.is_none_or(|oldest| point.taken >= oldest) {
            fate.why |= YOUNG;
        }
    }
    chains(points, &mut judged.fates);
    judged
}

/// Whether there is no rule at all: then nothing may go.
fn is_empty(keep: &Keep) -> bool {
    let counts = [keep.last, keep.hourly, keep.daily, keep.weekly, keep.monthly, keep.yearly];
    counts.into_iter().flatten().all(|count| count == 0) && keep.within.unwrap_or(0) == 0
}

/// Which are good: verified, as is all that they need. A parent stands before its child.
fn good(points: &[Point]) -> Vec<Fate> {
    let mut fates: Vec<Fate> = Vec::with_capacity(points.len());
    for (at, point) in points.iter().enumerate() {
        let whole = match point.parent {
            None => !point.differential,
            Some(parent) => parent < at && fates.get(parent).is_some_and(|fate| fate.good),
        };
        fates.push(Fate { good: whole && point.verified, ..Fate::default() });
    }
    fates
}

fn by_rules(points: &[Point], keep: &Keep, at: i64, fates: &mut [Fate]) {
    let counts = [keep.hourly, keep.daily, keep.weekly, keep.monthly, keep.yearly];
    let mut stretches: [(u16, Stretch, u32, Option<i64>); 5] = {
        let mut left = counts.into_iter().map(Option::unwrap_or_default);
        STRETCHES.map(|(bit, stretch)| (bit, stretch, left.next().unwrap_or_default(), None))
    };
    let mut last = keep.last.unwrap_or_default();
    let within = i64::try_from(keep.within.unwrap_or_default()).unwrap_or(i64::MAX);
    let mut newest = true;
    for (point, fate) in points.iter().zip(fates).rev() {
        if point.locked_until.is_some_and(|until| until > at) {
            fate.why |= LOCKED;
        }
        if !fate.good {
            continue;
        }
        if std::mem::take(&mut newest) {
            fate.why |= NEWEST;
        }
        if last > 0 {
            last -= 1;
            fate.why |= LAST;
        }
        for (bit, stretch, left, before) in &mut stretches {
            let here = if *left > 0 { Some(stretch.of(point.taken)) } else { None };
            match here {
                None => fate.spent |= *bit,
                Some(here) if *before != Some(here) => {
                    *left -= 1;
                    *before = Some(here);
                    fate.why |= *bit;
                }
                Some(_) => {}
            }
        }
        if within > 0 && at.saturating_sub(point.taken) < within {
            fate.why |= WITHIN;
        }
    }
}

/// What a kept one needs is kept.
fn chains(points: &[Point], fates: &mut [Fate]) {
    for at in (0..points.len()).rev() {
        let parent = points.get(at).and_then(|point| point.parent).filter(|parent| *parent < at);
        let kept = fates.get(at).is_some_and(|fate| fate.is_kept());
        if let Some(fate) = parent.filter(|_| kept).and_then(|parent| fates.get_mut(parent)) {
            fate.why |= CHAIN;
        }
    }
}
