//! Workflow commands that GitHub shows as annotations beside the changed lines: one line a diagnostic.

use super::{Told, region};
use crate::diag::{Diagnostic, Level};

/// One command a diagnostic.
#[must_use]
pub fn github(told: &Told<'_>) -> String {
    told.diagnostics.iter().map(|diagnostic| command(told, diagnostic)).collect()
}

fn command(told: &Told<'_>, diagnostic: &Diagnostic) -> String {
    let name = match diagnostic.level {
        Level::Info => "notice",
        Level::Warn => "warning",
        Level::Error => "error",
    };
    let mut properties = Vec::new();
    if let Some(label) = told.place(diagnostic) {
        let region = region(&label.span);
        properties.push(("file", told.path(label.span.source().name())));
        properties.push(("line", region.line.to_string()));
        properties.push(("endLine", region.end_line.to_string()));
        // Columns are only read when they are in one line.
        if region.line == region.end_line {
            properties.push(("col", region.column.to_string()));
            properties.push(("endColumn", region.end_column.to_string()));
        }
    }
    properties.push(("title", diagnostic.code().to_owned()));
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    let others = diagnostic.labels.iter().skip(1).map(|label| format!("\n{}: {}", label.span.origin(), label.text));
    let mut message = diagnostic.message.clone();
    message.extend(others);
    message.extend(diagnostic.help.iter().map(|help| format!("\nhelp: {help}")));
    format!("::{name} {}::{}\n", properties.join(","), escaped(&message))
}

/// A message: it ends with the line.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: it ends with a comma or a colon, too.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
