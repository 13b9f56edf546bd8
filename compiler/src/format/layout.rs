//! Blocks of items to text: indentation, line breaks, spaces, and comments under each other.

use super::MOST_COLUMNS;
use super::outline::{Block, Item, Piece};
use crate::syntax::TokenKind;
use unicode_width::UnicodeWidthStr;

const INDENT: &str = "    ";

/// Prints a whole text.
pub(super) fn print(whole: &Block<'_>) -> String {
    let mut printer = Printer::default();
    printer.items(&whole.items, 0);
    printer.aligned()
}

#[derive(Default)]
struct Printer {
    out: String,
    /// Where the present line begins.
    line: usize,
    /// Number of the present line.
    number: usize,
    ends: Vec<End>,
}

/// A comment at the end of a line.
struct End {
    /// Where the code before it ends.
    at: usize,
    /// Columns before and behind that.
    columns: usize,
    comment: usize,
    number: usize,
    depth: usize,
}

impl Printer {
    fn items(&mut self, items: &[Item<'_>], depth: usize) {
        for (at, item) in items.iter().enumerate() {
            if item.spaced && at > 0 {
                self.newline(0);
            }
            self.indent(depth);
            self.item(item, depth);
            self.newline(0);
        }
    }

    fn item(&mut self, item: &Item<'_>, depth: usize) {
        self.pieces(&item.pieces, depth);
        match item.comment {
            Some(comment) if item.pieces.is_empty() => self.text(comment),
            Some(comment) => self.end_comment(comment, depth),
            None => {}
        }
    }

    fn pieces(&mut self, pieces: &[Piece<'_>], depth: usize) {
        let mut before: Option<&Piece<'_>> = None;
        for piece in pieces {
            if before.is_some_and(|before| parted(before, piece)) {
                self.out.push(' ');
            }
            match piece {
                Piece::Token { kind: TokenKind::Quoted | TokenKind::BlockComment, text, .. } => self.lines(text),
                Piece::Token { text, .. } => self.text(text),
                Piece::Block(block) => self.block(block, depth),
                Piece::Break { comment, continued } => {
                    if *continued {
                        self.text(if self.out.ends_with(' ') { "\\" } else { " \\" });
                    }
                    if let Some(comment) = comment {
                        self.end_comment(comment, depth);
                    }
                    self.newline(depth + 1);
                }
            }
            before = Some(piece);
        }
    }

    fn block(&mut self, block: &Block<'_>, depth: usize) {
        if block.items.is_empty() && block.comment.is_none() {
            self.text("{}");
            return;
        }
        let start = self.out.len();
        if !block.broken && self.flat(block) {
            return;
        }
        self.out.truncate(start);
        self.out.push('{');
        if let Some(comment) = block.comment {
            self.end_comment(comment, depth);
        }
        self.newline(0);
        self.items(&block.items, depth + 1);
        self.indent(depth);
        self.out.push('}');
    }

    /// Prints a block on the present line; gives up when it does not fit.
    fn flat(&mut self, block: &Block<'_>) -> bool {
        self.out.push('{');
        for (at, item) in block.items.iter().enumerate() {
            self.text(if at == 0 { " " } else { "; " });
            let mut before: Option<&Piece<'_>> = None;
            for piece in &item.pieces {
                if before.is_some_and(|before| parted(before, piece)) {
                    self.out.push(' ');
                }
                match piece {
                    Piece::Token { text, .. } => self.text(text),
                    Piece::Block(inner) if inner.items.is_empty() => self.text("{}"),
                    Piece::Block(inner) if self.flat(inner) => {}
                    Piece::Block(_) | Piece::Break { .. } => return false,
                }
                if self.columns() > MOST_COLUMNS {
                    return false;
                }
                before = Some(piece);
            }
        }
        self.text(" }");
        self.columns() <= MOST_COLUMNS
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A text that may have line breaks of its own, which stay where they are.
    fn lines(&mut self, text: &str) {
        let mut first = true;
        for line in text.split('\n') {
            if !first {
                self.newline(0);
            }
            self.text(line.strip_suffix('\r').unwrap_or(line));
            first = false;
        }
    }

    fn newline(&mut self, depth: usize) {
        self.out.push('\n');
        self.line = self.out.len();
        self.number += 1;
        self.indent(depth);
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.out.push_str(INDENT);
        }
    }

    fn columns(&self) -> usize {
        self.out.get(self.line..).unwrap_or_default().width()
    }

    fn end_comment(&mut self, text: &str, depth: usize) {
        if self.out.ends_with([' ', '\n']) {
            // Nothing stands before it: a node goes on with comments alone.
            return self.text(text);
        }
        let (at, columns, comment) = (self.out.len(), self.columns(), text.width());
        self.ends.push(End { at, columns, comment, number: self.number, depth });
        self.out.push(' ');
        self.out.push_str(text);
    }

    /// The text with its comments at the ends of lines under each other, where that does not make a line too long.
    fn aligned(self) -> String {
        let mut out = String::with_capacity(self.out.len() + self.ends.len() * 8);
        let mut done = 0;
        for run in self.ends.chunk_by(|one, next| one.number + 1 == next.number && one.depth == next.depth) {
            let columns = run.iter().map(|end| end.columns).max().unwrap_or_default();
            let fits = run.iter().all(|end| columns + 1 + end.comment <= MOST_COLUMNS);
            for end in run.iter().filter(|_| fits) {
                out.push_str(self.out.get(done..end.at).unwrap_or_default());
                out.extend(std::iter::repeat_n(' ', columns - end.columns));
                done = end.at;
            }
        }
        out.push_str(self.out.get(done..).unwrap_or_default());
        out
    }
}

/// Whether a space stands between two pieces.
fn parted(before: &Piece<'_>, piece: &Piece<'_>) -> bool {
    use TokenKind::{Equals, ParenClose, ParenOpen, Slashdash};
    match (before, piece) {
        (Piece::Break { .. }, _) | (_, Piece::Break { .. }) => false,
        // As it was typed: `/- kdl-version 2` is known by its space.
        (Piece::Token { kind: Slashdash, .. }, Piece::Token { spaced, .. }) => *spaced,
        (Piece::Token { kind: Slashdash | ParenOpen | ParenClose | Equals, .. }, _) => false,
        (_, Piece::Token { kind: ParenClose | Equals, .. }) => false,
        _ => true,
    }
}
