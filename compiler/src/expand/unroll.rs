//! Writes out what is reused: the nodes of a template for its `use`, the value for its variable. The work is bounded, so
//! that templates that double each other are refused before they fill the memory.

use super::bind::{Scope, bind};
use super::define::{Definitions, Held};
use super::{Given, VAR, merge, shape};
use crate::diag::{Diagnostic, Sink, codes, suggest};
use crate::span::{Hop, How, Span, Spanned};
use crate::syntax::{Entry, MOST_LEVELS, Node, Value};
use std::collections::BTreeMap;

/// Most nodes that templates may make, each `use` counted as one more.
pub const MOST_MADE: usize = 100_000;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Whole,
    /// A `use` brought nothing, which was told.
    Part,
    /// It would not have ended well; what there is means nothing.
    TooMuch,
}

/// Writes out every node.
pub(super) fn unroll(nodes: &mut Vec<Node>, definitions: &mut Definitions, given: Given<'_>, sink: &mut Sink) -> Made {
    let root = nodes.first().map(|node| node.span.clone());
    let free = definitions.give(given.variables, sink);
    let mut it = Unroller { definitions, free, given, sink, open: Vec::new(), made: 0, full: false, whole: true };
    let taken = std::mem::take(nodes);
    *nodes = it.level(taken, None, 0);
    it.tell_free(root.as_ref());
    match (it.full, it.whole) {
        (true, _) => Made::TooMuch,
        (false, true) => Made::Whole,
        (false, false) => Made::Part,
    }
}

struct Unroller<'a> {
    definitions: &'a mut Definitions,
    /// Values that are given without a `let`, and whether one was used.
    free: BTreeMap<String, (Value, bool)>,
    given: Given<'a>,
    sink: &'a mut Sink,
    /// Templates around the present nodes, each with the name that uses it.
    open: Vec<(String, Span)>,
    made: usize,
    /// Whether a limit was met: nothing more is made.
    full: bool,
    whole: bool,
}

