//! Amounts for people: bytes, rates, and spans of time. Whole numbers in, a few significant figures out.

/// Bytes in the largest unit that leaves at least one, with one digit behind the point: `180.0 GiB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    let units = [(1_u64 << 50, "PiB"), (1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| bytes >= *unit) else { return format!("{bytes} B") };
    if bytes.is_multiple_of(unit) {
        return format!("{} {name}", bytes / unit);
    }
    let tenths = u128::from(bytes) * 10 / u128::from(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// Bytes per second: `80 MiB/s`.
#[must_use]
pub fn rate(per_second: u64) -> String {
    format!("{}/s", bytes(per_second))
}

/// Seconds with the two largest units that they have: `7d 1h`, `45m`, `12s`.
#[must_use]
pub fn time(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units {
        let count = left / unit;
        left %= unit;
        if count > 0 {
            parts.push(format!("{count}{name}"));
        }
        if parts.len() == 2 || (!parts.is_empty() && count == 0) {
            break;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// Seconds with every unit that they have, so that sums can be added up by hand: `1h 12m 30s`.
#[must_use]
pub fn exactly(seconds: u64) -> String {
    spelled(seconds, " ")
}

/// Seconds as a strategy says them: never less, in whole minutes from one minute on: `1h13m`.
#[must_use]
pub fn written(seconds: u64) -> String {
    let seconds = if seconds < 60 { seconds } else { seconds.div_ceil(60).saturating_mul(60) };
    spelled(seconds, "")
}

fn spelled(seconds: u64, between: &str) -> String {
    let units = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts = units.into_iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count}{name}"));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(between) }
}

/// Bytes as a strategy says them: never less, in whole units.
#[must_use]
pub fn written_bytes(bytes: u64) -> String {
    let units = [(1_u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB")];
    // A unit of which there are few would round too far.
    let fits = units.into_iter().find(|(worth, _)| bytes / worth >= 10).unwrap_or((1 << 20, "MiB"));
    format!("{}{}", bytes.div_ceil(fits.0), fits.1)
}

/// Bytes as a strategy says them, exactly: in the largest unit that divides them.
#[must_use]
pub fn whole(bytes: u64) -> String {
    let units = [(1_u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = units.into_iter().find(|(worth, _)| bytes >= *worth && bytes.is_multiple_of(*worth));
    fits.map_or_else(|| format!("{bytes} B"), |(worth, unit)| format!("{}{unit}", bytes / worth))
}
