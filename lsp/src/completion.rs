//! What may be typed where the cursor is: nodes, properties, and values. Every offer is a whole: a node comes with what it
//! must have.

use crate::desk::Desk;
use crate::document::Document;
use crate::names::{Definition, definitions};
use crate::place::{self, Of, Place};
use crate::sketch::NodeId;
use crate::vocabulary::{USE, Use};
use compiler::structure::{NodeShape, REFERENCES, Type, ValueShape};
use compiler::syntax::Value;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// What an offer is, for its symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Node,
    Property,
    /// A word of the vocabulary.
    Word,
    /// The name of a thing.
    Name,
    /// A value that shows the form.
    Sample,
}

/// An offer.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) label: String,
    /// What is put in the place of [`Item::word`], as a snippet.
    pub(crate) snippet: String,
    /// A few words beside the label.
    pub(crate) detail: String,
    pub(crate) doc: String,
    pub(crate) word: Range<usize>,
}

/// Offers for a place in a text, those that fit best first.
pub(crate) fn complete(desk: &Desk, document: &Document, offset: usize) -> Vec<Item> {
    let at = place::at(&document.text, &document.sketch, offset);
    let mut items = match &at.place {
        Place::Comment => Vec::new(),
        Place::Node { parent, id } => nodes(desk, document, *parent, *id),
        Place::Entry { node, arguments } => {
            let Some(shape) = desk.vocabulary.shape(document, *node) else { return Vec::new() };
            let mut items = shape.argument(*arguments).map(|of| values(desk, document, *node, of)).unwrap_or_default();
            items.extend(properties(document, *node, shape, None));
            if shape.name == USE {
                items.extend(parameters(desk, document, *node));
            }
            items
        }
        Place::Property { node, name } => {
            let Some(shape) = desk.vocabulary.shape(document, *node) else { return Vec::new() };
            properties(document, *node, shape, Some(name))
        }
        Place::Value { node, of, annotation } => {
            let Some(shape) = desk.vocabulary.shape(document, *node) else { return Vec::new() };
            let shape = match (annotation, of) {
                (Some(annotation), _) => {
                    (document.text_of(annotation) == compiler::expand::VAR).then_some(&desk.vocabulary.variable)
                }
                (None, Of::Argument(position)) => shape.argument(*position),
                (None, Of::Property(name)) => shape.property(&document.text_of(name)),
            };
            shape.map(|of| values(desk, document, *node, of)).unwrap_or_default()
        }
    };
    for item in &mut items {
        item.word = at.word.clone();
    }
    items
}

fn item(kind: Kind, label: &str, snippet: String, detail: &str, doc: &str) -> Item {
    let (label, detail, doc) = (label.to_owned(), detail.to_owned(), doc.to_owned());
    Item { kind, label, snippet, detail, doc, word: 0..0 }
}

/// Text as a snippet that is only itself.
fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

fn nodes(desk: &Desk, document: &Document, parent: Option<NodeId>, present: Option<NodeId>) -> Vec<Item> {
    let others = document.sketch.below(parent).filter(|(id, _)| Some(*id) != present);
    let there: BTreeSet<String> = others.map(|(_, node)| document.name(node).into_owned()).collect();
    // Only the name is replaced where the rest of the node stands already.
    let alone = present.and_then(|id| document.sketch.node(id)).is_none_or(|node| node.entries.is_empty());
    let missing = |shape: &&NodeShape| shape.repeat || !there.contains(&shape.name);
    let mut shapes = desk.vocabulary.below(document, parent);
    shapes.retain(missing);
    let written = |shape: &NodeShape| if alone { node_snippet(shape) } else { plain(&shape.name) };
    shapes
        .iter()
        .map(|shape| {
            item(Kind::Node, &shape.name, written(shape), if shape.required { "required" } else { "" }, &shape.doc)
        })
        .collect()
}

/// A node with all that it must have, to be filled in.
fn node_snippet(shape: &NodeShape) -> String {
    let mut stop = 0;
    let mut out = shape.name.clone();
    for argument in &shape.arguments {
        out.push(' ');
        out.push_str(&hole(argument, &mut stop));
    }
    for property in shape.properties.iter().filter(|property| property.required) {
        out.push_str(&format!(" {}={}", property.name, hole(property, &mut stop)));
    }
    if !shape.children.is_empty() || shape.plugin.is_some() {
        out.push_str(" {\n    $0\n}");
    }
    out
}

/// A place in a snippet that waits for a value; the sample stands there until it is typed.
fn hole(shape: &ValueShape, stop: &mut usize) -> String {
    *stop += 1;
    let sample = shape.sample();
    let inner = sample.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(_) if shape.one_of.len() > 1 && shape.kind == Type::Enum => {
            format!("\"${{{stop}|{}|}}\"", shape.one_of.join(","))
        }
        Some(inner) if shape.one_of.is_empty() && !shape.refers.is_empty() => {
            let kind = shape.refers.first().map_or(inner, String::as_str);
            format!("\"${{{stop}:{}}}\"", plain(kind))
        }
        Some(inner) => format!("\"${{{stop}:{}}}\"", plain(inner)),
        None => format!("${{{stop}:{}}}", plain(&sample)),
    }
}

