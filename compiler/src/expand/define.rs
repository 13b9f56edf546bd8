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
    /// Parameters that cannot be read, which is told; `None` is one without a name.
    pub(super) lost: Vec<Option<String>>,
    pub(super) body: Vec<Node>,
    /// Nodes in the body, at all levels.
    pub(super) size: usize,
    pub(super) used: bool,
}

impl Template {
    /// Whether a parameter that cannot be read may have this name.
    pub(super) fn may_have(&self, name: &str) -> bool {
        self.lost.iter().any(|lost| lost.as_ref().is_none_or(|lost| lost == name))
    }
}

/// All that can be used, by name.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) templates: BTreeMap<String, Template>,
    /// Names of templates that are there and cannot be read, which is told.
    pub(super) lost: BTreeSet<String>,
    /// What stands for `template` by a slip: what is inside belongs to none.
    pub(super) misspelt: BTreeSet<String>,
    /// Whether there may be more than these, in a text or under a name that cannot be read, which is told.
    pub(super) unsure: bool,
    /// Names of the texts that hold something else too.
    working: BTreeSet<String>,
}

/// Takes the definitions out of the top of the document and of `strategy`; `whole` says whether every text is there.
pub(super) fn gather(nodes: &mut Vec<Node>, whole: bool, sink: &mut Sink) -> Definitions {
    let mut out = Definitions { unsure: !whole, ..Definitions::default() };
    out.take(nodes, sink);
    for node in nodes.iter_mut().filter(|node| super::is_strategy(node)) {
        out.take(&mut node.children, sink);
    }
    let inside = nodes.iter().filter(|node| super::is_strategy(node)).flat_map(|node| &node.children);
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
        let (variables, templates) = (super::misspelt(nodes, "let"), super::misspelt(nodes, "template"));
        if variables.is_empty() && templates.is_empty() {
            return;
        }
        for node in nodes.iter() {
            if variables.contains(node.name.value.as_str()) {
                self.lose_variable(node);
            } else if templates.contains(node.name.value.as_str()) {
                self.lose_template(node);
            }
        }
        self.misspelt.extend(templates.into_iter().map(str::to_owned));
    }

    /// Known all the same, so that its uses are not told as well.
    fn lose_variable(&mut self, node: &Node) {
        let Some(text) = called(node) else { return self.unsure = true };
        let broken = Variable { name: node.span.clone(), held: Held::Broken, used: true };
        self.variables.entry(text.to_owned()).or_insert(broken);
    }

    fn lose_template(&mut self, node: &Node) {
        match called(node) {
            Some(text) => _ = self.lost.insert(text.to_owned()),
            None => self.unsure = true,
        }
    }

    fn variable(&mut self, node: &Node, sink: &mut Sink) {
        let Some((name, value)) = shape::name_and_value(node, "the name", sink) else {
            return self.lose_variable(node);
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
        let Some(name) = shape::only_text(&node, "the name", sink) else { return self.lose_template(&node) };
        if let Some(first) = self.templates.get(&name.value) {
            return sink.push(twice("template", &name, &first.name));
        }
        let mut params: Vec<Param> = Vec::new();
        let misspelt: BTreeSet<String> =
            super::misspelt(&node.children, "param").into_iter().map(str::to_owned).collect();
        let mut lost: Vec<Option<String>> = Vec::new();
        let mut lose = |node: &Node| lost.push(called(node).map(str::to_owned));
        node.children.iter().filter(|child| misspelt.contains(&child.name.value)).for_each(&mut lose);
        for param in node.children.extract_if(.., |child| child.name.value == "param") {
            let Some((name, value)) = shape::name_and_value(&param, "the name", sink) else {
                lose(&param);
                continue;
            };
            if let Some(first) = params.iter().find(|other| other.name.value == name.value) {
                sink.push(twice("parameter", &name, &first.name.span));
                continue;
            }
            let default = value.map(|entry| Spanned::new(entry.value.clone(), &entry.span));
            params.push(Param { name, default, used: false });
        }
        let size = count(&node.children);
        let template = Template { name: name.span, params, lost, size, body: node.children, used: false };
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

/// The name that a definition was to have.
fn called(node: &Node) -> Option<&str> {
    node.text().filter(|name| !name.trim().is_empty())
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
