//! JSON in a shape of our own, described in `docs/formats.md`: fields are only added to it.

use super::{Told, page, region};
use crate::diag::{Diagnostic, Edit, Label, Level};
use crate::span::Span;
use serde::Serialize;

/// Number of the shape.
const FORMAT: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    format: u32,
    valid: bool,
    diagnostics: Vec<Row<'a>>,
    /// The strategy as it was understood; null when it is not valid.
    strategy: Option<&'a serde_json::Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row<'a> {
    code: &'a str,
    level: Level,
    message: &'a str,
    help: Option<&'a str>,
    docs: String,
    labels: Vec<Place<'a>>,
    fix: Option<Change<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Place<'a> {
    input: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    /// Bytes from the beginning of the file.
    start: usize,
    end: usize,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Change<'a> {
    title: &'a str,
    edits: Vec<Place<'a>>,
}

/// All diagnostics, and the decoded strategy when the caller has one.
#[must_use]
pub fn json(told: &Told<'_>, strategy: Option<&serde_json::Value>) -> String {
    let valid = !told.diagnostics.iter().any(Diagnostic::is_error);
    let diagnostics = told.diagnostics.iter().map(row).collect();
    let document = Document { format: FORMAT, valid, diagnostics, strategy };
    // Strings, numbers and a value that is JSON already cannot fail to be written.
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn row(diagnostic: &Diagnostic) -> Row<'_> {
    Row {
        code: diagnostic.code(),
        level: diagnostic.level,
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        docs: page(diagnostic.code()),
        labels: diagnostic.labels.iter().map(|Label { span, text }| place(span, text)).collect(),
        fix: diagnostic.fix.as_ref().map(|fix| Change {
            title: &fix.title,
            edits: fix.edits.iter().map(|Edit { span, text }| place(span, text)).collect(),
        }),
    }
}

fn place<'a>(span: &'a Span, text: &'a str) -> Place<'a> {
    let region = region(span);
    Place {
        input: span.source().name(),
        line: region.line,
        column: region.column,
        end_line: region.end_line,
        end_column: region.end_column,
        start: span.start(),
        end: span.end(),
        text,
    }
}
