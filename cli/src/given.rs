//! What is given beside the strategy: variables on the command line, and a file of values for `(env)` references. A
//! value is never printed, not even a malformed one.

use crate::exit::Exit;
use crate::print;
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use runtime::secret::Hidden;

/// `--var NAME=VALUE`, as often as it is said.
pub(crate) fn variables(given: &[String]) -> Result<BTreeMap<String, String>, Exit> {
    let mut out = BTreeMap::new();
    for (at, text) in given.iter().enumerate() {
        let malformed = |why: String| {
            print::failure("variable-malformed", &why);
            print::help("Write `--var NAME=VALUE`.");
            Exit::Invalid
        };
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()) else {
            return Err(malformed(format!("the {} `--var` is not NAME=VALUE", ordinal(at + 1))));
        };
        if out.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(malformed(format!("`--var {name}=…` is given twice")));
        }
    }
    Ok(out)
}

fn ordinal(number: usize) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        number => format!("{number}th"),
    }
}

/// The lines of `--env-file`: `NAME=value`; empty ones and those that begin with `#` say nothing. A value in a pair of
/// quotes is what is between them; nothing else in it has a meaning.
pub(crate) fn environment(path: &Path) -> Result<BTreeMap<String, Hidden>, Exit> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        print::failure("env-file-unreadable", &format!("cannot read `{shown}`: {error}"));
        Exit::Invalid
    })?;
    let malformed = |line: usize, why: &str| {
        print::failure("env-file-malformed", &format!("`{shown}`, line {line}: {why}"));
        print::help("Write a line `NAME=value` for each variable; `#` begins a comment.");
        Exit::Invalid
    };
    let mut out = BTreeMap::new();
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = std::str::from_utf8(line).map_err(|_| malformed(at + 1, "not UTF-8"))?;
        let line = line.trim_start_matches('\u{feff}').trim_end_matches('\r');
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(|| malformed(at + 1, "there is no `=`"))?;
        let name = name.trim();
        let name = name.strip_prefix("export ").map_or(name, str::trim);
        if !is_name(name) {
            return Err(malformed(at + 1, "what stands before `=` is not the name of a variable"));
        }
        if out.insert(name.to_owned(), Hidden(unquoted(value.trim()).to_owned())).is_some() {
            return Err(malformed(at + 1, &format!("`{name}` stands here a second time")));
        }
    }
    Ok(out)
}

fn is_name(text: &str) -> bool {
    let letter = |char: char| char.is_ascii_alphabetic() || char == '_';
    text.starts_with(letter) && text.chars().all(|char| letter(char) || char.is_ascii_digit())
}

fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::unquoted;

    #[test]
    fn a_pair_of_quotes_is_taken_off_and_nothing_else() {
        for (value, wanted) in
            [("plain", "plain"), ("\"a b\"", "a b"), ("'a'", "a"), ("\"", "\""), ("\"a'", "\"a'"), ("a\"b\"", "a\"b\"")]
        {
            assert_eq!(unquoted(value), wanted);
        }
    }
}
