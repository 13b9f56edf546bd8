//! The document as later stages see it: nodes, entries and values, each with its span.

use crate::span::{Span, Spanned};

/// The nodes of one text, or of several after each other.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub nodes: Vec<Node>,
    /// Stretches that could not be read: nothing is known of what they were to say.
    pub broken: Vec<Span>,
    /// Values in which something is wrong that is told already.
    pub odd: Vec<Span>,
}

/// `(annotation)name entries… { children }`.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: Spanned<String>,
    pub annotation: Option<Spanned<String>>,
    /// In the order of the text; arguments are those without a name.
    pub entries: Vec<Entry>,
    pub children: Vec<Node>,
    /// Whether there is a `{ }` at all.
    pub block: bool,
    /// The name and its entries, without the children.
    pub span: Span,
}

/// An argument or a property.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: Option<Spanned<String>>,
    pub annotation: Option<Spanned<String>>,
    pub value: Value,
    /// The value with its annotation, without the name.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Null,
}

impl Value {
    /// What it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Boolean(_) => "a boolean",
            Self::Null => "null",
        }
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }
}

impl Entry {
    /// Whether a variable stood here before its value was put in: no value that is written out begins like this.
    #[must_use]
    pub fn is_variable(&self) -> bool {
        self.annotation.is_none() && self.span.text().starts_with('(')
    }
}

impl Node {
    pub fn arguments(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.name.is_none())
    }

    pub fn properties(&self) -> impl Iterator<Item = (&Spanned<String>, &Entry)> {
        self.entries.iter().filter_map(|entry| entry.name.as_ref().map(|name| (name, entry)))
    }

    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Entry> {
        self.properties().find(|(key, _)| key.value == name).map(|(_, entry)| entry)
    }

    pub fn children_named(&self, name: &str) -> impl Iterator<Item = &Node> {
        self.children.iter().filter(move |child| child.name.value == name)
    }

    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children_named(name).next()
    }

    /// The text of the first argument.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.arguments().next().and_then(|entry| entry.value.as_text())
    }
}
