//! Strategy text to the same text as everybody would write it. The layout alone changes: tokens and comments stay as they
//! were typed and in their order, so the formatted text decodes to the same document, and formatting it again changes
//! nothing.
//!
//! The rules: four spaces a level; one node a line, but a block that was written on one line stays so while it fits into
//! [`MOST_COLUMNS`]; at most one blank line, none at the edges of a block; comments at the ends of lines that follow each
//! other stand under each other; no `;` at the end of a line or a block; lines end with `\n`, without a byte order mark.

mod layout;
mod outline;

use crate::Text;
use crate::diag::Diagnostic;
use crate::source::Source;
use crate::syntax;
use std::sync::Arc;

/// Widest line that a block is kept on.
pub const MOST_COLUMNS: usize = 120;

/// Formats a text.
///
/// # Errors
/// What is wrong with a text that is not KDL: such a text has no layout that could be kept.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    named(&Text { name: "strategy.kdl".to_owned(), text: text.to_owned() })
}

/// Formats a text that has a name for its diagnostics.
///
/// # Errors
/// As [`format()`].
pub fn named(text: &Text) -> Result<String, Vec<Diagnostic>> {
    let mut sink = Vec::new();
    match syntax::parse(&Arc::new(Source::new(&text.name, &text.text)), &mut sink) {
        Some(_) => Ok(layout::print(&outline::read(&text.text))),
        None => Err(sink),
    }
}
