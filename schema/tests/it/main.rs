//! The JSON Schema of the plan, generated from its types and kept beside them. `UPDATE=1` rewrites it.

use std::path::Path;

#[test]
fn the_schema_of_the_plan_has_not_drifted() -> Result<(), Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("plan.schema.json");
    let mut actual = serde_json::to_string_pretty(&schemars::schema_for!(schema::plan::Plan))?;
    actual.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &actual)?;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "schema/plan.schema.json is not that of the types: UPDATE=1 rewrites it");
    Ok(())
}
