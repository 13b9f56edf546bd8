//! A cursor between a node and the model: it takes what the decoder knows and can say what was left.
//! It does not judge; by the time it is used, the structure has been checked and defaults stand in the document.

use super::document::{Entry, Node};
use crate::span::Span;

/// Takes entries and children from one node.
#[derive(Debug)]
pub struct Cursor<'a> {
    node: &'a Node,
    arguments: usize,
    taken: Vec<&'a str>,
    children: Vec<bool>,
}

impl<'a> Cursor<'a> {
    #[must_use]
    pub fn new(node: &'a Node) -> Self {
        Self { node, arguments: 0, taken: Vec::new(), children: vec![false; node.children.len()] }
    }

    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.node.name.value
    }

    /// The node's name and entries.
    #[must_use]
    pub fn span(&self) -> &'a Span {
        &self.node.span
    }

    /// The next argument.
    pub fn argument(&mut self) -> Option<&'a Entry> {
        let entry = self.node.arguments().nth(self.arguments)?;
        self.arguments += 1;
        Some(entry)
    }

    /// All arguments that are left.
    pub fn arguments(&mut self) -> Vec<&'a Entry> {
        std::iter::from_fn(|| self.argument()).collect()
    }

    pub fn property(&mut self, name: &'static str) -> Option<&'a Entry> {
        self.taken.push(name);
        self.node.property(name)
    }

    /// The only child of that name.
    pub fn child(&mut self, name: &str) -> Option<Cursor<'a>> {
        self.children(name).into_iter().next()
    }

    /// All children of that name.
    pub fn children(&mut self, name: &str) -> Vec<Cursor<'a>> {
        self.take(|child| child.name.value == name)
    }

    /// All children that nobody has taken.
    pub fn rest(&mut self) -> Vec<Cursor<'a>> {
        self.take(|_| true)
    }

    fn take(&mut self, wanted: impl Fn(&Node) -> bool) -> Vec<Cursor<'a>> {
        let pairs = self.node.children.iter().zip(self.children.iter_mut());
        let fresh = pairs.filter(|(child, taken)| !**taken && wanted(child));
        fresh
            .map(|(child, taken)| {
                *taken = true;
                Cursor::new(child)
            })
            .collect()
    }

    /// What nobody has taken, as `node`, `node.property` or `node/child`.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        let name = self.name();
        let arguments = self.node.arguments().skip(self.arguments).map(|_| format!("{name} argument"));
        let known = |key: &str| self.taken.contains(&key);
        let properties = self
            .node
            .properties()
            .filter(|(key, _)| !known(&key.value))
            .map(|(key, _)| format!("{name}.{}", key.value));
        let children = self.node.children.iter().zip(&self.children).filter(|(_, taken)| !**taken);
        arguments.chain(properties).chain(children.map(|(child, _)| format!("{name}/{}", child.name.value))).collect()
    }
}
