//! The plan as JSON: what `run` reads again. Its schema is `schema/plan.schema.json`.

use schema::plan::Plan;

/// Indented, with a line break at the end.
#[must_use]
pub fn json(plan: &Plan) -> String {
    // A plan has no maps with keys that are not strings, which is all that could fail.
    let mut out = serde_json::to_string_pretty(plan).unwrap_or_default();
    out.push('\n');
    out
}
