//! Literal secrets do not appear in diagnostics: the lines that a diagnostic shows come from a masked copy of the text.

use crate::diag::Diagnostic;
use crate::source::Source;
use crate::span::Span;
use std::sync::Arc;

/// Points every label, also those of how a text was brought in, into texts in which each byte of `secrets` is a `*`; offsets stay as they are.
pub fn mask(diagnostics: &mut [Diagnostic], secrets: &[Span]) {
    if !secrets.is_empty() {
        crate::diag::label(diagnostics);
    }
    let mut masked: Vec<(Arc<Source>, Arc<Source>)> = Vec::new();
    for secret in secrets {
        if masked.iter().any(|(open, _)| Arc::ptr_eq(open, secret.source())) {
            continue;
        }
        let source = secret.source();
        let same = secrets.iter().filter(|other| Arc::ptr_eq(other.source(), source));
        let mut text = source.text().to_owned();
        for span in same {
            let stars: String = span.text().chars().flat_map(star).collect();
            text.replace_range(span.start()..span.end(), &stars);
        }
        masked.push((Arc::clone(source), Arc::new(Source::new(source.name(), &text))));
    }
    for label in diagnostics.iter_mut().flat_map(|diagnostic| &mut diagnostic.labels) {
        if let Some((_, closed)) = masked.iter().find(|(open, _)| Arc::ptr_eq(open, label.span.source())) {
            label.span = Span::new(closed, label.span.start(), label.span.end());
        }
    }
}

/// As many stars as the character has bytes; line breaks stay, so that line numbers do.
fn star(char: char) -> Vec<char> {
    if char == '\n' { vec!['\n'] } else { vec!['*'; char.len_utf8()] }
}
