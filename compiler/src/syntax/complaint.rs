//! What the parser complains of, in our words and at the place that is meant.

use crate::diag::{Diagnostic, codes};
use crate::source::Source;
use crate::span::Span;
use std::sync::Arc;

pub(super) const SEE: &str = "Correct the KDL here; see `explain syntax-error`.";

/// One complaint of the parser.
pub(super) struct Complaint {
    pub(super) said: String,
    hint: Option<String>,
    pub(super) start: usize,
    /// The text that it is about, at most to the end of the line.
    pub(super) covered: String,
    /// The line from there on.
    rest: String,
    /// The line before it.
    before: String,
}

impl Complaint {
    pub(super) fn new(said: &kdl::KdlDiagnostic, text: &str) -> Self {
        let from = said.span.offset().min(text.len());
        let mut end = (from + said.span.len()).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let message = said.message.clone().unwrap_or_default();
        // The parser covers all that it has read so far; what is missing, is missing at the end of that.
        let start = match message.as_str() {
            "Expected property value" => text.get(..end).and_then(|read| read.rfind('=')).unwrap_or(from),
            _ => from,
        };
        let line = |text: &str| text.split(['\n', '\r']).next().unwrap_or_default().to_owned();
        let before = text.get(..start).and_then(|before| before.rsplit(['\n', '\r']).next()).unwrap_or_default();
        Self {
            said: message,
            hint: said.help.clone(),
            start,
            covered: line(text.get(start..end).unwrap_or_default()),
            rest: line(text.get(start..).unwrap_or_default()),
            before: before.to_owned(),
        }
    }

    /// Whether it is about a block that has no end, which may be for what stands inside it.
    pub(super) fn of_block(&self) -> bool {
        matches!(self.said.as_str(), "No closing '}' for child block" | "Closing '}' was not found after nodes")
    }

    /// Whether it is a brace that closes nothing.
    pub(super) fn of_brace(&self) -> bool {
        self.said == "Expected end of document" && self.covered == "}"
    }

    /// Whether it may be for a comment that has no end.
    pub(super) fn of_comment(&self) -> bool {
        self.said.contains("multi-line comment") || self.said == "Found invalid node name" || self.of_block()
    }

    pub(super) fn told(&self, source: &Arc<Source>) -> Diagnostic {
        // What was blanked out has other characters in it than the text.
        let snapped = |at: usize| (0..=at).rev().find(|at| source.text().is_char_boundary(*at)).unwrap_or_default();
        let span = |from: usize, length: usize| {
            Span::new(source, snapped(self.start + from), snapped(self.start + from + length))
        };
        let length = self.covered.trim_end().len();
        let told = |message: &str, help: &str| {
            Diagnostic::error(&codes::SYNTAX_ERROR, message).at(&span(0, length), "here").help(help)
        };
        if let Some((at, char)) = self.covered.char_indices().find(|(_, char)| forbidden(*char)) {
            return never_allowed(char, &span(at, char.len_utf8()));
        }
        let string = self.string();
        match self.said.as_str() {
            "Expected end of document" if self.covered == "}" => {
                told("`}` without a block that it could close", "Remove this `}`, or add the `{` that it belongs to.")
            }
            "Expected end of document" if self.covered == "=" => {
                let wrong = told(
                    "`=` where a value is expected",
                    "A node's values follow its name without `=`; only a property is written `name=value`.",
                );
                let words = self.before.split_whitespace().count();
                let equals = span(0, 1).with_space_before();
                if words == 1 { wrong.fix("Remove the `=`", &equals, "") } else { wrong }
            }
            "Expected end of document" if self.covered == "(" => {
                told("an annotation without a value", "Write the value behind it, for example `(env)\"NAME\"`.")
            }
            "Expected end of document" => {
                told("expected a node here", "A node is a name, then values, then perhaps a block in `{ }`.")
            }
            "Expected property value" => {
                told("a property without a value", "Write the value behind the `=`, in quotes if it is text.")
            }
            "Unexpected newline in single-line quoted string" => {
                let wrong = told(
                    "this string does not end in its line",
                    "Close it with `\"`; text of several lines stands between `\"\"\"`, each on a line of its own.",
                );
                // One word to the end of the line: only the quote behind it is missing.
                let word = self.rest.trim_end().len();
                let one =
                    self.rest.get(1..word).is_some_and(|rest| !rest.contains([' ', '\t', ';', '{', '}', '=', '\\']));
                if one && word > 1 { wrong.fix("Close the string", &span(word, 0), "\"") } else { wrong }
            }
            _ if string.is_some() => self.behind_string(source, string.unwrap_or_default()),
            "Expected quoted string" => {
                told("this string is not well formed", "Close it with `\"`; a backslash is written as `\\\\`.")
            }
            "Found invalid node name" | "Expected identifier string" => {
                told("this is neither a name nor a value", "Put text in quotes; a node begins with its name.")
            }
            "Found child block instead of node name" => {
                told("a block without a node", "Write the node's name before its `{`.")
            }
            _ => {
                let help = self.hint.clone().map_or_else(|| SEE.to_owned(), sentence);
                told(&lower_first(&self.said), &help)
            }
        }
    }

