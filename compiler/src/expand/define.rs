//! `let` and `template`, taken out of the document, and what nothing uses told.

use super::shape;
use crate::diag::{Diagnostic, Level, Sink, codes};
use crate::span::{Span, Spanned};
use crate::syntax::{Node, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A `let`.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: Span,
    pub(super) held: Held,
    pub(super) used: bool,
}

/// What a variable stands for.
#[derive(Debug)]
pub(super) enum Held {
    /// The value of the `let`.
    Said(Spanned<Value>),
    /// A value that was given beside the texts.
    Given(Value),
    /// It has to be given, and was not.
    Nothing,
    /// What is wrong with it was told.
    Broken,
}

#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: Spanned<String>,
    pub(super) default: Option<Spanned<Value>>,
    pub(super) used: bool,
}

#[derive(Debug)]
pub(super) struct Template {
    pub(super) name: Span,
    pub(super) params: Vec<Param>,
    pub(super) body: Vec<Node>,
    /// Nodes in the body, at all levels.
    pub(super) size: usize,
    pub(super) used: bool,
}

/// All that can be used, by name.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) templates: BTreeMap<String, Template>,
    /// Names of the texts that hold something else too.
    working: BTreeSet<String>,
}

/// Takes the definitions out of the top of the document and of `strategy`.
pub(super) fn gather(nodes: &mut Vec<Node>, sink: &mut Sink) -> Definitions {
    let mut out = Definitions::default();
    out.take(nodes, sink);
    for node in nodes.iter_mut().filter(|node| node.name.value == "strategy") {
        out.take(&mut node.children, sink);
    }
    let inside = nodes.iter().filter(|node| node.name.value == "strategy").flat_map(|node| &node.children);
    let mut working: Vec<&str> = nodes.iter().chain(inside).map(|node| node.name.span.source().name()).collect();
    working.dedup();
    out.working = working.into_iter().map(str::to_owned).collect();
    out
}

impl Definitions {
    fn take(&mut self, nodes: &mut Vec<Node>, sink: &mut Sink) {
        let defines = |node: &mut Node| matches!(node.name.value.as_str(), "let" | "template");
        let taken: Vec<Node> = nodes.extract_if(.., defines).collect();
        for node in taken {
            if node.name.value == "let" { self.variable(&node, sink) } else { self.template(node, sink) }
        }
    }

    fn variable(&mut self, node: &Node, sink: &mut Sink) {
        let Some((name, value)) = shape::name_and_value(node, "the name", sink) else {
            // Known all the same, so that its uses are not told as well.
            if let Some(text) = node.text() {
                let broken = Variable { name: node.span.clone(), held: Held::Broken, used: true };
                self.variables.entry(text.to_owned()).or_insert(broken);
            }
            return;
        };
        if let Some(first) = self.variables.get(&name.value) {
            return sink.push(twice("variable", &name, &first.name));
        }
        let said = |entry: &crate::syntax::Entry| Held::Said(Spanned::new(entry.value.clone(), &entry.span));
        let held = value.map_or(Held::Nothing, said);
        self.variables.insert(name.value, Variable { name: name.span, held, used: false });
    }

    /// Lets values from beside the texts go before those of `let`, read as what the `let` holds: a number for a number.
    /// Returns those that no `let` knows.
    pub(super) fn give(
        &mut self,
        variables: &BTreeMap<String, String>,
        sink: &mut Sink,
    ) -> BTreeMap<String, (Value, bool)> {
        let mut free = BTreeMap::new();
        for (name, text) in variables {
            let Some(variable) = self.variables.get_mut(name) else {
                free.insert(name.clone(), (Value::Text(text.clone()), false));
                continue;
            };
            let Held::Said(said) = &variable.held else {
                variable.held = Held::Given(Value::Text(text.clone()));
                continue;
            };
            let read = match &said.value {
                Value::Integer(_) => text.parse().map(Value::Integer).ok(),
                Value::Float(_) => text.parse().map(Value::Float).ok(),
                Value::Boolean(_) => text.trim_start_matches('#').parse().map(Value::Boolean).ok(),
                Value::Text(_) | Value::Null => Some(Value::Text(text.clone())),
            };
            if read.is_none() {
                let noun = said.value.kind();
                sink.push(
                    Diagnostic::error(&codes::WRONG_TYPE, format!("the variable `{name}` is {noun}"))
                        .at(&said.span, format!("what is given with `--var` is not {noun}"))
                        .help(format!("Give {noun} with `--var {name}=…`.")),
                );
            }
            variable.held = read.map_or(Held::Broken, Held::Given);
        }
        free
    }

    fn template(&mut self, mut node: Node, sink: &mut Sink) {
        let Some(name) = shape::only_text(&node, "the name", sink) else { return };
        if let Some(first) = self.templates.get(&name.value) {
            return sink.push(twice("template", &name, &first.name));
        }
        let mut params: Vec<Param> = Vec::new();
        for param in node.children.extract_if(.., |child| child.name.value == "param") {
            let Some((name, value)) = shape::name_and_value(&param, "the name", sink) else { continue };
            if let Some(first) = params.iter().find(|other| other.name.value == name.value) {
                sink.push(twice("parameter", &name, &first.name.span));
                continue;
            }
            let default = value.map(|entry| Spanned::new(entry.value.clone(), &entry.span));
            params.push(Param { name, default, used: false });
        }
        let template =
            Template { name: name.span, params, size: count(&node.children), body: node.children, used: false };
        self.templates.insert(name.value, template);
    }

    /// Warns of what nothing uses. A text that holds nothing else is a library, shared by strategies: none of them needs
    /// to use all of it.
    pub(super) fn tell_unused(&self, sink: &mut Sink) {
        let library = |span: &Span| !self.working.contains(span.source().name());
        for (name, variable) in self.variables.iter().filter(|(_, it)| !it.used && !library(&it.name)) {
            sink.push(unused("variable", name, &variable.name));
        }
        for (name, template) in &self.templates {
            if !template.used {
                if !library(&template.name) {
                    sink.push(unused("template", name, &template.name));
                }
                continue;
            }
            for param in template.params.iter().filter(|param| !param.used) {
                sink.push(unused("parameter", &param.name.value, &param.name.span));
            }
        }
    }
}

fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + count(&node.children)).sum()
}

fn twice(kind: &str, name: &Spanned<String>, first: &Span) -> Diagnostic {
    Diagnostic::error(&codes::DUPLICATE_NAME, format!("two {kind}s are named `{}`", name.value))
        .at(&name.span, "named again")
        .at(first, "named first here")
        .help("Give one of them another name.")
}

fn unused(kind: &str, name: &str, span: &Span) -> Diagnostic {
    Diagnostic::new(&codes::UNUSED_DEFINITION, Level::Warn, format!("nothing uses the {kind} `{name}`"))
        .at(span, "never used")
        .help("Remove it, or use it.")
}
