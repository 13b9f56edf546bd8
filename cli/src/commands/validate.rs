//! `backstay validate`: every diagnostic at once; nothing is touched.

use crate::args::{Format, Place, Validate};
use crate::exit::Exit;
use crate::facts;
use crate::input::Input;
use crate::print;
use compiler::diag::{Diagnostic, Level};

pub(super) fn validate(place: &Place, options: &Validate) -> Result<Exit, Exit> {
    let place = &place.with(options.file.as_ref());
    let input = Input::read(place)?;
    let facts = facts::of(&input);
    let checked = compiler::check(&input.texts, &facts);
    let mut diagnostics = checked.diagnostics;
    if let Some(checked) = &checked.value {
        diagnostics.extend(checked.remarks().iter().cloned());
    }
    let count = |level| diagnostics.iter().filter(|diagnostic| diagnostic.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warn));
    match options.format {
        Format::Json => print::result(&json(&diagnostics)),
        Format::Text => {
            print::diagnostics(&diagnostics);
            let verdict = if errors == 0 { "valid" } else { "invalid" };
            let name = place.strategy.display();
            print::result(&format!(
                "{name} is {verdict}: {}, {}",
                plural(errors, "error"),
                plural(warnings, "warning")
            ));
        }
    }
    Ok(if errors == 0 { Exit::Ok } else { Exit::Invalid })
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn json(diagnostics: &[Diagnostic]) -> String {
    let places = |diagnostic: &Diagnostic| {
        let place = |label: &compiler::diag::Label| {
            let origin = label.span.origin();
            serde_json::json!({
                "input": origin.input, "line": origin.line, "column": origin.column,
                "start": label.span.start(), "end": label.span.end(), "text": label.text,
            })
        };
        diagnostic.labels.iter().map(place).collect::<Vec<_>>()
    };
    let rows: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| {
            serde_json::json!({
                "code": diagnostic.code(), "level": diagnostic.level, "message": diagnostic.message,
                "help": diagnostic.help, "labels": places(diagnostic),
            })
        })
        .collect();
    format!("{:#}", serde_json::json!({ "diagnostics": rows }))
}