impl Unroller<'_> {
    fn level(&mut self, mut nodes: Vec<Node>, scope: Option<&Scope>, depth: usize) -> Vec<Node> {
        let ours = |node: &Node| matches!(node.name.value.as_str(), "use" | "import" | "let" | "template");
        if !nodes.iter().any(ours) {
            for node in &mut nodes {
                self.node(node, scope, depth);
            }
            return nodes;
        }
        let mut out = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            if node.name.value == "use" {
                self.apply(node, scope, depth, &mut out);
            } else if ours(&node) {
                self.sink.push(misplaced(&node));
            } else {
                self.node(&mut node, scope, depth);
                out.push(node);
            }
        }
        out
    }

    fn node(&mut self, node: &mut Node, scope: Option<&Scope>, depth: usize) {
        if depth < 2 && self.definitions.misspelt.contains(&node.name.value) {
            return;
        }
        if depth > MOST_LEVELS {
            if !self.full {
                let message = format!("templates nest more than {MOST_LEVELS} levels deep");
                self.refuse(Diagnostic::error(&codes::TOO_DEEP, message).at(&node.span, "one level too many"));
            }
            node.children.clear();
            return;
        }
        for entry in &mut node.entries {
            self.entry(entry, scope);
        }
        if !node.children.is_empty() {
            let children = std::mem::take(&mut node.children);
            node.children = self.level(children, scope, depth + 1);
        }
    }

    /// Nothing more is made after this.
    fn refuse(&mut self, diagnostic: Diagnostic) {
        self.full = true;
        self.whole = false;
        self.sink.push(diagnostic.help("Use fewer templates inside each other."));
    }

    /// Puts the value in for `(var)"name"`; leaves the annotation where there is none.
    fn entry(&mut self, entry: &mut Entry, scope: Option<&Scope>) {
        if entry.annotation.as_ref().is_none_or(|annotation| annotation.value != VAR) {
            return;
        }
        let Some(name) = entry.value.as_text().map(str::to_owned) else {
            let message = format!("the name of a variable is a string, not {}", entry.value.kind());
            self.sink.push(
                Diagnostic::error(&codes::WRONG_TYPE, message)
                    .at(&entry.span, "no name")
                    .help("Write the name in quotes, for example `(var)\"region\"`."),
            );
            return;
        };
        let value: Option<Spanned<Value>> = match self.param(&name, scope) {
            Some(bound) => bound,
            None => match self.variable(&name, &entry.span, scope) {
                Some((value, Some(span))) => Some(Spanned::new(value, &span)),
                Some((value, None)) => {
                    (entry.value, entry.annotation) = (value, None);
                    return;
                }
                None => None,
            },
        };
        if let Some(value) = value {
            entry.span = entry.span.through(&Hop::new(How::Variable, &value.span));
            (entry.value, entry.annotation) = (value.value, None);
        }
    }

    /// The value of a parameter of the template around. The outer `None`: there is no such parameter.
    fn param(&mut self, name: &str, scope: Option<&Scope>) -> Option<Option<Spanned<Value>>> {
        let scope = scope?;
        let bound = scope.values.get(name)?.clone();
        let template = self.definitions.templates.get_mut(&scope.template);
        let params = template.into_iter().flat_map(|template| &mut template.params);
        for param in params.filter(|param| param.name.value == name) {
            param.used = true;
        }
        Some(bound)
    }

    /// The value of a variable, with the place that says it when that is in a text.
    fn variable(&mut self, name: &str, span: &Span, scope: Option<&Scope>) -> Option<(Value, Option<Span>)> {
        if let Some((value, used)) = self.free.get_mut(name) {
            *used = true;
            return Some((value.clone(), None));
        }
        let Some(variable) = self.definitions.variables.get_mut(name) else {
            if self.definitions.unsure || scope.is_some_and(|scope| scope.unsure) {
                return None;
            }
            let params = scope.into_iter().flat_map(|scope| scope.values.keys());
            let known: Vec<&str> = self.definitions.variables.keys().chain(params).map(String::as_str).collect();
            let add = format!("Add `let \"{name}\" \"…\"`, or give it with `--var {name}=…`.");
            self.sink.push(
                Diagnostic::error(&codes::UNKNOWN_NAME, format!("no variable is named `{name}`"))
                    .at(span, "not defined")
                    .help(suggest::nearest(name, known).map_or(add, |near| format!("Did you mean `{near}`?"))),
            );
            return None;
        };
        let told = std::mem::replace(&mut variable.used, true);
        match &variable.held {
            Held::Said(value) => Some((value.value.clone(), Some(value.span.clone()))),
            Held::Given(value) => Some((value.clone(), None)),
            Held::Broken => None,
            Held::Nothing => {
                if !told {
                    self.sink.push(
                        Diagnostic::error(&codes::MISSING_ARGUMENT, format!("the variable `{name}` has no value"))
                            .at(&variable.name, "none is written here")
                            .at(span, "needed here")
                            .help(format!("Give it with `--var {name}=…`, or write it behind the name.")),
                    );
                }
                None
            }
        }
    }

    /// The nodes of the template that a `use` names.
    fn apply(&mut self, mut node: Node, scope: Option<&Scope>, depth: usize, out: &mut Vec<Node>) {
        if self.full {
            return;
        }
        let Some(name) = shape::only_name(&node, "the name", self.sink) else {
            self.whole = false;
            return;
        };
        if let Some(first) = self.open.iter().position(|(open, _)| *open == name.value) {
            self.whole = false;
            return self.sink.push(circle(self.open.get(first..).unwrap_or_default(), &name));
        }
        let Some(template) = self.definitions.templates.get_mut(&name.value) else {
            self.whole = false;
            if self.definitions.unsure || self.definitions.lost.contains(&name.value) {
                return;
            }
            let known: Vec<&str> = self.definitions.templates.keys().map(String::as_str).collect();
            let help = suggest::did_you_mean(&name.value, &known);
            return self.sink.push(
                Diagnostic::error(&codes::UNKNOWN_NAME, format!("no template is named `{}`", name.value))
                    .at(&name.span, "not defined")
                    .help(help.unwrap_or_else(|| format!("Add `template \"{}\" {{ … }}`.", name.value))),
            );
        };
        template.used = true;
        self.made += 1 + template.size;
        if self.made > MOST_MADE {
            let message = format!("templates make more than {MOST_MADE} nodes");
            return self.refuse(
                Diagnostic::error(&codes::EXPANSION_TOO_LARGE, message).at(&node.span, "here is one too many"),
            );
        }
        if self.open.len() >= MOST_LEVELS {
            let message = format!("templates nest more than {MOST_LEVELS} levels deep");
            return self.refuse(Diagnostic::error(&codes::TOO_DEEP, message).at(&node.span, "one level too many"));
        }
        for entry in node.entries.iter_mut().filter(|entry| entry.name.is_some()) {
            self.entry(entry, scope);
        }
        let Some(template) = self.definitions.templates.get(&name.value) else { return };
        let inner = bind(&node, &name.value, template, self.sink);
        let hop = Hop::new(How::Use, &node.span);
        let body = template.body.iter().map(|node| brought(node, &hop)).collect();
        self.open.push((name.value, name.span));
        let body = self.level(body, Some(&inner), depth);
        self.open.pop();
        let block = self.level(node.children, scope, depth);
        out.extend(merge::merge(body, block, self.given.identity, self.sink));
    }

    /// A value that nothing asks for is a name that was typed wrong.
    fn tell_free(&mut self, root: Option<&Span>) {
        let known: Vec<&str> = self.definitions.variables.keys().map(String::as_str).collect();
        for name in self.free.iter().filter(|(_, (_, used))| !used).map(|(name, _)| name) {
            let mut out =
                Diagnostic::error(&codes::UNKNOWN_NAME, format!("`--var {name}=…`: no variable has this name"));
            if let Some(root) = root {
                out = out.at(root, "this strategy never asks for it");
            }
            let help = suggest::did_you_mean(name, &known);
            self.sink.push(out.help(help.unwrap_or_else(|| format!("Remove it, or use it with `(var)\"{name}\"`."))));
        }
    }
}

