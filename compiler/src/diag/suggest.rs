//! Did you mean: the nearest known name, or the list of them when there are few.

use std::fmt::Write;

/// The candidate that `name` was probably meant to be.
#[must_use]
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A help sentence: the nearest name, else all that there are.
#[must_use]
pub fn did_you_mean(name: &str, candidates: &[&str]) -> Option<String> {
    match nearest(name, candidates.iter().copied()) {
        Some(candidate) => Some(format!("Did you mean `{candidate}`?")),
        None if candidates.is_empty() => None,
        None => Some(format!("Use {}.", listed(candidates))),
    }
}

/// Names in backticks, with commas and an `or`.
#[must_use]
pub fn listed(names: &[&str]) -> String {
    let mut out = String::new();
    for (at, name) in names.iter().enumerate() {
        let glue = match at {
            0 => "",
            _ if at + 1 == names.len() => " or ",
            _ => ", ",
        };
        let _ = write!(out, "{glue}`{name}`");
    }
    out
}
