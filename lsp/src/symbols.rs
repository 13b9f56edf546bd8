//! The outline of a text: its nodes, those with names first of all.

use crate::document::Document;
use crate::sketch::NodeId;
use std::ops::Range;

/// A node in the outline.
#[derive(Debug)]
pub(crate) struct Symbol {
    pub(crate) name: String,
    pub(crate) detail: String,
    pub(crate) whole: Range<usize>,
    pub(crate) name_range: Range<usize>,
    /// Whether it holds others.
    pub(crate) block: bool,
    pub(crate) children: Vec<Symbol>,
}

/// Deepest level that is shown: what lies below is detail.
const LEVELS: usize = 3;

pub(crate) fn symbols(document: &Document) -> Vec<Symbol> {
    level(document, None, 0)
}

fn level(document: &Document, parent: Option<NodeId>, depth: usize) -> Vec<Symbol> {
    if depth == LEVELS {
        return Vec::new();
    }
    let named = document.sketch.below(parent).filter(|(_, node)| !node.name.is_empty());
    named
        .map(|(id, node)| {
            let first = node.arguments().next().and_then(|entry| entry.value.as_ref());
            Symbol {
                name: document.name(node).into_owned(),
                detail: first.map(|value| document.text_of(value).into_owned()).unwrap_or_default(),
                whole: node.name.start..node.end.max(node.name.end),
                name_range: node.name.clone(),
                block: node.block.is_some(),
                children: level(document, Some(id), depth + 1),
            }
        })
        .collect()
}
