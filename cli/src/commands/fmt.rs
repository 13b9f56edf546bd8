//! `backstay fmt`: strategies laid out as everybody would write them. A file is replaced as a whole, and only when
//! something in it changes; a text that is not KDL is told and left alone.

use crate::args::{Fmt, Place};
use crate::exit::Exit;
use crate::input;
use crate::print;
use crate::read;
use crate::replace::replace;
use crate::texts::Files;
use compiler::{Diagnostic, MOST_BYTES, Text};
use std::io::Read;
use std::path::{Path, PathBuf};

pub(super) fn fmt(place: &Place, options: &Fmt) -> Result<Exit, Exit> {
    if options.files.iter().any(|file| file == Path::new("-")) {
        return standard_input(options);
    }
    let (mut exit, mut changes) = (Exit::Ok, false);
    for file in if options.files.is_empty() { whole(place) } else { files(&options.files)? } {
        match one(&file, options) {
            Ok(changed) => changes |= changed,
            // The others are formatted all the same.
            Err(failed) => exit = failed,
        }
    }
    Ok(if exit == Exit::Ok && changes && !options.writes() { Exit::Unformatted } else { exit })
}

impl Fmt {
    fn writes(&self) -> bool {
        !self.check && !self.diff
    }

    /// Tells of a text that would change.
    fn tell(&self, name: &str, before: &str, after: &str) {
        if self.diff {
            let diff = similar::TextDiff::from_lines(before, after);
            print::result(&diff.unified_diff().context_radius(3).header(name, name).to_string());
        } else {
            print::result(name);
        }
    }
}

/// Whether a file changes, or would.
fn one(file: &Path, options: &Fmt) -> Result<bool, Exit> {
    let name = file.display().to_string();
    let text = read::text(file, &name).map_err(|told| refused(&told))?;
    let after = formatted(&text)?;
    let before = text.text;
    if before == after {
        return Ok(false);
    }
    if options.writes() {
        replace(file, &after).map_err(|error| {
            print::failure("strategy-unwritable", &format!("cannot write `{name}`: {error}"));
            Exit::Failed
        })?;
    }
    options.tell(&name, &before, &after);
    Ok(true)
}

/// From standard input to standard output.
fn standard_input(options: &Fmt) -> Result<Exit, Exit> {
    const NAME: &str = "standard input";
    if options.files.len() > 1 {
        print::failure("usage", "`-` stands for the only text; files cannot be formatted beside it");
        return Err(Exit::Invalid);
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(|error| unreadable(NAME, &error))?;
    let text = Text::from_bytes(NAME, bytes).map_err(|told| refused(&told))?;
    let after = formatted(&text)?;
    let before = text.text;
    if options.writes() {
        print::exactly(&after);
        return Ok(Exit::Ok);
    }
    if before != after {
        options.tell(NAME, &before, &after);
    }
    Ok(if before == after { Exit::Ok } else { Exit::Unformatted })
}

fn formatted(text: &Text) -> Result<String, Exit> {
    compiler::format::named(text).map_err(|told| {
        print::diagnostics(&told);
        Exit::Invalid
    })
}

/// A text that cannot be had.
fn refused(told: &Diagnostic) -> Exit {
    print::diagnostics(std::slice::from_ref(told));
    Exit::Invalid
}

fn unreadable(name: &str, error: &std::io::Error) -> Exit {
    print::failure("strategy-unreadable", &format!("cannot read `{name}`: {error}"));
    Exit::Invalid
}

/// The strategy and all that it imports. What cannot be read is told when it is formatted, or by `validate`.
fn whole(place: &Place) -> Vec<PathBuf> {
    let strategy = &place.strategy;
    let name = strategy.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Ok(text) = read::text(strategy, &name) else { return vec![strategy.clone()] };
    let (texts, _) = compiler::gather(text, &mut Files::new(&input::base(place), strategy));
    let folder = strategy.parent().unwrap_or(Path::new(""));
    let imported = texts.iter().skip(1).map(|text| folder.join(&text.name));
    std::iter::once(strategy.clone()).chain(imported).collect()
}

/// The files that are given, and those that end in `.kdl` below the folders that are. Hidden folders and links to
/// folders are not entered.
fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    let mut out = Vec::new();
    for path in given {
        if !path.is_dir() {
            out.push(path.clone());
            continue;
        }
        let visible =
            |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
        for entry in walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(visible) {
            let entry = entry.map_err(|error| unreadable(&path.display().to_string(), &error.into()))?;
            if entry.path().extension().is_some_and(|extension| extension == "kdl") && entry.path().is_file() {
                out.push(entry.into_path());
            }
        }
    }
    Ok(out)
}
