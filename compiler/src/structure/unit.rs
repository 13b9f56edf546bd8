//! Values with units, `"2h30m"`, `"180GiB"`, `"80MiB/s"`, `"2%/month"`, and times and dates. Pure functions from text to number.

use super::shape::Type;

/// How fast something grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Hundredths of a percent.
    pub basis_points: u64,
    /// Seconds; a month is 30 days and a year is 365.
    pub per: u64,
}

/// Seconds. Parts from larger to smaller, each with its unit: `w d h m s`.
#[must_use]
pub fn duration(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let unit = tail.chars().next()?;
        let seconds = match unit {
            'w' => 604_800,
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        if seconds >= last {
            return None;
        }
        last = seconds;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(seconds)?)?;
        rest = tail.get(unit.len_utf8()..)?;
    }
    (!text.is_empty()).then_some(total)
}

/// Bytes. Units of 1024 (`KiB MiB GiB TiB PiB`) and of 1000 (`kB MB GB TB PB`), and `B`.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    scaled(text, |unit| {
        Some(match unit {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            "PiB" => 1 << 50,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "PB" => 1_000_000_000_000_000,
            _ => return None,
        })
    })
}

/// Bytes per second, rounded down: a size or a number of bits, by `s min h day`.
#[must_use]
pub fn rate(text: &str) -> Option<u64> {
    let (amount, per) = text.split_once('/')?;
    let seconds = match per {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    Some(size(amount).or_else(|| bits(amount).map(|bits| bits / 8))? / seconds)
}

fn bits(text: &str) -> Option<u64> {
    scaled(text, |unit| {
        Some(match unit {
            "kbit" => 1_000,
            "Mbit" => 1_000_000,
            "Gbit" => 1_000_000_000,
            _ => return None,
        })
    })
}

/// A percentage by `day week month year`.
#[must_use]
pub fn growth(text: &str) -> Option<Growth> {
    let (share, per) = text.split_once("%/")?;
    let per = match per {
        "day" => 86_400,
        "week" => 604_800,
        "month" => 2_592_000,
        "year" => 31_536_000,
        _ => return None,
    };
    Some(Growth { basis_points: scaled(&format!("{share}%"), |unit| (unit == "%").then_some(100))?, per })
}

/// A decimal number times what its unit is worth, without floating point.
fn scaled(text: &str, worth: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let end = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = text.split_at(end);
    let worth = u128::from(worth(unit.trim_start_matches(' '))?);
    let (whole, part) = number.split_once('.').map_or((number, None), |(whole, part)| (whole, Some(part)));
    let mut total = whole.parse::<u128>().ok()?.checked_mul(worth)?;
    if let Some(part) = part {
        let scale = 10_u128.checked_pow(u32::try_from(part.len()).ok().filter(|digits| *digits <= 9)?)?;
        total = total.checked_add(part.parse::<u128>().ok()?.checked_mul(worth)? / scale)?;
    }
    u64::try_from(total).ok()
}

/// A value whose unit is spelled as people do, in the form that is understood: `"30 min"`, `"180 gib"`, `"2% / month"`.
/// `None` where more than one thing could be meant, as with `"80mb/s"`, which may be bits.
#[must_use]
pub fn spelled(kind: Type, text: &str) -> Option<String> {
    let lower: String = text.to_lowercase().split_whitespace().collect();
    match kind {
        Type::Duration => {
            let mut out = String::new();
            let mut rest = lower.as_str();
            while !rest.is_empty() {
                let (number, tail) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
                let (unit, tail) = tail.split_at(tail.bytes().take_while(u8::is_ascii_alphabetic).count());
                out.push_str(number);
                out.push_str(time_unit(unit)?);
                rest = tail;
            }
            duration(&out).map(|_| out)
        }
        Type::Size => size_spelled(&lower).filter(|meant| size(meant).is_some()),
        Type::Rate => {
            let (amount, per) = lower.split_once('/')?;
            let amount = match amount.strip_suffix("bit") {
                Some(bits) => format!("{}bit", bits.replace('m', "M").replace('g', "G")),
                None => amount.ends_with("ib").then(|| size_spelled(amount))??,
            };
            let per = match time_unit(per)? {
                "m" => "min",
                "d" => "day",
                other => other,
            };
            Some(format!("{amount}/{per}")).filter(|meant| rate(meant).is_some())
        }
        Type::Growth => {
            let (share, per) = lower.split_once("%/")?;
            let per = match per {
                "d" | "days" => "day",
                "w" | "weeks" => "week",
                "mo" | "months" => "month",
                "y" | "yr" | "years" => "year",
                other => other,
            };
            Some(format!("{share}%/{per}")).filter(|meant| growth(meant).is_some())
        }
        _ => None,
    }
}

fn time_unit(spelled: &str) -> Option<&'static str> {
    Some(match spelled {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "w" | "wk" | "week" | "weeks" => "w",
        _ => return None,
    })
}

/// A size in lower case with its unit as it is to be written; a letter without `b` may be of 1000 or of 1024.
fn size_spelled(lower: &str) -> Option<String> {
    let (number, unit) = lower.split_at(lower.find(|char: char| char.is_ascii_alphabetic())?);
    let unit = match unit {
        "b" | "byte" | "bytes" => "B".to_owned(),
        "kb" => "kB".to_owned(),
        "kib" | "mib" | "gib" | "tib" | "pib" => format!("{}iB", unit.get(..1)?.to_uppercase()),
        "mb" | "gb" | "tb" | "pb" => unit.to_uppercase(),
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

/// Minutes after midnight, of `HH:MM`.
#[must_use]
pub fn time(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':').filter(|(hours, minutes)| hours.len() == 2 && minutes.len() == 2)?;
    let (hours, minutes) = (hours.parse::<u32>().ok()?, minutes.parse::<u32>().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// The day of `YYYY-MM-DD`, when there is such a day.
#[must_use]
pub fn date(text: &str) -> Option<jiff::civil::Date> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.parse().ok().filter(|_| plain)
}
