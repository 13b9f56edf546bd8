//! Literal secrets do not appear in diagnostics: the lines that a diagnostic shows come from a masked copy of the text,
//! and words that cite one are taken out.

use crate::diag::{Diagnostic, Edit};
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
        let mut same: Vec<&Span> = same.collect();
        same.sort_by_key(|span| (span.start(), span.end()));
        let mut text = String::with_capacity(source.text().len());
        for span in same {
            let start = span.start().max(text.len());
            let (Some(before), Some(secret)) =
                (source.text().get(text.len()..start), source.text().get(start..span.end()))
            else {
                continue;
            };
            text.push_str(before);
            text.extend(secret.chars().flat_map(star));
        }
        text.push_str(source.text().get(text.len()..).unwrap_or_default());
        masked.push((Arc::clone(source), Arc::new(Source::new(source.name(), &text))));
    }
    for diagnostic in diagnostics.iter_mut() {
        let spills = |edit: &Edit| !edit.text.is_empty() && secrets.iter().any(|secret| secret.meets(&edit.span));
        for secret in secrets {
            let cited = format!("`{}`", secret.text().trim_matches(['"', '#']));
            let texts = diagnostic.labels.iter_mut().map(|label| &mut label.text);
            for text in texts.chain(&mut diagnostic.help).chain([&mut diagnostic.message]) {
                if cited.len() > 2 && text.contains(&cited) {
                    *text = text.replace(&cited, "`***`");
                }
            }
        }
        if diagnostic.fix.as_ref().is_some_and(|fix| fix.edits.iter().any(spills)) {
            diagnostic.fix = None;
        }
    }
    for label in diagnostics.iter_mut().flat_map(|diagnostic| &mut diagnostic.labels) {
        if let Some((_, closed)) = masked.iter().find(|(open, _)| Arc::ptr_eq(open, label.span.source())) {
            label.span = Span::new(closed, label.span.start(), label.span.end());
        }
    }
}

/// As many stars as the character has bytes; line breaks stay, so that line numbers do.
fn star(char: char) -> Vec<char> {
    if matches!(char, '\n' | '\r') { vec![char] } else { vec!['*'; char.len_utf8()] }
}
