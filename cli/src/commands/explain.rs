//! `backstay explain [NAME]`: a diagnostic's code, or how the figures of something in the strategy come about.

use crate::args::Place;
use crate::exit::Exit;
use crate::facts;
use crate::input::{Input, accept};
use crate::print;
use compiler::render;

pub(super) fn explain(place: &Place, name: Option<&str>) -> Result<Exit, Exit> {
    let Some(name) = name else {
        print::result(&list());
        return Ok(Exit::Ok);
    };
    let told = match compiler::explain(name) {
        Some(explanation) => Some(explanation.to_string()),
        None if place.strategy.exists() => figures(place, name)?,
        None => None,
    };
    match told {
        Some(text) => {
            print::result(&text);
            Ok(Exit::Ok)
        }
        None => {
            let message = format!(
                "`{name}` is no diagnostic code, and no database, job or store of `{}`",
                place.strategy.display()
            );
            print::failure("name-unknown", &message);
            let known: Vec<&str> = compiler::explanations().map(|explanation| explanation.code).collect();
            print::help(&match compiler::structure::nearest(name, known) {
                Some(meant) => format!("Did you mean `{meant}`?"),
                None => "`backstay explain` lists all codes, and `backstay plan` all databases.".to_owned(),
            });
            Err(Exit::Invalid)
        }
    }
}

/// The figures of a database, a job or a store, each with the sum that it is.
fn figures(place: &Place, name: &str) -> Result<Option<String>, Exit> {
    let input = Input::read(place)?;
    let facts = facts::of(&input);
    let compiled = compiler::check(&input.texts, &facts);
    let Some(checked) = compiled.value else {
        print::diagnostics(&compiled.diagnostics);
        return Err(Exit::Invalid);
    };
    let plan = accept(compiler::plan(&checked, &facts, None))?;
    Ok(render::forecast_of(&plan, name))
}

/// Every code with its summary, by code.
fn list() -> String {
    let mut rows: Vec<_> = compiler::explanations().map(|it| (it.code, it.summary)).collect();
    rows.sort_unstable();
    let width = rows.iter().map(|(code, _)| code.len()).max().unwrap_or_default();
    rows.iter().map(|(code, summary)| format!("{code:width$}  {summary}\n")).collect()
}
