//! Did you mean: the nearest known name, or the list of them when there are few.

use std::fmt::Write;

/// Most names that a help lists.
const MOST_LISTED: usize = 40;

/// The candidate that `name` was probably meant to be.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The candidate that `name` can only have been meant to be: no other one is near, and little is different. Short names
/// that differ in a letter are different names.
#[must_use]
pub(crate) fn certain<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let most = (name.chars().count() / 3).clamp(1, 3);
    let mut near = candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most);
    let (distance, only) = near.next().filter(|_| near.next().is_none())?;
    (distance == 0 || only.chars().count() > 2).then_some(only)
}

/// A value as it is typed in the place of `old`: in quotes, unless the old one had none.
#[must_use]
pub(crate) fn typed_like(old: &str, new: &str) -> String {
    let plain = new.chars().all(|char| char.is_ascii_alphanumeric() || char == '-' || char == '_');
    let bare = plain && old.starts_with(|char: char| char.is_ascii_alphabetic());
    if bare { new.to_owned() } else { format!("\"{new}\"") }
}

/// A help sentence: the nearest name, else all that there are.
#[must_use]
pub fn did_you_mean(name: &str, candidates: &[&str]) -> Option<String> {
    match nearest(name, candidates.iter().copied()) {
        Some(candidate) => {
            let away = |other: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
            let mut near: Vec<&str> = candidates.iter().copied().filter(|it| away(it) == away(candidate)).collect();
            near.dedup();
            Some(format!("Did you mean {}?", listed(&near)))
        }
        None if candidates.is_empty() => None,
        None if candidates.len() > MOST_LISTED => {
            let first: Vec<String> = candidates.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
            Some(format!("Use {} or another of the {} that there are.", first.join(", "), candidates.len()))
        }
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