fn properties(document: &Document, node: NodeId, shape: &NodeShape, present: Option<&Range<usize>>) -> Vec<Item> {
    let entries = document.sketch.node(node).into_iter().flat_map(|node| &node.entries);
    let others = entries.filter_map(|entry| entry.name.as_ref()).filter(|name| Some(*name) != present);
    let there: BTreeSet<String> = others.map(|name| document.text_of(name).into_owned()).collect();
    let missing = shape.properties.iter().filter(|property| !there.contains(&property.name));
    missing
        .map(|property| {
            let snippet = match present {
                Some(_) => plain(&property.name),
                None => format!("{}={}", property.name, hole(property, &mut 0)),
            };
            item(Kind::Property, &property.name, snippet, property.kind.noun(), &property.doc)
        })
        .collect()
}

/// The parameters of the template that a node takes, as properties.
fn parameters(desk: &Desk, document: &Document, node: NodeId) -> Vec<Item> {
    let wanted = document.sketch.node(node).and_then(|node| node.arguments().next()?.value.clone());
    let wanted = wanted.map(|value| document.text_of(&value).into_owned()).unwrap_or_default();
    let said = |name: &str| document.property(node, name).is_some();
    let all = definitions(&desk.vocabulary, &desk.strategy(document));
    let of_template = |it: &&Definition| it.within.as_deref() == Some(wanted.as_str()) && !said(&it.name);
    let fitting = all.iter().filter(of_template);
    fitting.map(|it| item(Kind::Property, &it.name, format!("{}=\"$1\"", plain(&it.name)), &it.line, "")).collect()
}

fn values(desk: &Desk, document: &Document, node: NodeId, shape: &ValueShape) -> Vec<Item> {
    let quoted = |kind, text: &str, detail: &str| {
        let typed = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        item(kind, text, plain(&typed), detail, &shape.doc)
    };
    let mut items: Vec<Item> = shape.one_of.iter().map(|word| quoted(Kind::Word, word, "")).collect();
    let documents = desk.strategy(document);
    let entry = crate::sketch::Entry { name: None, annotation: None, value: None, start: 0, end: 0, live: true };
    let used = Use { document, node, entry: &entry, shape };
    if !shape.refers.is_empty() {
        let all = definitions(&desk.vocabulary, &documents);
        let refers = |kind: &String| shape.refers.contains(kind);
        let fitting = all.iter().filter(|definition| refers(&definition.kind) && definition.answers(&used));
        let own =
            |line: &str| document.sketch.node(node).and_then(|node| document.text.get(node.head.clone())) == Some(line);
        items.extend(
            fitting
                .filter(|definition| !own(&definition.line))
                .map(|definition| quoted(Kind::Name, &definition.name, &definition.line)),
        );
    }
    if shape.refers.iter().any(|kind| kind == "plugin") {
        let wanted = desk.vocabulary.shape(document, node).and_then(|shape| shape.plugin.as_deref());
        let fitting =
            desk.vocabulary.manifests.iter().filter(|manifest| wanted.is_none_or(|kind| kind == manifest.kind));
        items.extend(fitting.map(|manifest| quoted(Kind::Name, &manifest.name, &manifest.kind)));
    }
    match shape.kind {
        Type::Boolean => {
            items.extend(["#true", "#false"].map(|word| item(Kind::Word, word, plain(word), "", &shape.doc)));
        }
        Type::Secret => items.extend(REFERENCES.iter().map(|place| {
            let label = format!("({place})\"…\"");
            item(Kind::Sample, &label, format!("({place})\"$1\""), "where the secret is found", &shape.doc)
        })),
        Type::Timezone => {
            let zones = jiff::tz::TimeZoneDatabase::bundled();
            items.extend(zones.available().map(|zone| quoted(Kind::Word, zone.as_str(), "")));
        }
        Type::String | Type::Database => {
            items.extend(said(desk, &documents, &used).iter().map(|text| quoted(Kind::Name, text, "said elsewhere")));
        }
        _ => {}
    }
    if items.is_empty() && shape.names.is_none() {
        items.push(item(Kind::Sample, &shape.sample(), plain(&shape.sample()), shape.kind.noun(), &shape.doc));
    }
    items
}

/// What the strategy says elsewhere for the same thing: databases, and the values of nodes and properties of that name.
fn said(desk: &Desk, documents: &[Arc<Document>], used: &Use<'_>) -> BTreeSet<String> {
    let name_of = |it: &Use<'_>| it.document.sketch.node(it.node).map(|node| it.document.name(node).into_owned());
    let here = name_of(used);
    let mut out = BTreeSet::new();
    for document in documents {
        for other in desk.vocabulary.uses(document) {
            let alike = if used.shape.kind == Type::Database {
                other.shape.kind == Type::Database
            } else {
                other.shape.kind == Type::String && other.shape.name == used.shape.name && name_of(&other) == here
            };
            let value = other.entry.value.as_ref().map(|value| document.text_of(value).into_owned());
            out.extend(value.filter(|value| alike && !value.is_empty() && !value.contains(['\n', '*', '?'])));
        }
    }
    out
}

/// How a default is typed.
pub(crate) fn typed(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("\"{text}\""),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(value) => format!("#{value}"),
        Value::Null => "#null".to_owned(),
    }
}
