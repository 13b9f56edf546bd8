//! The names that the texts of a strategy give to things, and where.

use crate::document::Document;
use crate::sketch::NodeId;
use crate::vocabulary::{Use, Vocabulary};
use std::ops::Range;
use std::sync::Arc;

/// A thing with a name.
#[derive(Debug)]
pub(crate) struct Definition {
    /// `source`, `store`, …: as the vocabulary says it.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The text that it is in.
    pub(crate) path: String,
    pub(crate) range: Range<usize>,
    /// The first line of its node.
    pub(crate) line: String,
    /// The node that the name is known in; `None` is the whole strategy.
    scope: Option<NodeId>,
    /// The name of that node.
    pub(crate) within: Option<String>,
}

/// All definitions in some texts.
pub(crate) fn definitions(vocabulary: &Vocabulary, documents: &[Arc<Document>]) -> Vec<Definition> {
    let mut out = Vec::new();
    for document in documents {
        for used in vocabulary.uses(document) {
            let (Some(kind), Some(value)) = (&used.shape.names, &used.entry.value) else { continue };
            let head = document.sketch.node(used.node).map_or(0..0, |node| node.head.clone());
            out.push(Definition {
                kind: kind.clone(),
                name: document.text_of(value).into_owned(),
                path: document.path.clone(),
                range: value.clone(),
                line: document.text.get(head).unwrap_or_default().trim().to_owned(),
                scope: scope(&used),
                within: scope(&used).and_then(|id| first(document, id)),
            });
        }
    }
    out
}

/// The first argument of a node.
fn first(document: &Document, id: NodeId) -> Option<String> {
    let value = document.sketch.node(id)?.arguments().next()?.value.clone()?;
    Some(document.text_of(&value).into_owned())
}

/// The definitions that a value may mean by its name; those of the node around it go before those of the strategy.
pub(crate) fn meant<'d>(all: &'d [Definition], used: &Use<'_>) -> Vec<&'d Definition> {
    let Some(value) = &used.entry.value else { return Vec::new() };
    let name = used.document.text_of(value);
    let mut found: Vec<&Definition> = all.iter().filter(|it| it.name == name && it.answers(used)).collect();
    if found.iter().any(|it| it.scope.is_some()) {
        found.retain(|it| it.scope.is_some());
    }
    found
}

/// The node around a value inside which its name is known.
fn scope(used: &Use<'_>) -> Option<NodeId> {
    let within = used.shape.within.as_ref()?;
    let path = used.document.sketch.path(used.node);
    let around = |id: &&NodeId| used.document.sketch.node(**id).is_some_and(|node| used.document.name(node) == *within);
    path.iter().rev().find(around).copied()
}

impl Definition {
    /// Whether a value may refer to it, or gives it its name.
    pub(crate) fn answers(&self, used: &Use<'_>) -> bool {
        let kinds = used.shape.refers.iter().chain(&used.shape.names);
        let around = |id| used.document.sketch.path(used.node).contains(&id) && self.path == used.document.path;
        let known = self.scope.is_none_or(around);
        known && kinds.into_iter().any(|kind| *kind == self.kind)
    }
}
