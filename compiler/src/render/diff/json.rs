//! A diff as JSON, with everything in it. Its schema is `schema/diff.schema.json`.

use schema::diff::Diff;

/// Indented, with a line break at the end.
#[must_use]
pub fn json(diff: &Diff) -> String {
    // No map, so nothing can fail.
    let mut out = serde_json::to_string_pretty(diff).unwrap_or_default();
    out.push('\n');
    out
}
