//! When a window is open, by the clock on the wall of its time zone: on the day that clocks are put forward it may be
//! shorter, or not open; on the day that they are put back, longer, or open twice. Pure: it is told the time.

use crate::error::{Error, Result};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use schema::plan::Window;

/// How many days are looked through for the next change; a window changes twice on almost every one.
const DAYS: i64 = 8;

/// A window, ready to be asked.
#[derive(Clone, Debug)]
pub struct Opening {
    zone: TimeZone,
    from: Time,
    to: Time,
}

impl Opening {
    /// Fails when the plan holds no times or no zone there.
    pub fn new(window: &Window) -> Result<Self> {
        let wrong = |what: &str| Error::permanent("plan-incomplete", format!("`{what}` of a window cannot be read"));
        let time = |text: &str| -> Result<Time> {
            let (hour, minute) = text.split_once(':').ok_or_else(|| wrong(text))?;
            let (hour, minute) = (hour.parse().map_err(|_| wrong(text))?, minute.parse().map_err(|_| wrong(text))?);
            Time::new(hour, minute, 0, 0).map_err(|_| wrong(text))
        };
        let zone = TimeZone::get(&window.timezone).map_err(|_| wrong(&window.timezone))?;
        Ok(Self { zone, from: time(&window.from)?, to: time(&window.to)? })
    }

    /// Whether it is open at a moment.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let time = self.zone.to_datetime(at).time();
        if self.from < self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }

    /// The next moment at which it closes, when it is open, or opens, when it is closed. `None` is never.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let open = self.is_open(now);
        let mut moments = self.moments(now);
        moments.sort_unstable();
        moments.into_iter().find(|moment| *moment > now && self.is_open(*moment) != open)
    }

    /// Every moment at which it may change: its two times, each day, and where clocks are changed.
    fn moments(&self, now: Timestamp) -> Vec<Timestamp> {
        let today = self.zone.to_datetime(now).date();
        let mut moments = Vec::new();
        for day in (-1..=DAYS).filter_map(|day| today.checked_add(day.days()).ok()) {
            for time in [self.from, self.to] {
                let ambiguous = self.zone.to_ambiguous_timestamp(day.to_datetime(time));
                moments.extend([ambiguous.earlier(), ambiguous.later()].into_iter().flatten());
            }
        }
        moments.extend(self.zone.following(now).take(2).map(|change| change.timestamp()));
        moments
    }

    /// A moment as people in its zone write it.
    #[must_use]
    pub fn shown(&self, at: Timestamp) -> String {
        let zoned: Zoned = at.to_zoned(self.zone.clone());
        let name = self.zone.iana_name().unwrap_or("UTC");
        format!("{} ({name})", zoned.strftime("%a %Y-%m-%d %H:%M"))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use schema::plan::{Closing, LeftOut, Outside};

    fn opening(from: &str, to: &str, timezone: &str) -> Opening {
        Opening::new(&Window {
            from: from.to_owned(),
            to: to.to_owned(),
            timezone: timezone.to_owned(),
            outside: Outside::Fail,
            closing: Closing::Finish,
            left_out: LeftOut::Fail,
        })
        .unwrap()
    }

    /// The changes from a moment on, as local time and what it is then.
    fn changes(opening: &Opening, from: &str, count: usize) -> Vec<String> {
        let mut now: Timestamp = from.parse().unwrap();
        let mut out = Vec::new();
        for _ in 0..count {
            now = opening.next_change(now).unwrap();
            let word = if opening.is_open(now) { "opens" } else { "closes" };
            let zoned = now.to_zoned(opening.zone.clone());
            out.push(format!("{word} {}", zoned.strftime("%d %H:%M %:z")));
        }
        out
    }

    #[test]
    fn a_night() {
        let night = opening("00:30", "05:00", "UTC");
        assert_eq!(
            changes(&night, "2026-11-26T12:00:00Z", 3),
            ["opens 27 00:30 +00:00", "closes 27 05:00 +00:00", "opens 28 00:30 +00:00"]
        );
        assert!(night.is_open("2026-11-27T00:30:00Z".parse().unwrap()));
        assert!(!night.is_open("2026-11-27T05:00:00Z".parse().unwrap()));
    }

    #[test]
    fn across_midnight() {
        let night = opening("22:00", "04:00", "Europe/Stockholm");
        assert_eq!(changes(&night, "2026-11-26T12:00:00Z", 2), ["opens 26 22:00 +01:00", "closes 27 04:00 +01:00"]);
        assert_eq!(changes(&night, "2026-11-27T00:00:00Z", 1), ["closes 27 04:00 +01:00"]);
    }

    /// On 29 March 2026 clocks go from 02:00 to 03:00.
    #[test]
    fn the_day_that_clocks_are_put_forward() {
        let forward = "2026-03-28T12:00:00Z";
        let through = opening("01:30", "04:00", "Europe/Stockholm");
        assert_eq!(changes(&through, forward, 2), ["opens 29 01:30 +01:00", "closes 29 04:00 +02:00"]);
        let begins_inside = opening("02:30", "03:15", "Europe/Stockholm");
        assert_eq!(changes(&begins_inside, forward, 2), ["opens 29 03:00 +02:00", "closes 29 03:15 +02:00"]);
        let ends_inside = opening("01:00", "02:30", "Europe/Stockholm");
        assert_eq!(changes(&ends_inside, forward, 2), ["opens 29 01:00 +01:00", "closes 29 03:00 +02:00"]);
        let inside = opening("02:10", "02:50", "Europe/Stockholm");
        assert_eq!(changes(&inside, forward, 1), ["opens 30 02:10 +02:00"], "it is not open on that day");
    }

    /// On 25 October 2026 clocks go from 03:00 back to 02:00.
    #[test]
    fn the_day_that_clocks_are_put_back() {
        let back = "2026-10-24T12:00:00Z";
        let through = opening("01:30", "04:00", "Europe/Stockholm");
        assert_eq!(changes(&through, back, 2), ["opens 25 01:30 +02:00", "closes 25 04:00 +01:00"]);
        let inside = opening("02:10", "02:50", "Europe/Stockholm");
        assert_eq!(
            changes(&inside, back, 4),
            ["opens 25 02:10 +02:00", "closes 25 02:50 +02:00", "opens 25 02:10 +01:00", "closes 25 02:50 +01:00"]
        );
    }

    proptest! {
        /// Against a walk from minute to minute.
        #[test]
        fn the_next_change_is_the_first(
            from in 0_i16..1_440, length in 1_i16..1_440, start in 1_700_000_000_i64..1_900_000_000,
            zone in prop::sample::select(vec!["UTC", "Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
        ) {
            let text = |minute: i16| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
            let opening = opening(&text(from), &text(from + length), zone);
            let now = Timestamp::from_second(start / 60 * 60).unwrap();
            let open = opening.is_open(now);
            let mut walked = now;
            while opening.is_open(walked) == open {
                walked = walked.checked_add(1.minute()).unwrap();
            }
            prop_assert_eq!(opening.next_change(now), Some(walked));
        }
    }
}
