//! How far apart the times of a schedule are, so that a schedule and the data that may be lost can be held together.

use crate::structure::schedule;

/// Schedules from rare to often.
const CHOICES: [&str; 8] = [
    "30 4 * * *",
    "30 4,16 * * *",
    "30 4,10,16,22 * * *",
    "30 */3 * * *",
    "30 * * * *",
    "*/30 * * * *",
    "*/10 * * * *",
    "* * * * *",
];
/// Enough to see every minute of a busy week's days and the gap at its end.
const MOST: usize = 4_000;
/// Enough to see every month and both changes of the clocks.
const HORIZON: i64 = 400 * 86_400;
/// What is rarer than the horizon is looked at until its gaps are seen.
const FEWEST: usize = 4;

/// The rarest schedule that is never more than `most` seconds apart, or the most frequent one.
pub(super) fn tightest(zone: &str, most: u64) -> &'static str {
    CHOICES.into_iter().find(|cron| fits(cron, zone, most)).unwrap_or("* * * * *")
}

/// Whether a schedule is never more than `most` seconds apart.
pub(super) fn fits(cron: &str, zone: &str, most: u64) -> bool {
    longest_gap(cron, zone, most) <= most
}

/// Seconds of the longest gap, looked for until one is longer than `enough`.
pub(super) fn longest_gap(cron: &str, zone: &str, enough: u64) -> u64 {
    // Any time would do.
    let after = jiff::Timestamp::from_second(1_704_067_200).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let mut longest = 0;
    let mut last: Option<i64> = None;
    for (count, due) in schedule::times(cron, zone, after).take(MOST).enumerate() {
        let now = due.timestamp().as_second();
        let gap = last.and_then(|last| u64::try_from(now - last).ok()).unwrap_or(0);
        longest = longest.max(gap);
        last = Some(now);
        if longest > enough || (count >= FEWEST && now - after.as_second() > HORIZON) {
            break;
        }
    }
    longest
}
