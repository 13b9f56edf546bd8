//! The plan that a change is measured by: a saved one, that of another file, or that of a git commit.

use crate::args::Place;
use crate::exit::Exit;
use crate::facts;
use crate::git::Commit;
use crate::input::{Input, accept};
use crate::{print, saved};
use compiler::Facts;
use schema::plan::{FORMAT, Plan};
use std::path::Path;

/// Finds what `against` names and compiles it the way `input` was compiled, with what was seen then.
pub(crate) fn plan(against: &str, place: &Place, input: &Input, after: &Plan, seen: &Facts) -> Result<Plan, Exit> {
    let path = Path::new(against);
    if path.is_file() {
        if path.extension().is_some_and(|extension| extension == "json") {
            return saved::plan(path);
        }
        let other = Input::read(&place.with(Some(&path.to_owned())))?;
        return compile(&other, against, seen);
    }
    let commit = Commit::find(&input.base, against).map_err(|why| {
        print::failure("against-unknown", &format!("`{against}` is neither a file nor a git commit: {why}"));
        print::help("Name a plan that `plan --out` saved, a strategy file, or a commit such as `origin/main`.");
        Exit::Invalid
    })?;
    let name = place.strategy.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = commit.strategy(&name).map_err(|unread| {
        print::diagnostics(&[*unread]);
        Exit::Invalid
    })?;
    let Some(text) = text else {
        print::line(&format!("note: there is no `{name}` at `{against}`: all of it is new"));
        return Ok(nothing(after));
    };
    let (texts, imports) = compiler::gather(text, &mut commit.files(&name));
    let other = Input { texts, imports, ..input.beside() };
    compile(&other, against, seen)
}

fn compile(other: &Input, against: &str, seen: &Facts) -> Result<Plan, Exit> {
    let mut facts = facts::of(other);
    facts.inventory = seen.inventory.clone();
    facts.artifacts = seen.artifacts.clone();
    facts.now = seen.now;
    let compiled = compiler::check(&other.texts, &facts);
    let Some(checked) = compiled.value else {
        print::diagnostics(&compiled.diagnostics);
        print::failure(
            "against-invalid",
            &format!("the strategy at `{against}` is invalid; nothing can be compared with it"),
        );
        return Err(Exit::Invalid);
    };
    accept(compiler::plan(&checked, &facts, None))
}

/// A plan of the same name without anything in it.
fn nothing(after: &Plan) -> Plan {
    let (strategy, environment) = (after.strategy.clone(), after.environment.clone());
    Plan { format: FORMAT, strategy, environment, ..Plan::default() }
}
