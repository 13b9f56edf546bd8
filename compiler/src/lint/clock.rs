//! What the changes of the clock do to a schedule: times of day that a day does not have, or has twice. Rules ask this.

use crate::forecast::{REFERENCE, YEAR, due};
use crate::model::Schedule;
use crate::structure::schedule::{times, zone};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan, Zoned};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many hours before a change the run before it is looked for: not far at first, as there may be many.
const LOOKS: [i64; 4] = [2, 24, 192, 9_600];

/// The beginning of the year that is looked at, which is that of the forecast: findings must not change with the day on
/// which they are asked for.
#[must_use]
pub(super) fn year() -> Timestamp {
    Timestamp::from_second(REFERENCE).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Whether a time is in that year.
pub(super) fn is_in_year(at: i64) -> bool {
    (REFERENCE..REFERENCE.saturating_add(YEAR)).contains(&at)
}

/// When schedules are due in that year. Several rules ask, and many jobs have the same one.
#[derive(Debug, Default)]
pub struct Due(RefCell<Times>);

/// By cron line and zone.
type Times = BTreeMap<(String, String), Rc<Vec<i64>>>;

impl Due {
    /// The times of a schedule, rising.
    pub(super) fn of(&self, schedule: &Schedule) -> Rc<Vec<i64>> {
        let (cron, timezone) = (&schedule.cron.value, &schedule.timezone.value);
        let year = || Rc::new(due(cron, timezone, REFERENCE + 1, REFERENCE + YEAR));
        Rc::clone(self.0.borrow_mut().entry((cron.clone(), timezone.clone())).or_insert_with(year))
    }
}

/// What a change of the clock does to a schedule.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The time of day that is named by the schedule and is not there, or is there twice.
    pub named: DateTime,
    /// The first and the last time of day that are not there, or are there twice, the last one exclusive.
    pub from: DateTime,
    pub to: DateTime,
    pub effect: Effect,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The run is made later, at this time of day.
    Moved(DateTime),
    /// There is no run: so many seconds pass between two runs, and so many are usual there.
    LeftOut { between: u64, usual: u64 },
    /// There are two runs, so many seconds apart, where so many are usual.
    Twice { between: u64, usual: u64 },
}

/// What the changes of the clock do to schedules. Many jobs have the same one, and it is looked at once.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<(String, String), Vec<Change>>);

impl Changes {
    /// Those of a schedule.
    pub(super) fn of(&mut self, schedule: &Schedule) -> &[Change] {
        let key = (schedule.cron.value.clone(), schedule.timezone.value.clone());
        self.0.entry(key).or_insert_with(|| changes(schedule))
    }
}

/// What the changes of the clock do to a schedule within a year. What a schedule of short intervals does not notice is not told.
fn changes(schedule: &Schedule) -> Vec<Change> {
    let Some(zone) = zone(&schedule.timezone.value) else { return Vec::new() };
    let all = zone.following(year()).map(|change| change.timestamp());
    let in_year = all.take_while(|at| is_in_year(at.as_second()));
    in_year.filter_map(|at| change(schedule, &zone, at)).collect()
}

/// What happens to it at one change of the clock.
fn change(schedule: &Schedule, zone: &TimeZone, at: Timestamp) -> Option<Change> {
    let before = zone.to_offset(at.checked_sub(1.second()).ok()?);
    let after = zone.to_offset(at);
    let (leaves, comes) = (before.to_datetime(at), after.to_datetime(at));
    let (from, to) = if leaves < comes { (leaves, comes) } else { (comes, leaves) };
    let named = named(schedule, from.checked_sub(1.second()).ok()?).filter(|named| *named < to)?;
    let effect = if leaves < comes { lost(schedule, at, to)? } else { doubled(schedule, after, named)? };
    Some(Change { named, from, to, effect })
}

/// The next time of day that a schedule names, as if no clock were ever changed.
fn named(schedule: &Schedule, after: DateTime) -> Option<DateTime> {
    let after = Offset::UTC.to_timestamp(after).ok()?;
    times(&schedule.cron.value, "UTC", after).next().map(|due| due.datetime())
}

