//! A diagnostic as plain lines with its source: stable, narrow, without colour. The command line draws its own.

use crate::diag::{Diagnostic, Level};
use std::fmt::Write;

/// Level, code and message; each labelled line; the help.
#[must_use]
pub fn diagnostic(diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.level {
        Level::Info => "info",
        Level::Warn => "warning",
        Level::Error => "error",
    };
    let mut out = format!("{level}[{}]: {}\n", diagnostic.code(), diagnostic.message);
    for label in &diagnostic.labels {
        let source = label.span.source();
        let (line, column) = source.position(label.span.start());
        let text: String = source.shown_line(line).chars().map(visible).collect();
        let shown: String = text.chars().take(120).collect();
        let covered = label.span.text().lines().next().unwrap_or_default().chars().count();
        let room = shown.chars().count().saturating_sub(column - 1);
        let _ = writeln!(out, " --> {}:{line}:{column}", source.name());
        let _ = writeln!(out, "  | {shown}");
        let _ = writeln!(out, "  | {}{} {}", " ".repeat(column - 1), "^".repeat(covered.min(room).max(1)), label.text);
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(out, "  = help: {help}");
    }
    out
}

/// A tab is one column wide here, and nothing moves the cursor.
fn visible(char: char) -> char {
    if char.is_control() { ' ' } else { char }
}
