//! Text of a strategy as it grows: lines at a depth, comments that are wrapped, blocks with one blank line between.

use std::fmt::Write as _;

/// Columns that a comment fills at most.
const WIDTH: usize = 100;

/// What was written so far.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    depth: usize,
    /// Whether something stands in the current block already.
    begun: bool,
}

impl Page {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A blank line, unless a block has just begun.
    pub(super) fn gap(&mut self) {
        if self.begun {
            self.text.push('\n');
            self.begun = false;
        }
    }

    /// One line.
    pub(super) fn line(&mut self, text: &str) {
        let indent = "    ".repeat(self.depth);
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{indent}{text}");
        self.begun = true;
    }

    /// A comment of as many lines as it needs.
    pub(super) fn note(&mut self, text: &str) {
        let room = WIDTH - 4 * self.depth - 3;
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                self.line(&format!("// {line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&format!("// {line}"));
    }

    /// A node with children.
    pub(super) fn block(&mut self, head: &str, inside: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        self.begun = false;
        inside(self);
        self.depth -= 1;
        self.line("}");
    }
}

/// A text as a KDL string.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Words as KDL strings.
pub(super) fn all_quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}