/// The last run before a time, and the first one from then on.
fn around(schedule: &Schedule, at: Timestamp) -> Option<(Zoned, Zoned)> {
    LOOKS.into_iter().find_map(|hours| {
        let after = at.checked_sub(hours.hours()).ok()?;
        let mut previous = None;
        for run in times(&schedule.cron.value, &schedule.timezone.value, after) {
            if run.timestamp() >= at {
                return previous.map(|previous| (previous, run));
            }
            previous = Some(run);
        }
        None
    })
}

fn lost(schedule: &Schedule, at: Timestamp, to: DateTime) -> Option<Effect> {
    let (previous, next) = around(schedule, at)?;
    let is_named = named(schedule, to.checked_sub(1.second()).ok()?) == Some(to);
    if next.timestamp() == at && !is_named {
        return Some(Effect::Moved(next.datetime()));
    }
    let (mut usual, mut one) = (0, previous.datetime());
    while let Some(other) = named(schedule, one).filter(|other| *other <= next.datetime()) {
        usual = usual.max(apart(one, other));
        one = other;
    }
    let between = seconds(previous.timestamp(), next.timestamp());
    // An hour that is not there takes no time: what runs every hour has run an hour ago.
    (between > usual).then_some(Effect::LeftOut { between, usual })
}

fn doubled(schedule: &Schedule, after: Offset, named: DateTime) -> Option<Effect> {
    let again = after.to_timestamp(named).ok()?;
    let (previous, next) = around(schedule, again)?;
    let usual = self::named(schedule, previous.datetime()).map_or(0, |next| apart(previous.datetime(), next));
    let between = seconds(previous.timestamp(), again);
    (next.timestamp() == again && between < usual).then_some(Effect::Twice { between, usual })
}

fn apart(one: DateTime, other: DateTime) -> u64 {
    let utc = |time: DateTime| Offset::UTC.to_timestamp(time).map_or(0, Timestamp::as_second);
    u64::try_from(utc(other).saturating_sub(utc(one))).unwrap_or(0)
}

fn seconds(one: Timestamp, other: Timestamp) -> u64 {
    u64::try_from(other.as_second().saturating_sub(one.as_second())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::span::{Span, Spanned};
    use jiff::civil::date;
    use jiff::tz::AmbiguousOffset;
    use std::sync::Arc;

    fn schedule(cron: &str, zone: &str) -> Schedule {
        let span = Span::new(&Arc::new(Source::new("", "")), 0, 0);
        Schedule { cron: Spanned::new(cron.to_owned(), &span), timezone: Spanned::new(zone.to_owned(), &span) }
    }

    /// Every half hour of every day of the year, as the zone itself sees it.
    #[test]
    fn a_daily_run_is_moved_exactly_where_its_day_does_not_have_the_time() {
        let zones = [
            "UTC",
            "Europe/Stockholm",
            "Europe/Helsinki",
            "Europe/London",
            "Africa/Cairo",
            "Africa/Casablanca",
            "America/New_York",
            "America/Santiago",
            "America/Nuuk",
            "Atlantic/Azores",
            "Asia/Beirut",
            "Asia/Kolkata",
            "Asia/Jerusalem",
            "Australia/Lord_Howe",
            "Pacific/Chatham",
            "Antarctica/Troll",
        ];
        let mut moved = 0;
        for name in zones {
            let zone = zone(name).expect("a zone of the bundled database");
            for (hour, minute) in (0..24).flat_map(|hour| [(hour, 0), (hour, 30)]) {
                let first = date(2028, 1, 1).at(hour, minute, 0, 0);
                let missing: Vec<DateTime> = (0..366)
                    .filter_map(|day| first.checked_add(jiff::Span::new().days(day)).ok())
                    .filter(|time| matches!(zone.to_ambiguous_timestamp(*time).offset(), AmbiguousOffset::Gap { .. }))
                    .collect();
                let found = changes(&schedule(&format!("{minute} {hour} * * *"), name));
                let named: Vec<DateTime> = found.iter().map(|change| change.named).collect();
                assert_eq!(named, missing, "{name} at {hour:02}:{minute:02}");
                for change in found {
                    let Effect::Moved(to) = change.effect else { panic!("{name} at {hour}:{minute}: {change:?}") };
                    assert_eq!(to, change.to, "{name} at {hour}:{minute}");
                    moved += 1;
                }
            }
        }
        assert!(moved > 20, "only {moved} runs are moved");
    }
}
