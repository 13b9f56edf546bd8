//! A stretch of a source text. Every part of the model keeps one, so that a failure at run time can point at its line.

use crate::source::Source;
use schema::step::Origin;
use std::sync::Arc;

/// A stretch of one text, in bytes. Cheap to clone.
#[derive(Clone)]
pub struct Span {
    source: Arc<Source>,
    start: usize,
    end: usize,
}

impl Span {
    #[must_use]
    pub fn new(source: &Arc<Source>, start: usize, end: usize) -> Self {
        Self { source: Arc::clone(source), start, end: end.max(start) }
    }

    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Byte offset of the first character.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Byte offset behind the last character.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
    }

    /// The text that it covers.
    #[must_use]
    pub fn text(&self) -> &str {
        self.source.text().get(self.start..self.end).unwrap_or_default()
    }

    /// Line number, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.source.position(self.start).0
    }

    /// From the start of this span to the end of `other`, when both are in one text.
    #[must_use]
    pub fn to(&self, other: &Self) -> Self {
        let same = Arc::ptr_eq(&self.source, &other.source);
        Self { source: Arc::clone(&self.source), start: self.start, end: if same { other.end } else { self.end } }
    }

    /// The place as plans and problems cite it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        let (line, column) = self.source.position(self.start);
        Origin {
            input: self.source.name().to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            text: self.source.line(line).trim().to_owned(),
        }
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (line, column) = self.source.position(self.start);
        write!(f, "{}:{line}:{column}", self.source.name())
    }
}

/// A value and the place that said it.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    #[must_use]
    pub fn new(value: T, span: &Span) -> Self {
        Self { value, span: span.clone() }
    }
}
