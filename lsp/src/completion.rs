//! What may be typed where the cursor is: nodes and properties here, values in `values`. Every offer is a whole: a node
//! comes with what it must have.

use crate::desk::Desk;
use crate::document::Document;
use crate::place::{self, Of, Place};
use crate::sketch::NodeId;
use crate::values::There;
use crate::vocabulary::USE;
use compiler::structure::{NodeShape, Type, ValueShape};
use compiler::syntax::Value;
use std::collections::BTreeSet;
use std::ops::Range;

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
            let there = There { desk, document, node: *node, word: &at.word };
            let mut items = shape.argument(*arguments).map(|of| there.values(of)).unwrap_or_default();
            items.extend(properties(document, *node, shape, None));
            if shape.name == USE {
                items.extend(there.parameters());
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
            let there = There { desk, document, node: *node, word: &at.word };
            shape.map(|of| there.values(of)).unwrap_or_default()
        }
    };
    for item in &mut items {
        item.word = at.word.clone();
    }
    items
}

pub(crate) fn item(kind: Kind, label: &str, snippet: String, detail: &str, doc: &str) -> Item {
    let (label, detail, doc) = (label.to_owned(), detail.to_owned(), doc.to_owned());
    Item { kind, label, snippet, detail, doc, word: 0..0 }
}

/// Text as a snippet that is only itself.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

fn nodes(desk: &Desk, document: &Document, parent: Option<NodeId>, present: Option<NodeId>) -> Vec<Item> {
    let others = document.sketch.below(parent).filter(|(id, _)| Some(*id) != present);
    let there: BTreeSet<String> = others.map(|(_, node)| document.name(node).into_owned()).collect();
    // Only the name is replaced where the rest of the node stands already.
    let alone = present
        .and_then(|id| document.sketch.node(id))
        .is_none_or(|node| node.entries.is_empty() && node.block.is_none());
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
