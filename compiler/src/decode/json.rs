//! Document to plain data, by shapes alone: it knows no node by name, so it cannot lack one. A node's name is its key; a
//! node that may be repeated is a list; values are in one form each (durations are seconds, sizes are bytes).

use crate::structure::{Form, Manifest, NodeShape, Type, ValueShape, unit};
use crate::syntax::{Document, Entry, Node, Value};
use serde_json::{Map, Value as Json, json};

/// The first node of the document that the vocabulary requires, which is the strategy. The document has been checked.
#[must_use]
pub fn json(document: &Document, vocabulary: &[NodeShape], manifests: &[Manifest]) -> Json {
    let root = vocabulary.iter().find(|shape| shape.required);
    let node = root.and_then(|shape| document.nodes.iter().find(|node| node.name.value == shape.name));
    match (root, node) {
        (Some(shape), Some(node)) => self::node(node, shape, manifests),
        _ => Json::Null,
    }
}

fn node(node: &Node, shape: &NodeShape, manifests: &[Manifest]) -> Json {
    match shape.form() {
        Form::Flag => Json::Bool(true),
        Form::One(expected) => node.arguments().next().map_or(Json::Null, |entry| value(entry, expected)),
        Form::Many(expected) => node.arguments().map(|entry| value(entry, expected)).collect(),
        Form::Object => Json::Object(object(node, shape, manifests)),
    }
}

fn object(node: &Node, shape: &NodeShape, manifests: &[Manifest]) -> Map<String, Json> {
    let mut out = Map::new();
    let mut arguments = node.arguments();
    for expected in &shape.arguments {
        if expected.repeat {
            let rest: Json = arguments.by_ref().map(|entry| value(entry, expected)).collect();
            out.insert(expected.name.clone(), rest);
        } else if let Some(entry) = arguments.next() {
            out.insert(expected.name.clone(), value(entry, expected));
        }
    }
    for (name, entry) in node.properties() {
        if let Some(expected) = shape.property(&name.value) {
            out.insert(expected.name.clone(), value(entry, expected));
        }
    }
    if let Some(list) = &shape.ordered {
        out.insert(list.clone(), Json::Array(Vec::new()));
    }
    let plugin = shape.plugin.as_ref().and_then(|_| node.property("plugin")).and_then(|entry| entry.value.as_text());
    let added = manifests.iter().find(|manifest| Some(manifest.name.as_str()) == plugin);
    for child in &node.children {
        let mut shapes = shape.children.iter().chain(added.iter().flat_map(|manifest| &manifest.nodes));
        let Some(found) = shapes.find(|other| other.name == child.name.value && other.holds_in(node)) else { continue };
        let value = self::node(child, found, manifests);
        match (&shape.ordered, found.repeat) {
            (Some(list), true) => push(&mut out, list, json!({ found.name.as_str(): value })),
            (None, true) => push(&mut out, &found.name, value),
            (_, false) => _ = out.insert(found.name.clone(), value),
        }
    }
    out
}

fn push(out: &mut Map<String, Json>, list: &str, value: Json) {
    if let Json::Array(list) = out.entry(list).or_insert_with(|| Json::Array(Vec::new())) {
        list.push(value);
    }
}

/// A value in its one form; a reference stays one, whatever it stands for.
fn value(entry: &Entry, shape: &ValueShape) -> Json {
    if let Some(annotation) = &entry.annotation {
        let text = entry.value.as_text().unwrap_or_default();
        let place = if annotation.value == "command" { words(text) } else { json!(text) };
        return json!({ annotation.value.as_str(): place });
    }
    match (&entry.value, shape.kind) {
        (Value::Text(text), Type::Duration) => json!(unit::duration(text)),
        (Value::Text(text), Type::Size) => json!(unit::size(text)),
        (Value::Text(text), Type::Rate) => json!(unit::rate(text)),
        (Value::Text(text), Type::Growth) => {
            unit::growth(text).map_or(Json::Null, |it| json!({ "basis-points": it.basis_points, "per": it.per }))
        }
        (Value::Text(text), Type::Words) => words(text),
        (Value::Text(text), _) => json!(text),
        (Value::Integer(number), _) => json!(i64::try_from(*number).ok()),
        (Value::Float(number), _) => json!(number),
        (Value::Boolean(value), _) => json!(value),
        (Value::Null, _) => Json::Null,
    }
}

fn words(text: &str) -> Json {
    text.split_whitespace().collect()
}
