//! The one diagnostic of the compiler: a code, a level, a short message, labelled places, and a help line.
//!
//! A message is a lower-case fragment without a full stop, with names in backticks; a help is a sentence that says what
//! to type or do. A code is always an [`Explanation`], so none can be without one.

pub mod codes;
mod explanation;
mod once;
pub mod suggest;
mod trail;

pub use explanation::{Example, Explanation};
pub(crate) use once::once;
pub use schema::plan::Level;
pub(crate) use trail::label;

use crate::source::Source;
use crate::span::Span;
use miette::{LabeledSpan, Severity, SourceCode};
use std::fmt::Display;
use std::sync::Arc;

/// What a stage found, in the order of finding.
pub type Sink = Vec<Diagnostic>;

/// A place and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// A change of texts that mends what a diagnostic is about, safe to make by machine.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What it does, as a short sentence in the imperative.
    pub title: String,
    /// They do not overlap.
    pub edits: Vec<Edit>,
}

/// A stretch of a text and what is to stand there instead.
#[derive(Clone, Debug)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// One thing that is wrong, or worth knowing.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// What [`crate::explain`] knows about this kind.
    pub explanation: &'static Explanation,
    pub level: Level,
    pub message: String,
    /// The first is the place that the message is about; none for what no text has caused.
    pub labels: Vec<Label>,
    /// A sentence that says what to type or do.
    pub help: Option<String>,
    /// Only where the outcome is certain to be what was meant.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    #[must_use]
    pub fn new(explanation: &'static Explanation, level: Level, message: impl Into<String>) -> Self {
        Self { explanation, level, message: message.into(), labels: Vec::new(), help: None, fix: None }
    }

    #[must_use]
    pub fn error(explanation: &'static Explanation, message: impl Into<String>) -> Self {
        Self::new(explanation, Level::Error, message)
    }

    /// Adds a labelled place.
    #[must_use]
    pub fn at(mut self, span: &Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span: span.clone(), text: text.into() });
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a help when there is one.
    #[must_use]
    pub fn help_maybe(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Says how it can be mended by replacing one stretch of text.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: &Span, text: impl Into<String>) -> Self {
        let edits = vec![Edit { span: span.clone(), text: text.into() }];
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }

    /// Kebab-case name of the kind, stable.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.explanation.code
    }

    #[must_use]
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }

    /// The text that the first label is in.
    #[must_use]
    pub fn source(&self) -> Option<&Arc<Source>> {
        self.labels.first().map(|label| label.span.source())
    }

    fn elsewhere(&self) -> impl Iterator<Item = &Label> {
        let first = self.source();
        self.labels.iter().filter(move |label| first.is_some_and(|source| !Arc::ptr_eq(source, label.span.source())))
    }
}

impl Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        Some(Box::new(self.explanation.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.level {
            Level::Info => Severity::Advice,
            Level::Warn => Severity::Warning,
            Level::Error => Severity::Error,
        })
    }

    /// Labels in other texts cannot be drawn beside the first one's: they are told here.
    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        let mut lines: Vec<String> =
            self.elsewhere().map(|label| format!("{}: {}", label.span.origin(), label.text)).collect();
        lines.extend(self.help.clone());
        (!lines.is_empty()).then(|| Box::new(lines.join("\n")) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source().map(|source| source.as_ref() as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let first = self.source()?;
        let here = self.labels.iter().filter(move |label| Arc::ptr_eq(first, label.span.source()));
        Some(Box::new(here.enumerate().map(|(at, label)| {
            let range = label.span.start()..label.span.end();
            let text = Some(label.text.clone());
            if at == 0 {
                LabeledSpan::new_primary_with_span(text, range)
            } else {
                LabeledSpan::new_with_span(text, range)
            }
        })))
    }
}

/// A value, if nothing was wrong with it, and all that was found on the way.
#[derive(Clone, Debug)]
pub struct Compiled<T> {
    /// `None` exactly when a diagnostic is an error.
    pub value: Option<T>,
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Compiled<T> {
    /// Keeps the value only when nothing is an error. Every diagnostic leaves the compiler here, so here it is told how
    /// the texts that it points into came to be read.
    #[must_use]
    pub fn new(value: Option<T>, mut diagnostics: Vec<Diagnostic>) -> Self {
        trail::label(&mut diagnostics);
        let failed = diagnostics.iter().any(Diagnostic::is_error);
        Self { value: value.filter(|_| !failed), diagnostics }
    }
}