/// A copy of a template's node, which remembers what brought it.
fn brought(node: &Node, hop: &Hop) -> Node {
    let named = |name: &Spanned<String>| Spanned::new(name.value.clone(), &name.span.through(hop));
    let entry = |entry: &Entry| Entry {
        name: entry.name.as_ref().map(named),
        annotation: entry.annotation.as_ref().map(named),
        value: entry.value.clone(),
        span: entry.span.through(hop),
    };
    Node {
        name: named(&node.name),
        annotation: node.annotation.as_ref().map(named),
        entries: node.entries.iter().map(entry).collect(),
        children: node.children.iter().map(|child| brought(child, hop)).collect(),
        block: node.block,
        span: node.span.through(hop),
    }
}

fn misplaced(node: &Node) -> Diagnostic {
    let name = &node.name.value;
    Diagnostic::error(&codes::MISPLACED_NODE, format!("`{name}` cannot stand here"))
        .at(&node.span, "neither at the top of a text nor directly in `strategy`")
        .help(format!("Move `{name}` to the top of the text."))
}

fn circle(around: &[(String, Span)], again: &Spanned<String>) -> Diagnostic {
    let mut names: Vec<String> = around.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = if names.len() == 1 {
        format!("the template `{}` uses itself", again.value)
    } else {
        names.push(format!("`{}`", again.value));
        format!("these templates use each other: {}", names.join(" → "))
    };
    let mut out = Diagnostic::error(&codes::TEMPLATE_CYCLE, message);
    for (name, span) in around.iter().skip(1) {
        out = out.at(span, format!("uses `{name}`"));
    }
    out.at(&again.span, format!("uses `{}` again", again.value)).help("Remove one of these `use`.")
}
