//! Schedules: five cron fields read in a zone of the bundled database. The machine's own zone files are never asked.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

/// What was parsed before: one line of a strategy is looked at by many, and to parse it takes longer than to use it.
static KNOWN: Mutex<BTreeMap<String, Cron>> = Mutex::new(BTreeMap::new());
/// Most lines that are remembered.
const MOST_KNOWN: usize = 256;

/// Parses five cron fields, and refuses those that are never due.
pub fn cron(text: &str) -> Result<Cron, String> {
    if text.trim_start().starts_with('@') {
        return Err("is a nickname and not five fields".to_owned());
    }
    let fields = text.split_whitespace().count();
    if fields != 5 {
        return Err(format!("has {fields} fields and not five"));
    }
    let known = KNOWN.lock().ok().and_then(|known| known.get(text).cloned());
    if let Some(cron) = known {
        return Ok(cron);
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(text).map_err(|error| format!("does not parse: {}", reason(&error.to_string())))?;
    let epoch = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    cron.find_next_occurrence(&epoch, false).map_err(|_| "is never due".to_owned())?;
    if let Ok(mut known) = KNOWN.lock() {
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(text.to_owned(), cron.clone());
    }
    Ok(cron)
}

fn reason(text: &str) -> String {
    let tail = text.rsplit_once(": ").map_or(text, |(_, tail)| tail).trim_end_matches('.');
    let mut chars = tail.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// One for all, so that a zone is read once.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of that name, from the bundled database.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// A known zone with a similar name.
#[must_use]
pub fn similar_zone(name: &str) -> Option<String> {
    let known: Vec<String> = ZONES.available().map(|zone| zone.as_str().to_owned()).collect();
    super::suggest::nearest(name, known.iter().map(String::as_str)).map(str::to_owned)
}

/// The only known zone with a similar name.
#[must_use]
pub fn certain_zone(name: &str) -> Option<String> {
    let known: Vec<String> = ZONES.available().map(|zone| zone.as_str().to_owned()).collect();
    super::suggest::certain(name, known.iter().map(String::as_str)).map(str::to_owned)
}

/// The next times at which a schedule is due, after `after`.
#[must_use]
pub fn next(fields: &str, timezone: &str, after: Timestamp, count: usize) -> Vec<Zoned> {
    times(fields, timezone, after).take(count).collect()
}

/// All times at which a schedule is due, after `after`; none when it does not parse.
pub fn times(fields: &str, timezone: &str, after: Timestamp) -> impl Iterator<Item = Zoned> {
    let parsed = cron(fields).ok().zip(zone(timezone));
    parsed.into_iter().flat_map(move |(cron, zone)| cron.iter_after(after.to_zoned(zone)))
}

/// Whether a schedule is due at that second.
#[must_use]
pub fn is_due(fields: &str, timezone: &str, at: Timestamp) -> bool {
    let before = at.checked_sub(jiff::SignedDuration::from_secs(1));
    before.is_ok_and(|before| times(fields, timezone, before).next().is_some_and(|due| due.timestamp() == at))
}
