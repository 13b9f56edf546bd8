//! Where the thing under the cursor is said.

use crate::desk::{Desk, imports};
use crate::document::Document;
use crate::names::{definitions, meant};
use crate::place;
use compiler::Found;
use std::ops::Range;

/// The places that define what a name stands for, each as a text's path and a stretch of it. What an import names is the
/// beginning of a text.
pub(crate) fn definition(desk: &Desk, document: &Document, offset: usize) -> Vec<(String, Range<usize>)> {
    let at = place::at(&document.text, &document.sketch, offset);
    if let Some((_, path)) = imports(document).into_iter().find(|(range, _)| *range == at.word) {
        return match desk.find(&document.path, &path) {
            Found::Texts(paths) => paths.into_iter().map(|path| (path, 0..0)).collect(),
            Found::Nothing(_) | Found::NotText { .. } => Vec::new(),
        };
    }
    let uses = desk.vocabulary.uses(document);
    let Some(used) = uses.iter().find(|used| used.entry.value.as_ref() == Some(&at.word)) else { return Vec::new() };
    let all = definitions(&desk.vocabulary, &desk.strategy(document));
    meant(&all, used).into_iter().map(|it| (it.path.clone(), it.range.clone())).collect()
}
