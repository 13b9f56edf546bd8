//! A text with a name, and where its lines begin. It was read by the caller; nothing here opens a file.

use crate::span::Span;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::sync::OnceLock;

/// What some editors put before the first line.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// One named text. Its lines end with LF, CR LF or CR, as editors and miette have it.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Byte offset of the first character of each line.
    lines: Vec<usize>,
    /// The text as a terminal may have it, where that is another one.
    tamed: OnceLock<Option<String>>,
    /// The first import of it; none for the text that a strategy begins with.
    imported: OnceLock<Span>,
}

impl Source {
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = |at: usize, byte: u8| byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        let breaks = text.bytes().enumerate().filter(|(at, byte)| ends(*at, *byte)).map(|(at, _)| at + 1);
        // A byte order mark is no character of the first line: editors do not show it.
        let first = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let lines = std::iter::once(first).chain(breaks).collect();
        let (name, text) = (name.to_owned(), text.to_owned());
        Self { name, text, lines, tamed: OnceLock::new(), imported: OnceLock::new() }
    }

    /// The place that imports it.
    #[must_use]
    pub fn imported(&self) -> Option<&Span> {
        self.imported.get()
    }

    /// Remembers the place that imports it: the first one counts, so that the places of texts make a tree.
    pub(crate) fn import_at(&self, span: &Span) {
        let _ = self.imported.set(span.clone());
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A line as a terminal may have it: each character where it was, and none that moves the cursor.
    #[must_use]
    pub fn shown_line(&self, number: usize) -> &str {
        let start = number.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or(self.text.len());
        let end = self.lines.get(number).copied().unwrap_or(self.text.len());
        self.shown().get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }

    fn shown(&self) -> &str {
        self.tamed.get_or_init(|| tamed(&self.text)).as_deref().unwrap_or(&self.text)
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// The text of a line, without its line break. Lines count from 1.
    #[must_use]
    pub fn line(&self, number: usize) -> &str {
        let start = number.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or(self.text.len());
        let end = self.lines.get(number).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // miette's own reading begins at the first byte of the text each time; a text may have many diagnostics.
        let end = span.offset().saturating_add(span.len());
        let (line, column) = self.position(span.offset());
        let begins = |number: usize| self.lines.get(number).copied().unwrap_or(self.text.len());
        let first = line.saturating_sub(1 + before);
        // Without lines before it, what is asked for begins at the span itself.
        let (start, column) = match (before, first) {
            (0, _) => (span.offset(), column - 1),
            (_, 0) => (0, 0),
            (_, first) => (begins(first), 0),
        };
        let shown = self.shown().get(start..begins(self.position(end).0 + after).max(end));
        let shown = shown.ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            shown.as_bytes(),
            SourceSpan::from(start..start + shown.len()),
            first,
            column,
            shown.lines().count(),
        )))
    }
}

/// A text in which nothing moves the cursor, with every character where it was; `None` when it is so already.
fn tamed(text: &str) -> Option<String> {
    let mut out: Option<String> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        let next = chars.peek().map(|(_, char)| *char);
        let tame = match (char, char.len_utf8()) {
            ('\r', _) if next == Some('\n') => char,
            ('\r', _) => '\n',
            ('\t' | '\n', _) => char,
            (_, 1) if char.is_control() => ' ',
            (_, 2) if char.is_control() => '\u{a0}',
            // Directions of writing: they would show the text in another order than it is read in.
            ('\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}', _) => {
                char::REPLACEMENT_CHARACTER
            }
            _ => char,
        };
        if tame != char && out.is_none() {
            out = text.get(..at).map(str::to_owned);
        }
        if let Some(out) = &mut out {
            out.push(tame);
        }
    }
    out
}
