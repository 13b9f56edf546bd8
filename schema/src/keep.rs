//! Which artifacts a store keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rules over the verified artifacts of each database. What one of them keeps, is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Keep {
    /// So many of the newest.
    pub last: Option<u32>,
    /// The newest of each hour, for so many hours; the others alike.
    pub hourly: Option<u32>,
    pub daily: Option<u32>,
    pub weekly: Option<u32>,
    pub monthly: Option<u32>,
    pub yearly: Option<u32>,
    /// All that are younger, in seconds.
    pub within: Option<u64>,
}

impl std::fmt::Display for Keep {
    /// `last 2, daily 7`; empty when there is no rule.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = [
            ("last", self.last),
            ("hourly", self.hourly),
            ("daily", self.daily),
            ("weekly", self.weekly),
            ("monthly", self.monthly),
            ("yearly", self.yearly),
        ];
        let counts = counts.into_iter().filter_map(|(name, count)| count.map(|count| format!("{name} {count}")));
        let within = self.within.map(|seconds| format!("within {}", span(seconds)));
        f.write_str(&counts.chain(within).collect::<Vec<_>>().join(", "))
    }
}

/// Seconds in the largest unit that divides them, for people.
#[must_use]
pub fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let fits = units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{seconds}s"), |(unit, name)| format!("{}{name}", seconds / unit))
}
