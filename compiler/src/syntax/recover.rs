//! The rest of a text that has a mistake in it: the statement with the mistake is blanked out, byte for byte, until what
//! is left parses. So each mistake is told once, and what stands around it is still checked.

use crate::source::Source;
use crate::span::Span;
use std::ops::Range;
use std::sync::Arc;

/// A text of which parts are blanked out; all others stay where they were.
pub(super) struct Calm {
    pub(super) text: String,
    pub(super) broken: Vec<Range<usize>>,
}

impl Calm {
    pub(super) fn spans(&self, source: &Arc<Source>) -> Vec<Span> {
        self.broken.iter().map(|range| Span::new(source, range.start, range.end)).collect()
    }

    /// Blanks out all from a place to the end. False when that is nothing.
    pub(super) fn cut(&mut self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        let range = at..self.text.len();
        let gained = !rest.trim().is_empty();
        let blank = " ".repeat(rest.len());
        self.text.replace_range(range.clone(), &blank);
        self.broken.push(range);
        gained
    }

    /// Whether the end of the text is blanked out, and with it perhaps the ends of blocks.
    pub(super) fn is_cut(&self) -> bool {
        self.broken.iter().any(|part| self.text.get(part.end..).is_none_or(|rest| rest.trim().is_empty()))
    }

    /// Blanks out the statement around a mistake. False when that was done already, so that nothing is gained.
    pub(super) fn blank(&mut self, at: usize) -> bool {
        let range = statement(&self.text, at.min(self.text.len()));
        if range.is_empty() || self.broken.iter().any(|done| done.start <= range.start && range.end <= done.end) {
            return false;
        }
        let quiet = quiet(self.text.get(range.clone()).unwrap_or_default());
        self.text.replace_range(range.clone(), &quiet);
        self.broken.push(range);
        true
    }

    /// Takes away a brace that nothing belongs to.
    pub(super) fn drop_brace(&mut self, at: usize) -> bool {
        let is = self.text.get(at..=at) == Some("}");
        if is {
            self.text.replace_range(at..=at, " ");
        }
        is
    }

    /// Closes what is open at the end. False when nothing is.
    pub(super) fn close(&mut self) -> bool {
        let open = unclosed(&self.text).len();
        self.text.push('\n');
        self.text.push_str(&"}".repeat(open));
        open > 0
    }
}

/// Where each block begins that is never closed.
pub(super) fn unclosed(text: &str) -> Vec<usize> {
    let mut open = Vec::new();
    super::scan::braces(text, &mut |at, opens| {
        if opens {
            open.push(at);
        } else {
            open.pop();
        }
    });
    open
}

/// The lines of the statement at `at`: its own, and those that a string in it goes on to.
fn statement(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |found| found + 1);
    let line_end = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.find(['\n', '\r']).unwrap_or(rest.len())
    };
    let mut end = line_end(at);
    let line = text.get(start..end).unwrap_or_default();
    if line.matches("\"\"\"").count() % 2 == 1 {
        let close = text.get(end..).and_then(|rest| rest.find("\"\"\""));
        end = close.map_or(text.len(), |close| line_end(end + close));
    } else if quotes(line) % 2 == 1 {
        // A string of KDL 1 may go on in the next lines: the line that ends it has a quote behind a letter.
        let mut next = end;
        for _ in 0..20 {
            let from = text.get(next..).and_then(|rest| rest.find(|char| char != '\n' && char != '\r'));
            let Some(from) = from.map(|skipped| next + skipped) else { break };
            next = line_end(from);
            let line = text.get(from..next).unwrap_or_default();
            if quotes(line) % 2 == 1 {
                let quote = line.find('"').unwrap_or_default();
                let closes = line.get(..quote).is_some_and(|before| !before.ends_with([' ', '\t', '=', ')']));
                end = if closes { next } else { end };
                break;
            }
        }
    }
    start..end
}

/// Quotes that no backslash stands before.
pub(super) fn quotes(line: &str) -> usize {
    let mut escaped = false;
    let quote = |char: char| {
        let counts = char == '"' && !escaped;
        escaped = char == '\\' && !escaped;
        counts
    };
    line.chars().map(quote).filter(|counts| *counts).count()
}

/// As many bytes in which only the name of the node is left, and the braces that others belong to.
fn quiet(statement: &str) -> String {
    let (closes, opens) = braces(statement);
    let start = statement.len() - statement.trim_start().len();
    let name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    let rest = statement.get(start..).unwrap_or_default();
    let word = rest.get(..rest.find(|char| !name(char)).unwrap_or(rest.len())).unwrap_or_default();
    let named = word.starts_with(|char: char| char.is_ascii_alphabetic()) && !["true", "false", "null"].contains(&word);
    let name = if named { start..start + word.len() } else { 0..0 };
    let mut out = String::with_capacity(statement.len());
    let mut node = false;
    for (at, byte) in statement.bytes().enumerate() {
        // A block needs a node before it.
        let lacks = !node && !name.contains(&(at + 1)) && opens.contains(&(at + 1));
        let kept = match byte {
            _ if name.contains(&at) || opens.contains(&at) || closes.contains(&at) => char::from(byte),
            b'\n' | b'\r' => char::from(byte),
            _ if lacks => '_',
            _ => ' ',
        };
        node = (node || kept == '_' || name.contains(&at)) && !matches!(kept, '{' | '}');
        out.push(kept);
    }
    out
}

/// Where a statement closes blocks of others, and where it opens some and leaves them open. Where its quotes are out of
/// step, every brace counts: which of them are in strings is not known.
fn braces(statement: &str) -> (Vec<usize>, Vec<usize>) {
    let (mut closes, mut opens) = (Vec::new(), Vec::new());
    let mut count = |at: usize, opening: bool| {
        if opening {
            opens.push(at);
        } else if opens.pop().is_none() {
            closes.push(at);
        }
    };
    if quotes(statement).is_multiple_of(2) {
        super::scan::braces(statement, &mut count);
    } else {
        for (at, char) in statement.char_indices().filter(|(_, char)| matches!(char, '{' | '}')) {
            count(at, char == '{');
        }
    }
    (closes, opens)
}
