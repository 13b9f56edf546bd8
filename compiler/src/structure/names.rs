//! The names that a strategy gives to things and those by which it refers to them, gathered while the structure is
//! checked. Whether they match is for the resolve stage to say.

use crate::diag::Diagnostic;
use crate::span::Span;
use crate::syntax::{Entry, Node};

/// A thing got a name.
#[derive(Clone, Debug)]
pub struct Definition {
    /// `source`, `store`, …: as the vocabulary says it.
    pub kind: String,
    pub name: String,
    pub span: Span,
    /// Which node it is unique in, by its number; `None` is the whole strategy.
    pub scope: Option<usize>,
    /// Names that may not be used.
    pub reserved: bool,
    /// The definition that names the nearest node around it, by its place in the list.
    pub around: Option<usize>,
}

/// A thing is referred to.
#[derive(Clone, Debug)]
pub struct Reference {
    pub kinds: Vec<String>,
    pub name: String,
    pub span: Span,
    pub scope: Option<usize>,
}

/// Something that was not understood and may have named a thing. What is wrong with it is told already, so nobody is told
/// that the thing is not there.
#[derive(Clone, Debug)]
pub struct Lost {
    /// The kind of the thing, where at least that is known.
    pub kind: Option<String>,
    /// What stands where its name might be.
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Names {
    pub definitions: Vec<Definition>,
    pub references: Vec<Reference>,
    /// What is wrong with references, by what they say: told unless a thing of that name is told of itself.
    pub(super) unsaid: Vec<(String, Diagnostic)>,
    pub lost: Vec<Lost>,
}

impl Names {
    /// Notes a node that nobody understood.
    pub(super) fn lose(&mut self, node: &Node) {
        for entry in &node.entries {
            self.lose_entry(None, entry);
        }
        node.children.iter().for_each(|child| self.lose(child));
    }

    /// Notes a value that nobody understood.
    pub(super) fn lose_entry(&mut self, kind: Option<&String>, entry: &Entry) {
        let name = entry.value.as_text().map(str::to_owned);
        self.lost.push(Lost { kind: kind.cloned(), name });
    }

    /// Notes a name that is missing.
    pub(super) fn lose_unsaid(&mut self, kind: Option<&String>) {
        self.lost.extend(kind.map(|kind| Lost { kind: Some(kind.clone()), name: None }));
    }

    /// Takes back what was gathered since there were so many definitions and references.
    pub(super) fn take_back(&mut self, (definitions, references): (usize, usize)) {
        let again = self.definitions.drain(definitions..).map(|it| Lost { kind: Some(it.kind), name: Some(it.name) });
        self.lost.extend(again);
        self.references.truncate(references);
    }

    pub(super) fn count(&self) -> (usize, usize) {
        (self.definitions.len(), self.references.len())
    }
}
