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
    /// The stretch that a time, in seconds since 1970, is in.
    pub(super) fn of(self, at: i64) -> i64 {
        let day = at.div_euclid(DAY);
        match self {
            Self::Hour => at.div_euclid(HOUR),
            Self::Day => day,
            // The first day of 1970 was a Thursday.
            Self::Week => (day + 3).div_euclid(7),
            Self::Month => {
                let (year, month) = month(day);
                year * 12 + month
            }
            Self::Year => month(day).0,
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

/// Year and month, 0 to 11, of a day since 1970. Months are counted from March, so that the leap day is the last one of
/// its year: then 153 days are five months, and 146,097 are four hundred years.
fn month(day: i64) -> (i64, i64) {
    let from_march = day + 719_468;
    let era = from_march.div_euclid(146_097);
    let of_era = from_march.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (year, month) = (era * 400 + year, month + 2);
    if month < 12 { (year, month) } else { (year + 1, month - 12) }
}
