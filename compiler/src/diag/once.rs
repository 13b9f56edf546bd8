//! One fault is told once: what a template or a variable brings to many places is wrong where it is written.

use super::Sink;
use crate::span::Span;
use std::collections::BTreeSet;

/// Where a stretch was written, whatever brought it.
type Written = (String, usize, usize);

/// Drops errors that say of the same words what was said before.
pub(crate) fn once(sink: &mut Sink) {
    let mut told: BTreeSet<(&'static str, Option<String>, Vec<Written>)> = BTreeSet::new();
    sink.retain(|diagnostic| {
        let Some(first) = diagnostic.labels.first().filter(|_| diagnostic.is_error()) else { return true };
        // A value that is wrong is wrong wherever it is put, whatever that is called.
        if let Some(value) = value(&first.span) {
            return told.insert((diagnostic.code(), None, vec![written(value)]));
        }
        let places = diagnostic.labels.iter().map(|label| written(value(&label.span).unwrap_or(&label.span)));
        told.insert((diagnostic.code(), Some(diagnostic.message.clone()), places.collect()))
    });
}

/// Where the value was written that came here through variables.
fn value(span: &Span) -> Option<&Span> {
    std::iter::successors(span.variable(), |span| span.variable()).last()
}

fn written(span: &Span) -> Written {
    (span.source().name().to_owned(), span.start(), span.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Diagnostic, codes};
    use crate::source::Source;
    use crate::span::{Hop, How};
    use std::sync::Arc;

    #[test]
    fn the_same_words_with_another_value_are_another_fault() {
        let source = Arc::new(Source::new("a", "rpo goal one two"));
        let (place, other) = (Span::new(&source, 4, 8), Span::new(&source, 0, 3));
        let through = |start, end| place.through(&Hop::new(How::Variable, &Span::new(&source, start, end)));
        let wrong = |span: &Span| Diagnostic::error(&codes::INVALID_VALUE, span.text()).at(span, "");
        let mut sink = vec![wrong(&place), wrong(&place), wrong(&other)];
        sink.push(wrong(&other.through(&Hop::new(How::Variable, &Span::new(&source, 9, 12)))));
        sink.extend([wrong(&through(9, 12)), wrong(&through(9, 12)), wrong(&through(13, 16))]);
        once(&mut sink);
        assert_eq!(sink.len(), 4);
    }
}
