//! Every example is whole: a strategy, a page that says what it shows, and the plan that it compiles to.

use super::Tree;
use std::collections::BTreeSet;

const PARTS: [&str; 4] = ["README.md", "strategy.kdl", "plan.txt", "plan.mmd"];

/// No example lacks a part.
pub(super) fn complete(tree: &Tree) -> Vec<String> {
    let folders: BTreeSet<&str> = tree
        .0
        .iter()
        .filter_map(|file| file.path.strip_prefix("examples/")?.split_once('/').map(|(name, _)| name))
        .collect();
    let has = |path: &str| tree.0.iter().any(|file| file.path == path);
    let mut faults = Vec::new();
    for folder in folders {
        for part in PARTS {
            let path = format!("examples/{folder}/{part}");
            if !has(&path) {
                faults.push(format!("{path}:1: the example lacks it"));
            }
        }
    }
    faults
}
