//! The names that a strategy gives to things and those by which it refers to them, gathered while the structure is
//! checked. Whether they match is for the resolve stage to say.

use crate::span::Span;

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
}

/// A thing is referred to.
#[derive(Clone, Debug)]
pub struct Reference {
    pub kinds: Vec<String>,
    pub name: String,
    pub span: Span,
    pub scope: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct Names {
    pub definitions: Vec<Definition>,
    pub references: Vec<Reference>,
}
