//! The compiler's stages only use earlier ones, so that its folder listing can be read as its data flow.

use super::Tree;

/// Stages in the order of the data. The model is plain data that the decoder fills, so it stands before it.
const STAGES: [&str; 13] = [
    "syntax",
    "format",
    "expand",
    "structure",
    "model",
    "decode",
    "resolve",
    "retain",
    "plan",
    "forecast",
    "lint",
    "diff",
    "render",
];

/// Modules that every stage may use, and that use none.
const GROUND: [&str; 4] = ["source", "span", "diag", "text"];

/// No stage names a later one.
pub(super) fn order(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for file in tree.rust() {
        let Some(stage) = stage(&file.path) else { continue };
        for (line, text) in file.code() {
            for (at, later) in STAGES.iter().enumerate() {
                if at + 1 > stage && uses(text, later) {
                    faults.push(format!("{}:{line}: uses the later stage `{later}`", file.path));
                }
            }
        }
    }
    faults
}

/// Position of a file's stage from 1; 0 is ground. `None` is the crate root and what is no stage.
fn stage(path: &str) -> Option<usize> {
    let inner = path.strip_prefix("compiler/src/")?;
    let name = inner.split('/').next()?.trim_end_matches(".rs");
    if GROUND.contains(&name) {
        return Some(0);
    }
    STAGES.iter().position(|stage| *stage == name).map(|at| at + 1)
}

/// Whether a line names a module of this crate: `crate::plan`, or a group that begins with it.
fn uses(line: &str, module: &str) -> bool {
    let path = format!("crate::{module}");
    line.match_indices(&path).any(|(at, _)| {
        let after = line.get(at + path.len()..).and_then(|rest| rest.chars().next());
        !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
