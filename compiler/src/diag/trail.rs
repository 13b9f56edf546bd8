//! Where the text that a diagnostic points into was brought in: a label more for each `use`, `import` and variable on
//! the way. The one place that adds them, whatever stage found something.

use super::{Diagnostic, Label};
use crate::span::{How, Span};

/// Adds the labels. A place that has a label already gets no second one, so doing it twice changes nothing.
pub(crate) fn label(diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics {
        let mut added: Vec<Label> = Vec::new();
        for (at, label) in diagnostic.labels.iter().enumerate() {
            // Those beside the first one explain it; only where one stretch of a template came from two places, and is
            // labelled twice, does it need saying which is which.
            if at > 0 && !diagnostic.labels.iter().take(at).any(|other| same(&other.span, &label.span)) {
                continue;
            }
            for (how, span) in label.span.trail() {
                let there = |other: &Label| same(&other.span, &span);
                if diagnostic.labels.iter().chain(&added).any(there) {
                    continue;
                }
                let text = match how {
                    How::Import => "imported here",
                    How::Use => "used here",
                    How::Variable => "this is the value",
                };
                let text = if at == 0 { text.to_owned() } else { format!("{}: {text}", label.text) };
                added.push(Label { span, text });
            }
        }
        diagnostic.labels.extend(added);
    }
}

fn same(one: &Span, other: &Span) -> bool {
    one.source().name() == other.source().name() && one.start() == other.start() && one.end() == other.end()
}
