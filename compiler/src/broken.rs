//! What can be believed of a check when parts of its texts could not be read: nothing about those parts, and nothing that
//! may be for want of them.

use crate::diag::{Diagnostic, Sink, codes};
use crate::source::Source;
use crate::span::Span;
use std::sync::Arc;

/// The diagnostics that hold whatever the broken parts were to say.
pub(crate) fn believable(found: Sink, broken: &[Span], odd: &[Span]) -> Sink {
    if broken.is_empty() && odd.is_empty() {
        return found;
    }
    let of_nothing_broken = |diagnostic: &Diagnostic| {
        let Some(label) = diagnostic.labels.first().filter(|_| !codes::OF_SYNTAX.contains(&diagnostic.code())) else {
            return true;
        };
        let inside = broken.iter().chain(odd).any(|part| part.meets(&label.span));
        let code = diagnostic.code();
        let missing = code == codes::MISSING_NODE.code && !broken.is_empty();
        let name = label.span.text().trim_matches(['"', '#']);
        let named = code == codes::UNKNOWN_NAME.code && broken.iter().any(|part| part.text().contains(name));
        !(inside || missing || named)
    };
    found.into_iter().filter(of_nothing_broken).collect()
}

/// The texts that diagnostics cite, each once.
pub(crate) fn cited(found: &[Diagnostic]) -> Vec<&Arc<Source>> {
    let mut out: Vec<&Arc<Source>> = Vec::new();
    for label in found.iter().flat_map(|diagnostic| &diagnostic.labels) {
        if !out.iter().any(|source| Arc::ptr_eq(source, label.span.source())) {
            out.push(label.span.source());
        }
    }
    out
}