    /// Length of the whole string that stands here with something glued to it.
    fn string(&self) -> Option<usize> {
        let glued = self.hint.as_ref().is_some_and(|hint| hint.contains("partially parsed"));
        let quoted = self.rest.strip_prefix('"').filter(|_| glued && !self.rest.starts_with("\"\"\""))?;
        let mut escaped = false;
        for (at, char) in quoted.char_indices() {
            if char == '"' && !escaped {
                return Some(at + 2).filter(|length| *length < self.rest.trim_end().len());
            }
            escaped = char == '\\' && !escaped;
        }
        None
    }

    /// What stands behind a string without a blank.
    fn behind_string(&self, source: &Arc<Source>, length: usize) -> Diagnostic {
        let place = |length_of: usize| Span::new(source, self.start + length, self.start + length + length_of);
        let glued = self.rest.get(length..).unwrap_or_default();
        if super::recover::quotes(&format!("{}{}", self.before, self.rest)) % 2 == 1 {
            let span = Span::new(source, self.start, self.start + length);
            return Diagnostic::error(&codes::SYNTAX_ERROR, "a quote is missing in this line")
                .at(&span, "read as one string")
                .help("Close each string with its own `\"`.");
        }
        let wrong = |message: &str, help: &str| {
            let one = glued.chars().next().map_or(1, char::len_utf8);
            Diagnostic::error(&codes::SYNTAX_ERROR, message).at(&place(one), "behind a string").help(help)
        };
        if glued.starts_with(',') {
            let wrong = wrong("values are not separated by commas", "Remove the comma: a blank is enough.");
            return wrong.fix("Remove the comma", &place(1), "");
        }
        if glued.starts_with(|char: char| char.is_ascii_alphabetic()) {
            let wrong = wrong("a blank is missing behind this string", "Put a blank between two values.");
            return wrong.fix("Put a blank behind the string", &place(0), " ");
        }
        wrong("this cannot follow a string", "Put a blank behind the string, or remove what follows it.")
    }
}

/// Characters that KDL keeps out of its texts: those that are not to be seen.
fn forbidden(char: char) -> bool {
    let control = char.is_ascii_control() && !matches!(char, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}');
    control || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What is told of a comment that has no end.
pub(super) fn comment(span: &Span) -> Diagnostic {
    Diagnostic::error(&codes::SYNTAX_ERROR, "this comment is never closed")
        .at(span, "here")
        .help("Add the missing `*/`.")
}

/// What is told of a block that is open at the end of the text.
pub(super) fn never_closed(span: &Span) -> Diagnostic {
    Diagnostic::error(&codes::SYNTAX_ERROR, "this block is never closed").at(span, "here").help("Add the missing `}`.")
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(|| "not KDL".to_owned(), |first| first.to_lowercase().chain(chars).collect())
}

fn sentence(text: String) -> String {
    if text.ends_with(['.', '?', '!']) { text } else { format!("{text}.") }
}

/// A character that KDL has nowhere.
fn never_allowed(char: char, span: &Span) -> Diagnostic {
    let code = u32::from(char);
    Diagnostic::error(&codes::SYNTAX_ERROR, format!("the character U+{code:04X} cannot stand in KDL"))
        .at(span, "not to be seen, but here")
        .help(format!("Remove it; in a string it is written `\\u{{{code:x}}}`."))
}
