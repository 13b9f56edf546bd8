//! The tokens of a text that is KDL, as blocks of items. It keeps what a layout must keep and forgets what it decides.

use crate::syntax::{Token, TokenKind, is_newline, tokens};
use std::iter::Peekable;

/// What stands between two braces, or in the whole text.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    /// The comment behind the opening brace, on its line.
    pub(super) comment: Option<&'a str>,
    pub(super) items: Vec<Item<'a>>,
    /// Whether it was written over several lines.
    pub(super) broken: bool,
}

/// A node with the comments around it, or comments alone.
#[derive(Debug, Default)]
pub(super) struct Item<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    /// The `//` comment at its end.
    pub(super) comment: Option<&'a str>,
    /// Whether a blank line stood before it.
    pub(super) spaced: bool,
}

#[derive(Debug)]
pub(super) enum Piece<'a> {
    Token {
        kind: TokenKind,
        text: &'a str,
        /// Whether white space stood before it.
        spaced: bool,
    },
    Block(Block<'a>),
    /// A line break that the node goes on behind; with the `//` comment before it.
    Break {
        comment: Option<&'a str>,
        /// Whether it takes a `\`: what a slashdash takes away may begin on the next line without one.
        continued: bool,
    },
}

impl Piece<'_> {
    fn is_comment(&self) -> bool {
        matches!(self, Self::Token { kind: TokenKind::BlockComment, .. })
    }

    fn is_slashdash(&self) -> bool {
        matches!(self, Self::Token { kind: TokenKind::Slashdash, .. })
    }
}

/// Reads a whole text, which must be KDL.
pub(super) fn read(text: &str) -> Block<'_> {
    let mut reader = Reader { tokens: tokens(text).peekable() };
    let mut whole = Block::default();
    // A stray `}` ends a block that nobody opened; there is none in a text that is KDL.
    while reader.tokens.peek().is_some() {
        let block = reader.block();
        // There is no brace here that the first comment could belong to.
        whole.items.extend(block.comment.map(|comment| Item { comment: Some(comment), ..Item::default() }));
        whole.items.extend(block.items);
    }
    whole
}

struct Reader<'a, I: Iterator<Item = Token<'a>>> {
    tokens: Peekable<I>,
}

/// A block while it is read.
#[derive(Default)]
struct Open<'a> {
    block: Block<'a>,
    item: Item<'a>,
    /// Whether white space stood before the next token.
    spaced: bool,
    /// Line breaks since the last item.
    newlines: usize,
}

impl<'a, I: Iterator<Item = Token<'a>>> Reader<'a, I> {
    /// Reads to the end of a block, whose `{` has been read.
    fn block(&mut self) -> Block<'a> {
        let mut open = Open::default();
        while let Some(token) = self.tokens.next() {
            match token.kind {
                TokenKind::Close => break,
                TokenKind::Space => open.spaced = true,
                TokenKind::Newline => open.newline(),
                TokenKind::Semicolon => open.finish(),
                TokenKind::LineComment => open.line_comment(token.text.trim_end()),
                TokenKind::Continuation => self.continuation(&mut open),
                TokenKind::Open => {
                    let inner = self.block();
                    open.block.broken |= inner.broken;
                    open.item.pieces.push(Piece::Block(inner));
                }
                _ => open.push(token),
            }
        }
        open.finish();
        open.block
    }

    /// A `\` and the rest of its line.
    fn continuation(&mut self, open: &mut Open<'a>) {
        let mut comment = None;
        while let Some(token) = self.tokens.next_if(|token| !matches!(token.kind, TokenKind::Newline)) {
            match token.kind {
                TokenKind::BlockComment => open.push(token),
                TokenKind::LineComment => comment = Some(token.text.trim_end()),
                _ => {}
            }
        }
        self.tokens.next();
        open.block.broken = true;
        if open.item.pieces.is_empty() {
            // It continues nothing: only its comment counts.
            if let Some(comment) = comment {
                open.line_comment(comment);
                open.newline();
            }
        } else {
            open.item.pieces.push(Piece::Break { comment, continued: true });
        }
    }
}

impl<'a> Open<'a> {
    fn push(&mut self, token: Token<'a>) {
        self.block.broken |= token.text.contains(is_newline);
        self.item.pieces.push(Piece::Token { kind: token.kind, text: token.text, spaced: self.spaced });
        self.spaced = false;
    }

    /// Whether the last thing is a slashdash, with or without comments behind it: the node goes on after a line break.
    fn dashed(&self) -> bool {
        let after = |piece: &&Piece<'_>| !piece.is_comment() && !matches!(piece, Piece::Break { .. });
        self.item.pieces.iter().rev().find(after).is_some_and(Piece::is_slashdash)
    }

    fn newline(&mut self) {
        self.block.broken = true;
        if self.dashed() {
            self.spaced = true;
            return;
        }
        self.finish();
        self.newlines += 1;
    }

    fn line_comment(&mut self, comment: &'a str) {
        self.block.broken = true;
        if self.dashed() {
            self.item.pieces.push(Piece::Break { comment: Some(comment), continued: false });
        } else if !self.item.pieces.is_empty() {
            self.item.comment = Some(comment);
        } else if let (0, Some(last)) = (self.newlines, self.block.items.last_mut()) {
            last.comment = Some(comment);
        } else if self.newlines == 0 && self.block.comment.is_none() {
            self.block.comment = Some(comment);
        } else {
            self.item.comment = Some(comment);
            self.finish();
        }
    }

    /// Ends the item, if there is one.
    fn finish(&mut self) {
        self.spaced = false;
        let mut item = std::mem::take(&mut self.item);
        // What continues nothing is no break: its comment ends the line, and those of further lines stand alone.
        let mut comments: Vec<&'a str> = item.comment.take().into_iter().collect();
        while let Some(Piece::Break { comment, .. }) = item.pieces.pop_if(|piece| matches!(piece, Piece::Break { .. }))
        {
            comments.extend(comment);
        }
        item.comment = comments.pop();
        if item.pieces.is_empty() && item.comment.is_none() {
            return;
        }
        let alone = !item.pieces.is_empty() && item.pieces.iter().all(Piece::is_comment);
        if let (true, 0, Some(last)) = (alone, self.newlines, self.block.items.last_mut()) {
            last.pieces.append(&mut item.pieces);
            last.comment = item.comment;
        } else {
            item.spaced = self.newlines > 1;
            self.block.items.push(item);
        }
        let alone = |comment| Item { comment: Some(comment), ..Item::default() };
        self.block.items.extend(comments.into_iter().rev().map(alone));
        self.newlines = 0;
    }
}
