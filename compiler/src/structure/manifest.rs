//! A plugin's manifest: what it adds to the vocabulary, what it wants to touch, what it claims. It comes as a fact, and
//! may be wrong.

use super::shape::{NodeShape, Type};
use super::vocabulary;
use crate::diag::{Diagnostic, Sink, codes};
use crate::source::Source;
use crate::syntax::{self, Node};
use schema::fact::PluginManifest;
use std::sync::Arc;

/// A plugin as the compiler knows it.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub name: String,
    /// `storage` or `notifier`.
    pub kind: String,
    pub nodes: Vec<NodeShape>,
    pub wants: Vec<Want>,
    /// Whether nothing was wrong with it; if not, nothing is judged by it.
    pub sound: bool,
    /// The text that it was read from; its digest is an input of a plan.
    pub text: String,
}

impl Manifest {
    /// A plugin that is known by name only, because nothing mentions it.
    #[must_use]
    pub fn unread(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: String::new(),
            nodes: Vec::new(),
            wants: Vec::new(),
            text: String::new(),
            sound: true,
        }
    }
}

/// Something that a plugin asks for; `{node}` stands for the argument of that node in the strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    Dir {
        path: String,
    },
    Http {
        url: String,
        methods: Vec<String>,
        private: Option<String>,
        /// Whether it is that one path, and none below it.
        exact: bool,
        /// The node that must be there, or that must not be, for it to be wanted.
        when: Option<Condition>,
        unless: Option<Condition>,
    },
    /// `*` is every secret that the strategy gives it.
    Secret {
        name: String,
        /// Whether it is for signing, and is never sent.
        signs: bool,
    },
}

/// `node`: it is there; `node=value`: it is there with that value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub node: String,
    pub value: Option<String>,
}

impl Condition {
    fn read(text: &str) -> Self {
        match text.split_once('=') {
            Some((node, value)) => Self { node: node.to_owned(), value: Some(value.to_owned()) },
            None => Self { node: text.to_owned(), value: None },
        }
    }
}

/// Reads all manifests. What is wrong with one is told in its own text, and the plugin is known all the same.
#[must_use]
pub fn manifests(facts: &[PluginManifest], sink: &mut Sink) -> Vec<Manifest> {
    facts
        .iter()
        .map(|fact| {
            let before = sink.len();
            let manifest = manifest(fact, sink);
            Manifest { sound: sink.len() == before, ..manifest }
        })
        .collect()
}

fn manifest(fact: &PluginManifest, sink: &mut Sink) -> Manifest {
    let source = Arc::new(Source::new(&format!("plugin {}", fact.name), &fact.text));
    let mut out = Manifest {
        name: fact.name.clone(),
        kind: String::new(),
        nodes: Vec::new(),
        wants: Vec::new(),
        text: fact.text.clone(),
        sound: true,
    };
    let Some(document) = syntax::parse(&source, sink) else { return out };
    let Some(node) = document.nodes.iter().find(|node| node.name.value == "plugin") else {
        let span = crate::span::Span::new(&source, 0, 0);
        sink.push(invalid(&span, "the manifest has no node `plugin`", "a manifest begins here"));
        return out;
    };
    if node.text() != Some(fact.name.as_str()) {
        sink.push(invalid(&node.span, &format!("the manifest is not that of plugin `{}`", fact.name), "another name"));
    }
    out.kind = node.property("kind").and_then(|entry| entry.value.as_text()).unwrap_or_default().to_owned();
    if !matches!(out.kind.as_str(), "storage" | "notifier") {
        sink.push(invalid(
            &node.span,
            "the plugin's kind is neither `storage` nor `notifier`",
            "no kind that is known",
        ));
    }
    out.nodes = vocabulary::shapes(&node.children, None);
    for child in node.children_named("node") {
        judge_node(child, sink);
    }
    for want in node.children_named("wants").flat_map(|wants| &wants.children) {
        match want_of(want) {
            Some(want) => out.wants.push(want),
            None => sink.push(invalid(&want.span, "not something that a plugin can want", "unknown or incomplete")),
        }
    }
    out
}

/// The words of the vocabulary that a manifest may use, by node.
const WORDS: [(&str, &[&str]); 2] =
    [("node", &["required", "repeat"]), ("argument", &["type", "required", "repeat", "default"])];

/// A word that means nothing would silently change what the plugin is told.
fn judge_words(node: &Node, sink: &mut Sink) {
    let Some((_, known)) = WORDS.iter().find(|(name, _)| *name == node.name.value) else { return };
    for (name, _) in node.properties().filter(|(name, _)| !known.contains(&name.value.as_str())) {
        let message = format!("`{}` means nothing in a manifest", name.value);
        let help = format!("Use {}.", super::suggest::listed(known));
        sink.push(invalid(&name.span, &message, "unknown word").help(help));
    }
}

/// A value without a known type would be left out of the shape, and everything in it refused with the wrong reason.
fn judge_node(node: &Node, sink: &mut Sink) {
    for judged in node.children.iter().chain([node]) {
        judge_words(judged, sink);
    }
    for value in node.children.iter().filter(|child| matches!(child.name.value.as_str(), "argument" | "property")) {
        let kind = value.property("type").and_then(|entry| entry.value.as_text());
        if kind.and_then(Type::named).is_none() {
            sink.push(invalid(&value.span, "a value without a type that is known", "needs `type=`"));
        }
    }
    // The guest gets one flat object, by node name: there is no place in it for more than arguments.
    for deep in node.children.iter().filter(|child| matches!(child.name.value.as_str(), "node" | "property" | "when")) {
        sink.push(invalid(
            &deep.span,
            "a plugin's node can only take arguments",
            "has no place in what the plugin is told",
        ));
    }
    if node.text().is_none() {
        sink.push(invalid(&node.span, "a node without a name", "needs a name"));
    }
}

fn want_of(node: &Node) -> Option<Want> {
    let text = |name: &str| node.property(name).and_then(|entry| entry.value.as_text()).map(str::to_owned);
    let flag = |name: &str| node.property(name).is_some_and(|entry| entry.value == syntax::Value::Boolean(true));
    let first = node.text()?.to_owned();
    match node.name.value.as_str() {
        "dir" => Some(Want::Dir { path: first }),
        "http" => Some(Want::Http {
            url: first,
            methods: text("methods")?.split_whitespace().map(str::to_owned).collect(),
            private: text("private"),
            exact: flag("exact"),
            when: text("when").as_deref().map(Condition::read),
            unless: text("unless").as_deref().map(Condition::read),
        }),
        "secret" => Some(Want::Secret { name: first, signs: flag("signs") }),
        _ => None,
    }
}

fn invalid(span: &crate::span::Span, message: &str, label: &str) -> Diagnostic {
    Diagnostic::error(&codes::INVALID_MANIFEST, message)
        .at(span, label)
        .help("Correct the plugin's manifest, or use another version of the plugin.")
}
