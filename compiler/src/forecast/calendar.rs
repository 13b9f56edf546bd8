//! Schedules to the times at which they are due, in seconds since 1970. Days without a change of the clocks are computed
//! from the fields; the others are left to the reader of cron lines itself.

use super::{DAY, LONG, REFERENCE, YEAR};
use crate::structure::schedule;
use croner::Cron;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use schema::plan::Window;

/// From so many times a year on, a schedule is looked at for a year, which has what each year has; else for several.
const RARE: usize = 365;

/// When a schedule is due, from `from` and before `to`; never when it does not parse.
#[must_use]
pub fn due(fields: &str, timezone: &str, from: i64, to: i64) -> Vec<i64> {
    let Some((cron, zone)) = schedule::cron(fields).ok().zip(schedule::zone(timezone)) else { return Vec::new() };
    let mut out = Vec::new();
    // Two days later does no harm either.
    let days = local_day(&zone, from).zip(local_day(&zone, to.saturating_add(2 * DAY)));
    let Some((mut day, last)) = days else { return out };
    let of_day = times_of_day(&cron);
    // Where the day before ended, when that was looked at.
    let mut known: Option<i64> = None;
    while day <= last {
        let begins = known.take();
        if matches(&cron, day) {
            let Some(start) = begins.or_else(|| midnight(&zone, day)) else { break };
            let Some(end) = day.tomorrow().ok().and_then(|next| midnight(&zone, next)) else { break };
            known = Some(end);
            if end - start == DAY {
                out.extend(of_day.iter().map(|second| start + second));
            } else {
                out.extend(exact(&cron, &zone, start, end));
            }
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    out.retain(|at| (from..to).contains(at));
    out
}

/// Shortest and longest time between two times at which a schedule is due, in seconds. `None` when it is due once at most.
#[must_use]
pub fn span(fields: &str, timezone: &str) -> Option<(u64, u64)> {
    let mut times = due(fields, timezone, REFERENCE, REFERENCE + YEAR + DAY);
    if times.len() < RARE {
        times = due(fields, timezone, REFERENCE, REFERENCE + LONG);
    }
    let gaps = || times.windows(2).filter_map(|pair| u64::try_from(pair.last()? - pair.first()?).ok());
    gaps().min().zip(gaps().max())
}

fn local_day(zone: &TimeZone, at: i64) -> Option<Date> {
    // A day earlier does no harm, and no zone is farther off.
    Some(zone.to_datetime(Timestamp::from_second(at - DAY).ok()?).date())
}

/// Where a local day begins.
fn midnight(zone: &TimeZone, day: Date) -> Option<i64> {
    Some(zone.to_ambiguous_timestamp(day.to_datetime(Time::midnight())).compatible().ok()?.as_second())
}

/// Whether a schedule is due at any time of a day.
fn matches(cron: &Cron, day: Date) -> bool {
    let (year, month) = (i32::from(day.year()), u32::from(day.month().unsigned_abs()));
    let weekday = match day.weekday() {
        jiff::civil::Weekday::Monday => croner::Weekday::Monday,
        jiff::civil::Weekday::Tuesday => croner::Weekday::Tuesday,
        jiff::civil::Weekday::Wednesday => croner::Weekday::Wednesday,
        jiff::civil::Weekday::Thursday => croner::Weekday::Thursday,
        jiff::civil::Weekday::Friday => croner::Weekday::Friday,
        jiff::civil::Weekday::Saturday => croner::Weekday::Saturday,
        jiff::civil::Weekday::Sunday => croner::Weekday::Sunday,
    };
    let day = u32::from(day.day().unsigned_abs());
    cron.pattern.month_match(month).unwrap_or(true) && cron.pattern.day_match(year, month, day, weekday).unwrap_or(true)
}

/// Seconds after midnight, on any day on which the schedule is due.
fn times_of_day(cron: &Cron) -> Vec<i64> {
    let hours = (0..24_u32).filter(|hour| cron.pattern.hour_match(*hour).unwrap_or(false));
    let minutes: Vec<u32> = (0..60).filter(|minute| cron.pattern.minute_match(*minute).unwrap_or(false)).collect();
    hours.flat_map(|hour| minutes.iter().map(move |minute| i64::from(hour * 3_600 + minute * 60))).collect()
}

/// What the reader of cron lines says of a day.
fn exact(cron: &Cron, zone: &TimeZone, start: i64, end: i64) -> Vec<i64> {
    let Ok(before) = Timestamp::from_second(start - 1) else { return Vec::new() };
    let times = cron.iter_after(before.to_zoned(zone.clone())).map(|time| time.timestamp().as_second());
    times.take_while(|at| *at < end).collect()
}

/// A window, ready to be asked.
#[derive(Debug)]
pub(super) struct Opening {
    zone: TimeZone,
    /// Seconds after midnight.
    from: i64,
    to: i64,
}

impl Opening {
    /// `None` when it cannot be read, which the compiler has told by then.
    pub(super) fn new(window: &Window) -> Option<Self> {
        let second = |text: &str| {
            let (hours, minutes) = text.split_once(':')?;
            Some(hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60)
        };
        Some(Self { zone: schedule::zone(&window.timezone)?, from: second(&window.from)?, to: second(&window.to)? })
    }

    /// Seconds for which it is open.
    pub(super) fn length(&self) -> u64 {
        let length = (self.to - self.from).rem_euclid(DAY);
        u64::try_from(if length == 0 { DAY } else { length }).unwrap_or_default()
    }

    /// Whether it is open at a time.
    pub(super) fn is_open(&self, at: i64) -> bool {
        let Ok(time) = Timestamp::from_second(at) else { return false };
        let second = (at + i64::from(self.zone.to_offset(time).seconds())).rem_euclid(DAY);
        if self.from < self.to {
            (self.from..self.to).contains(&second)
        } else {
            second >= self.from || second < self.to
        }
    }
}
