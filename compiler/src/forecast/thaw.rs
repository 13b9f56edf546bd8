//! Storage classes that must be thawed before a copy can be read, and how long that takes: one table, for what is reckoned
//! and for what is found.

/// What the provider's name holds, what the class is called, hours until the first byte of a bulk restore. The first row
/// that fits counts; a provider that is not known fits the rows without one.
const CLASSES: [(&str, &str, u64); 16] = [
    ("google", "archive", 0),
    ("gcp", "archive", 0),
    ("gcs", "archive", 0),
    ("oracle", "archive", 1),
    ("oci", "archive", 1),
    ("", "glacier-ir", 0),
    ("", "glacier-instant-retrieval", 0),
    ("", "glacier-instant", 0),
    ("", "glacier-deep-archive", 48),
    ("", "deep-archive", 48),
    ("", "glacier-flexible-retrieval", 12),
    ("", "glacier", 12),
    ("", "cold-archive", 12),
    ("azure", "archive", 15),
    ("ibm", "archive", 12),
    ("", "archive", 15),
];
/// Of a class that is in no row, but named like those that are frozen.
const LONGEST: u64 = 48;

/// Seconds until the first byte, when a class is known to need any.
pub(crate) fn thaw(provider: Option<&str>, class: &str) -> Option<u64> {
    let class = class.to_lowercase().replace(['_', ' '], "-");
    let provider = provider.unwrap_or_default().to_lowercase();
    let row = CLASSES.iter().find(|(who, name, _)| provider.contains(who) && class == *name);
    let hours = row.map_or_else(|| alike(&class), |(_, _, hours)| *hours);
    (hours > 0).then_some(hours * 3_600)
}

fn alike(class: &str) -> u64 {
    let instant = class.ends_with("-ir") || class.contains("instant");
    let frozen = ["glacier", "archive"].iter().any(|name| class.contains(name)) && !instant;
    if frozen { LONGEST } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::thaw;

    #[test]
    fn classes_are_known_by_their_names() {
        let cases = [
            (None, "GLACIER_IR", None),
            (None, "GLACIER", Some(12)),
            (None, "DEEP_ARCHIVE", Some(48)),
            (Some("Azure"), "Archive", Some(15)),
            (Some("Google Cloud"), "ARCHIVE", None),
            (Some("somebody"), "archive-2", Some(48)),
            (Some("somebody"), "archive-instant", None),
            (None, "standard", None),
        ];
        for (provider, class, hours) in cases {
            assert_eq!(thaw(provider, class), hours.map(|hours| hours * 3_600), "{class}");
        }
    }
}
