//! Places in a text that may hold literal secrets, found without parsing it: what does not parse is shown to people, too.
//!
//! It errs on the side of hiding: behind a word that smells of secrets all the rest of the statement is one, but for
//! what is plainly a reference.

use super::shape::{NodeShape, Type};
use super::suggest::nearest;
use super::value::REFERENCES;
use super::vocabulary;
use crate::source::Source;
use crate::span::Span;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Words that smell, also as part of longer ones.
const WORDS: [&str; 9] =
    ["secret", "password", "passwd", "passphrase", "token", "credential", "api-key", "apikey", "access-key"];

/// Every such place.
#[must_use]
pub fn suspects(source: &Arc<Source>) -> Vec<Span> {
    let mut known: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
    known.extend(names(vocabulary::strategy()));
    let text = source.text();
    let mut found = Vec::new();
    // A text repeats its words; a long one that is no strategy has many.
    let mut judged: BTreeMap<&str, bool> = BTreeMap::new();
    let mut at = 0;
    while let Some(word) = next_word(text, at) {
        at = word.end;
        let word = text.get(word).unwrap_or_default();
        if *judged.entry(word).or_insert_with(|| smells(word, &known)) {
            let end = statement_end(text, at);
            found.extend(hidden(text, at..end).into_iter().map(|range| Span::new(source, range.start, range.end)));
            at = end;
        }
    }
    found
}

/// Nodes and properties whose values are secrets.
fn names(shapes: &[NodeShape]) -> Vec<String> {
    let mut out = Vec::new();
    for shape in shapes {
        let secret = |kind: Type| kind == Type::Secret;
        if shape.arguments.iter().any(|argument| secret(argument.kind)) {
            out.push(shape.name.clone());
        }
        out.extend(shape.properties.iter().filter(|property| secret(property.kind)).map(|it| it.name.clone()));
        out.extend(names(&shape.children));
    }
    out
}

fn is_part(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '-' | '_')
}

fn next_word(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let start = from + rest.find(is_part)?;
    let rest = text.get(start..)?;
    Some(start..start + rest.find(|char| !is_part(char)).unwrap_or(rest.len()))
}

fn smells(word: &str, known: &[String]) -> bool {
    let lower = word.to_lowercase().replace('_', "-");
    let length = lower.len();
    let alike = || known.iter().map(String::as_str).filter(|known| known.len().abs_diff(length) <= length / 3);
    let near = || length > 3 && nearest(&lower, alike()).is_some();
    WORDS.iter().any(|known| lower.contains(known)) || near()
}

/// Where the statement that goes on at `from` ends: at the end of its line, unless a string or a `\` carries it on.
fn statement_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    if let Some(open) = rest.find("\"\"\"").filter(|open| !rest.get(..*open).unwrap_or_default().contains('\n')) {
        let inside = from + open + 3;
        let close = text.get(inside..).and_then(|inside| inside.find("\"\"\""));
        return close.map_or(text.len(), |close| statement_end(text, inside + close + 3));
    }
    let mut end = from;
    for line in rest.split_inclusive('\n') {
        end += line.len();
        if !line.trim_end().ends_with('\\') {
            break;
        }
    }
    end
}

/// A stretch without the references in it, nor the blanks at its ends.
fn hidden(text: &str, stretch: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = stretch.start;
    let mut at = stretch.start;
    while at < stretch.end {
        let rest = text.get(at..stretch.end).unwrap_or_default();
        match reference(rest) {
            Some(length) => {
                out.push(start..at);
                at += length;
                start = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    out.push(start..stretch.end);
    let plain = |char: char| char.is_whitespace() || matches!(char, '=' | ';' | '{' | '}');
    let trimmed = out.into_iter().map(|range| {
        let covered = text.get(range.clone()).unwrap_or_default();
        let start = range.start + covered.len() - covered.trim_start_matches(plain).len();
        start..(start + covered.trim_matches(plain).len())
    });
    trimmed.filter(|range| !range.is_empty()).collect()
}

/// Length of the reference that a text begins with: `(env)"NAME"`.
fn reference(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('(')?;
    let kind = REFERENCES.iter().find(|kind| inside.starts_with(&format!("{kind})\"")))?;
    let string = inside.get(kind.len() + 2..)?;
    let length = string.find(['"', '\n', '\\'])?;
    string.get(length..)?.starts_with('"').then_some(1 + kind.len() + 2 + length + 1)
}
