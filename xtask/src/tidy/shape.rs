//! Rules about files as such: how they open, how long they are, what they and their types are called.

use super::{File, Tree};

/// Hard limit on lines of a file, and the budget of the whole.
const MOST: usize = 700;
const MEDIAN: usize = 200;
const P90: usize = 450;

/// Names that say nothing about what is inside.
const DRAWERS: [&str; 9] = ["util", "utils", "helper", "helpers", "common", "manager", "misc", "info", "data"];

/// Every file opens with its job and its limit.
pub(super) fn opening(tree: &Tree) -> Vec<String> {
    let opens = |file: &&File| !file.text.starts_with("//!");
    tree.rust().filter(opens).map(|file| format!("{}:1: a file opens with `//!` and its job", file.path)).collect()
}

/// No file is too long, and the whole keeps its budget.
pub(super) fn length(tree: &Tree) -> Vec<String> {
    let mut faults: Vec<String> = tree
        .rust()
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > MOST).then(|| format!("{}:{MOST}: {lines} lines, at most {MOST}", file.path))
        })
        .collect();
    let (median, p90) = spread(tree);
    for (name, found, limit) in [("median", median, MEDIAN), ("90th percentile", p90, P90)] {
        if found > limit {
            faults.push(format!("the {name} of lines a file is {found}, at most {limit}"));
        }
    }
    faults
}

/// Median and 90th percentile of lines a file.
fn spread(tree: &Tree) -> (usize, usize) {
    let mut lines: Vec<usize> = tree.rust().map(|file| file.text.lines().count()).collect();
    lines.sort_unstable();
    let at = |percent: usize| lines.get(lines.len() * percent / 100).copied().unwrap_or_default();
    (at(50), at(90))
}

/// One line about the whole.
pub(super) fn figures(tree: &Tree) -> String {
    let (median, p90) = spread(tree);
    let lines: usize = tree.rust().map(|file| file.text.lines().count()).sum();
    format!("{} files, {lines} lines; lines a file: median {median}, 90th percentile {p90}", tree.rust().count())
}

/// No junk drawers among files and folders.
pub(super) fn names(tree: &Tree) -> Vec<String> {
    let drawer = |path: &str| {
        let mut parts = path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
        parts.find(|part| DRAWERS.contains(part)).map(str::to_owned)
    };
    tree.rust()
        .filter_map(|file| {
            drawer(&file.path).map(|name| format!("{}:1: `{name}` does not say what is inside", file.path))
        })
        .collect()
}

/// No types that are named for being handy.
pub(super) fn types(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for file in tree.rust() {
        for (line, text) in file.code() {
            let Some(name) = declared(text) else { continue };
            if ["Manager", "Helper", "Util", "Utils", "Common", "Misc", "Info", "Data"]
                .iter()
                .any(|end| name.ends_with(end))
            {
                faults.push(format!("{}:{line}: `{name}` is not named for what it is", file.path));
            }
        }
    }
    faults
}

/// Name of the type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let at = words.iter().position(|word| ["struct", "enum", "trait"].contains(word))?;
    // `pub(crate) struct X`: only visibility may stand before it, or the line is something else.
    let before = words.get(..at)?;
    before.iter().all(|word| ["pub", "crate", "super", "unsafe"].contains(word)).then(|| words.get(at + 1).copied())?
}

/// One integration test binary a crate: `tests/it/main.rs` (the crate `tests` itself: `it/main.rs`).
pub(super) fn one_test_binary(tree: &Tree) -> Vec<String> {
    let stray = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        matches!(parts.as_slice(), [.., "tests", file] if parts.len() > 2 && file.ends_with(".rs"))
            && !path.contains("/src/")
    };
    tree.rust()
        .filter(|file| stray(&file.path))
        .map(|file| format!("{}:1: another test binary; tests are modules below `tests/it/`", file.path))
        .collect()
}
