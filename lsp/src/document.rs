//! One text with what is made of it for an editor.

use crate::lines::Lines;
use crate::sketch::{Entry, Node, NodeId, Sketch, decoded, sketch};
use std::borrow::Cow;
use std::ops::Range;

/// A text under its name, which is its path where it has one.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) lines: Lines,
    pub(crate) sketch: Sketch,
}

impl Document {
    pub(crate) fn new(path: &str, text: String) -> Self {
        let (lines, sketch) = (Lines::new(&text), sketch(&text));
        Self { path: path.to_owned(), text, lines, sketch }
    }

    /// What a token stands for.
    pub(crate) fn text_of(&self, range: &Range<usize>) -> Cow<'_, str> {
        decoded(self.text.get(range.clone()).unwrap_or_default())
    }

    pub(crate) fn name(&self, node: &Node) -> Cow<'_, str> {
        self.text_of(&node.name)
    }

    /// Whether a value has this annotation.
    pub(crate) fn annotated(&self, entry: &Entry, annotation: &str) -> bool {
        entry.annotation.as_ref().is_some_and(|range| self.text_of(range) == annotation)
    }

    /// The value of a node's property.
    pub(crate) fn property(&self, node: NodeId, name: &str) -> Option<Cow<'_, str>> {
        let mut entries = self.sketch.node(node)?.entries.iter().filter(|entry| entry.live);
        let entry = entries.find(|entry| entry.name.as_ref().is_some_and(|range| self.text_of(range) == name))?;
        entry.value.as_ref().map(|value| self.text_of(value))
    }
}
