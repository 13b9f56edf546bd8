//! Every reason why an artifact is kept or removed, for people.

use super::calendar::Stretch;
use super::rules::{CHAIN, Fate, Judged, LAST, LOCKED, NEVER, NEWEST, Point, RULELESS, STRETCHES, WITHIN, YOUNG};
use schema::keep::{Keep, span};

/// What was judged, to be told.
pub(super) struct Words<'a> {
    pub(super) points: &'a [Point],
    pub(super) keep: &'a Keep,
    pub(super) at: i64,
    pub(super) judged: &'a Judged,
}

impl Words<'_> {
    /// Never empty.
    pub(super) fn reasons(&self, at: usize) -> Vec<String> {
        let (Some(point), Some(fate)) = (self.points.get(at), self.judged.fates.get(at)) else { return Vec::new() };
        if fate.is_kept() { self.kept(point, *fate) } else { self.removed(point, *fate) }
    }

    fn stretches(&self) -> impl Iterator<Item = (u16, Stretch, &'static str, u32)> {
        let keep = self.keep;
        let rules = [
            ("hourly", keep.hourly),
            ("daily", keep.daily),
            ("weekly", keep.weekly),
            ("monthly", keep.monthly),
            ("yearly", keep.yearly),
        ];
        let named = STRETCHES.into_iter().zip(rules);
        named
            .filter_map(|((bit, stretch), (name, count))| Some((bit, stretch, name, count.filter(|count| *count > 0)?)))
    }

    fn kept(&self, point: &Point, fate: Fate) -> Vec<String> {
        let mut out = Vec::new();
        let has = |bit: u16| fate.why & bit != 0;
        if has(LAST) {
            out.push(format!("last {}", self.keep.last.unwrap_or_default()));
        }
        for (bit, stretch, name, _) in self.stretches().filter(|(bit, ..)| has(*bit)) {
            let _ = bit;
            out.push(format!("{name} {}", stretch.word(point.taken)));
        }
        if has(WITHIN) {
            out.push(format!("within {}", span(self.keep.within.unwrap_or_default())));
        }
        if has(NEWEST) {
            out.push("the newest good one".to_owned());
        }
        if has(LOCKED) {
            out.push(format!("locked until {}", time(point.locked_until.unwrap_or(i64::MAX))));
        }
        if has(CHAIN) {
            let what = if point.differential { "part" } else { "full" };
            out.push(format!("{what} of a chain that is kept"));
        }
        if has(YOUNG) {
            out.push(match self.judged.oldest {
                Some(oldest) => {
                    format!("{}, but not older than the oldest that is kept ({})", flaw(point), time(oldest))
                }
                None => format!("{}, and nothing better is there", flaw(point)),
            });
        }
        if has(RULELESS) {
            out.push("no rule says what may go".to_owned());
        }
        out
    }

    fn removed(&self, point: &Point, fate: Fate) -> Vec<String> {
        if !fate.good {
            let oldest = self.judged.oldest.map(time).unwrap_or_default();
            return vec![format!("{}, and older than the oldest that is kept ({oldest})", flaw(point))];
        }
        let mut out = Vec::new();
        if let Some(last) = self.keep.last.filter(|last| *last > 0) {
            out.push(format!("last {last}: as many newer ones are kept"));
        }
        for (bit, stretch, name, count) in self.stretches() {
            out.push(if fate.spent & bit != 0 {
                format!("{name} {count}: as many newer {} are kept", stretch.plural())
            } else {
                format!("{name} {count}: a newer one of {} is kept", stretch.word(point.taken))
            });
        }
        if let Some(within) = self.keep.within.filter(|within| *within > 0) {
            out.push(format!("within {}: {} old", span(within), age(self.at.saturating_sub(point.taken))));
        }
        out
    }
}

/// Why it does not count.
fn flaw(point: &Point) -> &'static str {
    if point.differential && point.parent.is_none() {
        "not restorable, for its chain is not whole here"
    } else if point.verified < NEVER {
        "not verified with all of its chain"
    } else {
        "not verified"
    }
}

fn time(at: i64) -> String {
    jiff::Timestamp::from_second(at).map_or_else(|_| "the end of time".to_owned(), |at| at.to_string())
}

/// An age in whole days, or in hours when it is less than two days.
fn age(seconds: i64) -> String {
    if seconds < 2 * 86_400 { format!("{}h", seconds / 3_600) } else { format!("{}d", seconds / 86_400) }
}
