//! Plans that `plan --out` saved.

use crate::exit::Exit;
use crate::print;
use schema::plan::{FORMAT, Plan};
use std::path::Path;

/// Reads a plan, or says why it cannot be read.
pub(crate) fn plan(path: &Path) -> Result<Plan, Exit> {
    read(path).map_err(|why| {
        print::failure("plan-unreadable", &format!("cannot read the plan `{}`: {why}", path.display()));
        print::help("Make it again with `backstay plan --out FILE`.");
        Exit::Invalid
    })
}

fn read(path: &Path) -> Result<Plan, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let plan: Plan = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if plan.format > FORMAT {
        return Err(format!("its format is {}, this version reads {FORMAT}", plan.format));
    }
    Ok(plan)
}
