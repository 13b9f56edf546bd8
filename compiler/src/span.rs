//! A stretch of a source text. Every part of the model keeps one, so that a failure at run time can point at its line.

use crate::source::Source;
use schema::step::Origin;
use std::sync::Arc;

/// Most hops that a [`Span::trail`] tells: nobody follows more.
const MOST_HOPS: usize = 8;

/// A stretch of one text, in bytes. Cheap to clone.
#[derive(Clone)]
pub struct Span {
    source: Arc<Source>,
    // No text that is read is longer than 8 MiB, and there are many spans.
    start: u32,
    end: u32,
    /// How it came to stand elsewhere than where it was written.
    via: Option<Arc<Via>>,
}

/// One hop between where a text was written and where it holds.
#[derive(Debug)]
struct Via {
    how: How,
    span: Span,
    /// The hop before this one, nearer to where the strategy begins.
    before: Option<Arc<Via>>,
}

/// Something that brings texts elsewhere, to be shared by all the spans that it brings.
#[derive(Clone, Debug)]
pub struct Hop(Arc<Via>);

impl Hop {
    /// What stands at `span` brings them.
    #[must_use]
    pub fn new(how: How, span: &Span) -> Self {
        Self(Arc::new(Via { how, span: span.clone(), before: None }))
    }
}

/// What brings a text to another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Import,
    Use,
    /// A value that a variable stands for.
    Variable,
}

impl Span {
    #[must_use]
    pub fn new(source: &Arc<Source>, start: usize, end: usize) -> Self {
        let short = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { source: Arc::clone(source), start: short(start), end: short(end.max(start)), via: None }
    }

    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Byte offset of the first character.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// Byte offset behind the last character.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// The same stretch, brought here by a hop.
    #[must_use]
    pub fn through(&self, hop: &Hop) -> Self {
        let via = match &self.via {
            None => Arc::clone(&hop.0),
            before => Arc::new(Via { how: hop.0.how, span: hop.0.span.clone(), before: before.clone() }),
        };
        Self { via: Some(via), ..self.clone() }
    }

    /// A part of it, by offsets from its start.
    #[must_use]
    pub fn part(&self, range: std::ops::Range<usize>) -> Self {
        let part = Self::new(&self.source, self.start() + range.start, self.start() + range.end);
        Self { start: part.start.min(self.end), end: part.end.min(self.end), ..self.clone() }
    }

    /// The empty stretch before the first character.
    #[must_use]
    pub fn start_of(&self) -> Self {
        Self { end: self.start, ..self.clone() }
    }

    /// The value's own place, when this stands for a variable.
    #[must_use]
    pub fn variable(&self) -> Option<&Self> {
        self.via.as_ref().filter(|via| via.how == How::Variable).map(|via| &via.span)
    }

    /// What brought this here, nearest first; empty when it was written where it holds.
    #[must_use]
    pub fn trail(&self) -> Vec<(How, Self)> {
        let mut out = Vec::new();
        self.follow(&mut out);
        out
    }

    fn follow(&self, out: &mut Vec<(How, Self)>) {
        let mut hop = self.via.as_ref();
        while let Some(via) = hop {
            add(via.how, &via.span, out);
            hop = via.before.as_ref();
        }
        if let Some(import) = self.source.imported() {
            add(How::Import, import, out);
        }
    }

    fn covers(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.start <= other.start && other.end <= self.end
    }

    /// The text that it covers.
    #[must_use]
    pub fn text(&self) -> &str {
        self.source.text().get(self.start()..self.end()).unwrap_or_default()
    }

    /// Line number, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.source.position(self.start()).0
    }

    /// From the start of this span to the end of `other`, when both are in one text.
    #[must_use]
    pub fn to(&self, other: &Self) -> Self {
        let same = Arc::ptr_eq(&self.source, &other.source);
        Self { end: if same { other.end } else { self.end }, ..self.clone() }
    }

    /// Whether a character is in both, or an empty one lies in the other.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let (one, two) = (self.end.max(self.start + 1), other.end.max(other.start + 1));
        Arc::ptr_eq(&self.source, &other.source) && self.start < two && other.start < one
    }

    /// The span with the blanks before it.
    #[must_use]
    pub fn with_space_before(&self) -> Self {
        let before = self.source.text().get(..self.start()).unwrap_or_default();
        Self::new(&self.source, before.trim_end_matches([' ', '\t']).len(), self.end())
    }

    /// The place as plans and problems cite it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        let (line, column) = self.source.position(self.start());
        Origin {
            input: self.source.name().to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            text: self.source.line(line).trim().to_owned(),
        }
    }
}

/// A hop around one that is told already, such as the `use` around the value of its parameter, says nothing new.
fn add(how: How, span: &Span, out: &mut Vec<(How, Span)>) {
    if out.len() < MOST_HOPS && !out.iter().any(|(_, known)| span.covers(known)) {
        out.push((how, span.clone()));
        span.follow(out);
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (line, column) = self.source.position(self.start());
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
