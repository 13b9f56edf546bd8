//! Diagnostics for programs: one file a format, each with one function from all that was found to one text. Places are
//! lines and columns from 1; a column counts characters (Unicode code points), whatever their width or encoding.

mod github;
mod json;
mod junit;
mod sarif;

pub use github::github;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;

use crate::Text;
use crate::diag::{Diagnostic, Label};
use crate::span::Span;

/// What a check of texts found.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub texts: &'a [Text],
    pub diagnostics: &'a [Diagnostic],
    /// Folder that the names of texts begin in, as readers of the output see it; empty is their own.
    pub folder: &'a str,
}

impl Told<'_> {
    /// Whether a place is in one of the texts, and not for example in a plugin's manifest.
    fn holds(&self, span: &Span) -> bool {
        self.texts.iter().any(|text| text.name == span.source().name())
    }

    /// The path of a text.
    fn path(&self, name: &str) -> String {
        match self.folder {
            "" | "." => name.to_owned(),
            _ if name.starts_with('/') => name.to_owned(),
            folder => format!("{}/{name}", folder.trim_end_matches('/')),
        }
    }

    /// The place that a diagnostic is about, when it is in one of the texts.
    fn place<'d>(&self, diagnostic: &'d Diagnostic) -> Option<&'d Label> {
        diagnostic.labels.first().filter(|label| self.holds(&label.span))
    }
}

/// Where a span begins and where it ends, which is the place behind its last character.
struct Region {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

fn region(span: &Span) -> Region {
    let (line, column) = span.source().position(span.start());
    let (end_line, end_column) = span.source().position(span.end());
    Region { line, column, end_line, end_column }
}

/// Where in the documentation a code is described, from the top of the repository.
fn page(code: &str) -> String {
    format!("docs/diagnostics.md#{code}")
}

/// The message with all that a format without places of its own would lose.
fn whole(diagnostic: &Diagnostic) -> String {
    let mut out = diagnostic.message.clone();
    for label in &diagnostic.labels {
        out.push_str(&format!("\n{}: {}", label.span.origin(), label.text));
    }
    if let Some(help) = &diagnostic.help {
        out.push_str(&format!("\nhelp: {help}"));
    }
    out
}
