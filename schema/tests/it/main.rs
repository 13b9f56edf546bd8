//! The JSON Schemas of what is written as JSON, generated from its types and kept beside them. `UPDATE=1` rewrites them.

use schemars::Schema;
use std::path::Path;

type Checked = Result<(), Box<dyn std::error::Error>>;

/// Compares the schema with the committed one.
fn has_not_drifted(name: &str, schema: &Schema) -> Checked {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut actual = serde_json::to_string_pretty(schema)?;
    actual.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &actual)?;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "schema/{name} is not that of the types: UPDATE=1 rewrites it");
    Ok(())
}

#[test]
fn the_schema_of_the_plan_has_not_drifted() -> Checked {
    has_not_drifted("plan.schema.json", &schemars::schema_for!(schema::plan::Plan))
}

#[test]
fn the_schema_of_the_diff_has_not_drifted() -> Checked {
    has_not_drifted("diff.schema.json", &schemars::schema_for!(schema::diff::Diff))
}

#[test]
fn the_schema_of_simulations_has_not_drifted() -> Checked {
    has_not_drifted("simulation.schema.json", &schemars::schema_for!(schema::simulate::Simulation))
}

#[test]
fn the_schema_of_the_status_has_not_drifted() -> Checked {
    has_not_drifted("status.schema.json", &schemars::schema_for!(schema::status::Status))
}

#[test]
fn the_schema_of_the_evidence_has_not_drifted() -> Checked {
    has_not_drifted("evidence.schema.json", &schemars::schema_for!(schema::status::Evidence))
}
