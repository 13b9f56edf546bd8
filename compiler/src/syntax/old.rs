//! KDL 1 in a text that does not parse as KDL 2: bare `true`, `false` and `null`, raw strings that begin with `r`, and
//! `\/`. Each is told with its new form, and made harmless, so that the rest of the text can still be read.

use super::document::Value;
use crate::diag::{Diagnostic, Edit, Fix, codes};
use crate::source::Source;
use crate::span::Span;
use std::ops::Range;
use std::sync::Arc;

/// Something in the old form.
pub(super) struct Old {
    pub(super) range: Range<usize>,
    /// What it stands for, when the parser is to see something else.
    pub(super) value: Option<Value>,
    /// As many bytes that KDL 2 can read.
    harmless: String,
    edits: Vec<(Range<usize>, &'static str)>,
    message: String,
    help: String,
}

impl Old {
    pub(super) fn told(&self, source: &Arc<Source>) -> Diagnostic {
        let span = |range: &Range<usize>| Span::new(source, range.start, range.end);
        let mut told = Diagnostic::error(&codes::OLD_SYNTAX, &self.message)
            .at(&span(&self.range), "the form of KDL 1")
            .help(&self.help);
        let edits = self.edits.iter().map(|(range, text)| Edit { span: span(range), text: (*text).to_owned() });
        let edits: Vec<Edit> = edits.collect();
        if !edits.is_empty() {
            told.fix = Some(Fix { title: "Write it in the form of KDL 2".to_owned(), edits });
        }
        told
    }

    /// The text with this made harmless.
    pub(super) fn calm(&self, text: &mut String) {
        text.replace_range(self.range.clone(), &self.harmless);
    }
}

/// Every old form in a text, in its order.
pub(super) fn old(text: &str) -> Vec<Old> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(char) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        at += match char {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string(text, at, &mut out),
            '#' => super::scan::raw_string(rest.as_bytes()).unwrap_or(1),
            'r' | 't' | 'f' | 'n' if begins(text, at) => match raw(text, at).or_else(|| keyword(text, at)) {
                Some(found) => {
                    let length = found.range.len();
                    out.push(found);
                    length
                }
                None => 1,
            },
            char => char.len_utf8(),
        };
    }
    out
}

/// Whether a value can begin here: behind a blank, `=` or an annotation, and not as the name of a node.
fn begins(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    if before.ends_with(['=', ')']) {
        return true;
    }
    let statement = before.rsplit(['\n', ';', '{', '}']).next().unwrap_or_default();
    before.ends_with([' ', '\t']) && !statement.trim().is_empty()
}

/// Length of a string; an escaped slash in it is old.
fn string(text: &str, at: usize, out: &mut Vec<Old>) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let Some(length) = super::scan::string(rest.as_bytes(), 0) else { return 1 };
    let inside = rest.get(..length).unwrap_or_default();
    let mut from = 0;
    while let Some(found) = inside.get(from..).and_then(|inside| inside.find('\\')).map(|found| from + found) {
        if inside.get(found..).is_some_and(|escape| escape.starts_with("\\/")) {
            let start = at + found;
            out.push(Old {
                range: start..start + 2,
                value: None,
                harmless: "//".to_owned(),
                edits: vec![(start..start + 2, "/")],
                message: "`\\/` is no escape in KDL 2".to_owned(),
                help: "Write `/` alone.".to_owned(),
            });
        }
        from = found + 2;
    }
    length
}

/// `r"…"` or `r#"…"#`.
fn raw(text: &str, at: usize) -> Option<Old> {
    let rest = text.get(at + 1..)?;
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    let closing = format!("\"{}", "#".repeat(hashes));
    let inside = rest.get(hashes..)?.strip_prefix('"')?;
    let length = inside.find(&closing)?;
    let content = inside.get(..length)?;
    let end = at + 1 + hashes + 1 + length + closing.len();
    // KDL 2 keeps strings of several lines in another way, with other blanks in them.
    let several = content.contains(['\n', '\r']);
    let edits = match hashes {
        _ if several => Vec::new(),
        0 => vec![(at..at + 1, "#"), (end..end, "#")],
        _ => vec![(at..at + 1, "")],
    };
    let help = if several {
        "Write it between `\"\"\"`, each on a line of its own."
    } else {
        "Write `#\"…\"#`, without the `r`."
    };
    let letters = (end - at).saturating_sub(2);
    Some(Old {
        range: at..end,
        value: Some(Value::Text(content.to_owned())),
        harmless: format!("\"{}\"", "x".repeat(letters)),
        edits,
        message: "a raw string of KDL 1".to_owned(),
        help: help.to_owned(),
    })
}

fn keyword(text: &str, at: usize) -> Option<Old> {
    let rest = text.get(at..)?;
    let (word, value, new) = [
        ("true", Value::Boolean(true), "#true"),
        ("false", Value::Boolean(false), "#false"),
        ("null", Value::Null, "#null"),
    ]
    .into_iter()
    .find(|(word, _, _)| rest.starts_with(word))?;
    let next = rest.get(word.len()..)?.chars().next();
    next.is_none_or(|char| char.is_whitespace() || matches!(char, ';' | '}' | '{' | '/')).then(|| Old {
        range: at..at + word.len(),
        value: Some(value),
        harmless: "x".repeat(word.len()),
        edits: vec![(at..at + word.len(), new)],
        message: format!("bare `{word}` is not a value in KDL 2"),
        help: format!("Write `{new}`, or put it in quotes if a string is meant."),
    })
}
