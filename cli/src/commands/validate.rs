//! `backstay validate`: every diagnostic at once; nothing is touched, but what `--fix` may mend.

use crate::args::{CheckFormat, Place, Validate};
use crate::exit::Exit;
use crate::facts;
use crate::input::Input;
use crate::print;
use crate::replace::replace_unchanged;
use compiler::diag::{Diagnostic, Level};
use compiler::render::diagnostics::{Told, github, json, junit, sarif};
use compiler::{Checked, Compiled, Facts, Mended};
use std::path::Path;

pub(super) fn validate(place: &Place, options: &Validate) -> Result<Exit, Exit> {
    let place = &place.with(options.file.as_ref());
    let (input, checked) = match Input::load(place) {
        Ok(mut input) => {
            input.give(place)?;
            let facts = facts::of(&input);
            if options.fix {
                mend(&mut input, &facts)?;
            }
            let checked = check(&input, &facts);
            (input, checked)
        }
        Err(unread) => (Input::unread(place), Compiled::new(None, vec![*unread])),
    };
    tell(place, options.format, &input, &checked);
    Ok(if checked.value.is_some() { Exit::Ok } else { Exit::Invalid })
}

fn check(input: &Input, facts: &Facts) -> Compiled<Checked> {
    let Compiled { value, mut diagnostics } = compiler::check(&input.texts, facts);
    if let Some(checked) = &value {
        diagnostics.extend(checked.remarks().iter().cloned());
    }
    Compiled::new(value, diagnostics)
}

fn tell(place: &Place, format: CheckFormat, input: &Input, checked: &Compiled<Checked>) {
    let diagnostics = checked.diagnostics.as_slice();
    let folder = place.strategy.parent().unwrap_or(Path::new("")).to_string_lossy().into_owned();
    let told = Told { texts: &input.texts, diagnostics, folder: &folder };
    match format {
        CheckFormat::Json => {
            let strategy = checked.value.as_ref().map(compiler::decoded);
            print::result(&json(&told, strategy.as_ref()));
        }
        CheckFormat::Sarif => print::result(&sarif(&told)),
        CheckFormat::Github if diagnostics.is_empty() => {}
        CheckFormat::Github => print::result(&github(&told)),
        CheckFormat::Junit => print::result(&junit(&told)),
        CheckFormat::Text => {
            print::diagnostics(diagnostics);
            print::result(&verdict(place, diagnostics));
        }
    }
}

fn verdict(place: &Place, diagnostics: &[Diagnostic]) -> String {
    let count = |level| diagnostics.iter().filter(|diagnostic| diagnostic.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warn));
    let verdict = if errors == 0 { "valid" } else { "invalid" };
    let name = place.strategy.display();
    format!("{name} is {verdict}: {}, {}", plural(errors, "error"), plural(warnings, "warning"))
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Makes every certain fix in the files that were read, and tells which.
fn mend(input: &mut Input, facts: &Facts) -> Result<(), Exit> {
    let Mended { texts, done, .. } = compiler::mend(&input.texts, facts);
    for (old, new) in input.texts.iter().zip(&texts).filter(|(old, new)| old.text != new.text) {
        let path = input.path(old);
        replace_unchanged(&path, &old.text, &new.text).map_err(|reason| {
            print::failure("not-mended", &format!("cannot replace `{}`: {reason}", path.display()));
            print::help("Nothing in it was changed; try again.");
            Exit::Failed
        })?;
        for fix in done.iter().filter(|fix| fix.input == old.name) {
            print::line(&format!("fixed {}:{}:{} [{}]: {}", fix.input, fix.line, fix.column, fix.code, fix.title));
        }
    }
    input.texts = texts;
    Ok(())
}
