//! A text with a name, and where its lines begin. It was read by the caller; nothing here opens a file.

use crate::span::Span;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::sync::OnceLock;

/// One named text.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Byte offset of the first character of each line.
    lines: Vec<usize>,
    /// The first import of it; none for the text that a strategy begins with.
    imported: OnceLock<Span>,
}

impl Source {
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { name: name.to_owned(), text: text.to_owned(), lines, imported: OnceLock::new() }
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
        let rest = self.text.get(start..).unwrap_or_default();
        rest.split('\n').next().unwrap_or_default().trim_end_matches('\r')
    }
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}
