//! Source lines that are too long for a screen, cut to what a diagnostic points at. A strategy may name ten thousand
//! databases on one line; who reads that something is missing there wants neither all of them nor a line without it.

use compiler::diag::Diagnostic;
use compiler::source::Source;
use miette::{LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents};
use std::fmt::Display;
use std::ops::Range;

/// Characters of a line that is shown whole.
const WHOLE: usize = 160;
/// Characters that are kept before the first label of a longer one, and from there on.
const BEFORE: usize = 30;
const FROM: usize = 90;
/// What stands for the rest.
const CUT: &str = "… ";

/// A diagnostic with its source cut.
#[derive(Debug)]
pub(crate) struct Narrow<'a> {
    of: &'a Diagnostic,
    source: Cut,
    labels: Vec<LabeledSpan>,
}

/// The cut text, and the column of the first label in the text that was read.
#[derive(Debug)]
struct Cut {
    source: Source,
    column: usize,
}

impl<'a> Narrow<'a> {
    /// `None` when each line that has a label is short enough as it is.
    pub(crate) fn new(of: &'a Diagnostic) -> Option<Self> {
        let whole = of.source()?;
        let labels: Vec<LabeledSpan> = miette::Diagnostic::labels(of)?.collect();
        let lines: Vec<usize> = labels.iter().map(|label| whole.position(label.offset()).0).collect();
        if lines.iter().all(|line| whole.line(*line).chars().count() <= WHOLE) {
            return None;
        }
        let places: Vec<Range<usize>> =
            labels.iter().map(|label| label.offset()..label.offset() + label.len()).collect();
        let (text, places) = cut(whole.text(), &places);
        let column = whole.position(labels.first()?.offset()).1;
        let moved = labels.into_iter().zip(places).enumerate().map(|(at, (label, place))| {
            let text = label.label().map(str::to_owned);
            if at == 0 {
                LabeledSpan::new_primary_with_span(text, place)
            } else {
                LabeledSpan::new_with_span(text, place)
            }
        });
        let labels = moved.collect();
        Some(Self { of, source: Cut { source: Source::new(whole.name(), &text), column }, labels })
    }
}

/// A text with its long lines cut, and where places of it are then.
fn cut(text: &str, places: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let mut out = String::with_capacity(text.len().min(1 << 16));
    let mut moved = places.to_vec();
    let mut start = 0;
    // A CR alone ends a line as well; the LF of CR LF is an empty line of its own here, which is copied like any other.
    for line in text.split_inclusive(['\n', '\r']) {
        let body = line.trim_end_matches(['\n', '\r']);
        let on_line = start..=start + body.len();
        let first = places.iter().map(|place| place.start).filter(|at| on_line.contains(at)).min();
        let kept = kept(body, first.map(|first| first - start));
        let mark = if kept.start > 0 { CUT.len() } else { 0 };
        let begins = out.len();
        out.push_str(if mark > 0 { CUT } else { "" });
        out.push_str(body.get(kept.clone()).unwrap_or_default());
        let to = |at: usize| begins + mark + (at - start).clamp(kept.start, kept.end) - kept.start;
        for (new, old) in moved.iter_mut().zip(places) {
            if on_line.contains(&old.start) {
                new.start = to(old.start);
            }
            if on_line.contains(&old.end) {
                new.end = to(old.end);
            }
        }
        out.push_str(if kept.end < body.len() { " …" } else { "" });
        out.push_str(line.get(body.len()..).unwrap_or_default());
        start += line.len();
    }
    moved.iter_mut().for_each(|place| place.end = place.end.max(place.start));
    (out, moved)
}

/// The part of a line that is shown: around `first`, a byte of it, or its beginning.
fn kept(line: &str, first: Option<usize>) -> Range<usize> {
    if line.chars().count() <= WHOLE {
        return 0..line.len();
    }
    let at = first.unwrap_or_default();
    let before = line.get(..at).unwrap_or_default();
    let from = before.char_indices().rev().take(BEFORE).last().map_or(at, |(from, _)| from);
    let after = line.get(at..).unwrap_or_default();
    let to = after.char_indices().nth(FROM).map_or(line.len(), |(to, _)| at + to);
    from..to
}

impl SourceCode for Cut {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.source.read_span(span, before, after)?;
        if (before, after) != (0, 0) {
            return Ok(read);
        }
        // This is asked for the head, which tells the place in the file.
        Ok(Box::new(MietteSpanContents::new_named(
            self.source.name().to_owned(),
            read.data(),
            *read.span(),
            read.line(),
            self.column - 1,
            read.line_count(),
        )))
    }
}

impl Display for Narrow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.of.fmt(f)
    }
}

impl std::error::Error for Narrow<'_> {}

impl miette::Diagnostic for Narrow<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        miette::Diagnostic::code(self.of)
    }

    fn severity(&self) -> Option<Severity> {
        self.of.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        miette::Diagnostic::help(self.of)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn long_lines_are_cut_around_what_is_pointed_at() {
        let long = format!("    names {}\n", "\"é-name\" ".repeat(60));
        let text = format!("first\r\n{long}last\n");
        let (names, last) = ("first\r\n    names ".len(), text.rfind("\"é-name\"").unwrap_or_default());
        for place in [last..last + "\"é-name\"".len(), names..text.len() - "\nlast\n".len(), 0..5] {
            let (shown, moved) = cut(&text, std::slice::from_ref(&place));
            assert!(shown.starts_with("first\r\n") && shown.ends_with("\nlast\n"), "{shown}");
            assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
            let pointed = moved.first().and_then(|place| shown.get(place.clone())).unwrap_or_default();
            let meant = text.get(place).unwrap_or_default();
            assert!(!pointed.is_empty() && meant.starts_with(pointed), "{pointed} in {shown}");
        }
        let old = format!("first\r{}\rlast\r", "é".repeat(300));
        let (shown, _) = cut(&old, std::slice::from_ref(&(6..8)));
        assert!(shown.starts_with("first\ré") && shown.ends_with(" …\rlast\r"), "{shown}");
        let unchanged = 0..5;
        assert_eq!(cut("short\n", std::slice::from_ref(&unchanged)), ("short\n".to_owned(), vec![unchanged]));
    }
}
