//! Texts with the fixes of their diagnostics made. Pure: whoever read the texts writes them back.

use crate::diag::{Diagnostic, Edit, Fix, codes};
use crate::source::Source;
use crate::span::Span;
use crate::{Compiled, Facts, Text, check};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most rounds: a fix may uncover what could not be seen before, but not for ever.
const MOST_ROUNDS: usize = 16;

/// What became of texts.
#[derive(Clone, Debug)]
pub struct Mended {
    /// All of them, in their order, also those in which nothing was to do.
    pub texts: Vec<Text>,
    pub done: Vec<Done>,
    /// What is still wrong.
    pub left: Vec<Diagnostic>,
}

/// A fix that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Name of the text.
    pub input: String,
    /// Line and column of its first edit, in the text as it was in that round.
    pub line: usize,
    pub column: usize,
    pub code: &'static str,
    pub title: String,
}

/// Makes every fix that does not overlap another one, again until there is none left. A round counts only when its
/// result is better: fewer places that do not parse, or as few and fewer errors.
#[must_use]
pub fn mend(texts: &[Text], facts: &Facts) -> Mended {
    let first = check(texts, facts).diagnostics;
    let mut mended = Mended { texts: texts.to_vec(), done: Vec::new(), left: first };
    for _ in 0..MOST_ROUNDS {
        let Some(better) = round(&mended, facts, true).or_else(|| round(&mended, facts, false)) else { break };
        mended.texts = better.texts;
        mended.done.extend(better.done);
        mended.left = better.left;
    }
    mended
}

/// One round with all fixes at once, or with the first one alone that makes the texts better.
fn round(mended: &Mended, facts: &Facts, together: bool) -> Option<Mended> {
    let fixes: Vec<(&Diagnostic, &Fix)> =
        mended.left.iter().filter_map(|diagnostic| Some((diagnostic, diagnostic.fix.as_ref()?))).collect();
    let tries: Vec<&[(&Diagnostic, &Fix)]> = if together { vec![fixes.as_slice()] } else { fixes.chunks(1).collect() };
    tries.into_iter().take(MOST_ROUNDS).find_map(|fixes| {
        let (texts, done) = apply(&mended.texts, fixes)?;
        let Compiled { diagnostics: left, .. } = check(&texts, facts);
        (weight(&left) < weight(&mended.left)).then_some(Mended { texts, done, left })
    })
}

/// Errors of syntax, then errors: a text that does not parse hides what else is wrong with it.
fn weight(diagnostics: &[Diagnostic]) -> (usize, usize) {
    let of_syntax = |diagnostic: &&Diagnostic| codes::OF_SYNTAX.contains(&diagnostic.code());
    (
        diagnostics.iter().filter(of_syntax).count(),
        diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count(),
    )
}

/// The texts with as many of the fixes made as do not overlap; `None` when there is none.
fn apply(texts: &[Text], fixes: &[(&Diagnostic, &Fix)]) -> Option<(Vec<Text>, Vec<Done>)> {
    let mut homes = Homes { texts, known: Vec::new() };
    // End and new text of each edit, by text and start.
    let mut chosen: BTreeMap<(usize, usize), (usize, &str)> = BTreeMap::new();
    let mut done = Vec::new();
    for (diagnostic, fix) in fixes {
        let mut edits = Vec::new();
        for Edit { span, text } in &fix.edits {
            edits.extend(homes.of(span).map(|home| ((home, span.start()), (span.end(), text.as_str()))));
        }
        let free = edits.iter().all(|((home, start), (end, _))| is_free(&chosen, *home, *start, *end));
        let Some(first) = fix.edits.first().filter(|_| free && edits.len() == fix.edits.len()) else { continue };
        chosen.extend(edits);
        let source = first.span.source();
        let (line, column) = source.position(first.span.start());
        let (input, title) = (source.name().to_owned(), fix.title.clone());
        done.push(Done { input, line, column, code: diagnostic.code(), title });
    }
    let mut texts = texts.to_vec();
    for ((home, start), (end, new)) in chosen.iter().rev() {
        texts.get_mut(*home)?.text.replace_range(*start..*end, new);
    }
    (!chosen.is_empty()).then_some((texts, done))
}

/// Two insertions at one place would come in an order that nobody chose, so they are not free either.
fn is_free(chosen: &BTreeMap<(usize, usize), (usize, &str)>, home: usize, start: usize, end: usize) -> bool {
    let before = chosen.range((home, 0)..=(home, start)).next_back();
    let clear_before = before.is_none_or(|((_, other), (stop, _))| *other != start && *stop <= start);
    clear_before && chosen.range((home, start)..(home, end.max(start + 1))).next().is_none()
}

/// Which text each source is, by its place in the list.
struct Homes<'a> {
    texts: &'a [Text],
    known: Vec<(Arc<Source>, Option<usize>)>,
}

impl Homes<'_> {
    /// The text that a span is in: this very one, and not for example a masked copy.
    fn of(&mut self, span: &Span) -> Option<usize> {
        let source = span.source();
        let found = match self.known.iter().find(|(known, _)| Arc::ptr_eq(known, source)) {
            Some((_, found)) => *found,
            None => {
                let is = |text: &Text| text.name == source.name() && text.text == source.text();
                let found = self.texts.iter().position(is);
                self.known.push((Arc::clone(source), found));
                found
            }
        };
        found.filter(|_| source.text().get(span.start()..span.end()).is_some())
    }
}
