//! Hours, days, weeks, months and years in UTC as numbers that grow with time, and as words.

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// A rule that keeps the newest of each stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    Hour,
    Day,
    /// From Monday on.
    Week,
    Month,
    Year,
}

impl Stretch {
    /// When the stretch began that a time is in, both in seconds since 1970.
    pub(super) fn start(self, at: i64) -> i64 {
        let day = at.div_euclid(DAY);
        match self {
            Self::Hour => at.div_euclid(HOUR) * HOUR,
            Self::Day => day * DAY,
            // The first day of 1970 was a Thursday.
            Self::Week => ((day + 3).div_euclid(7) * 7 - 3) * DAY,
            Self::Month => first(day).0 * DAY,
            Self::Year => first(day).1 * DAY,
        }
    }

    /// What one is called, for example `2026-11-22` or `2026-W47`.
    pub(super) fn word(self, at: i64) -> String {
        let Ok(time) = jiff::Timestamp::from_second(at) else { return at.to_string() };
        let time = time.to_zoned(jiff::tz::TimeZone::UTC);
        let format = match self {
            Self::Hour => "%Y-%m-%d %H:00",
            Self::Day => "%Y-%m-%d",
            Self::Week => "%G-W%V",
            Self::Month => "%Y-%m",
            Self::Year => "%Y",
        };
        time.strftime(format).to_string()
    }

    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Hour => "hours",
            Self::Day => "days",
            Self::Week => "weeks",
            Self::Month => "months",
            Self::Year => "years",
        }
    }
}

/// The first days of the month and the year of a day since 1970. Months are counted from March, so that the leap day is the
/// last one of its year: then 153 days are five months, and 146,097 are four hundred years.
fn first(day: i64) -> (i64, i64) {
    let of_era = (day + 719_468).rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5;
    // January is the eleventh month, and begins on day 306. Before it is the end of the year that has this February.
    let leaps = year % 4 == 0 && (year % 100 != 0 || year == 0);
    let since = if month < 10 { of_year + 59 + i64::from(leaps) } else { of_year - 306 };
    (day - of_month, day - since)
}
