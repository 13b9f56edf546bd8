//! The JSON Schema of the decoded strategy, made from the vocabulary and the bundled plugins' manifests. `UPDATE=1`
//! rewrites `schema/strategy.schema.json`. It cannot say that names are unique and that what is referred to exists.

use crate::case::facts;
use crate::expected::{here, matches};
use compiler::structure::{self, Form, Manifest, NodeShape, REFERENCES, Type, ValueShape};
use serde_json::{Map, Value, json};

/// The whole schema.
pub(crate) fn schema() -> Value {
    let manifests = structure::manifests(&facts().plugins, &mut Vec::new());
    let root = structure::strategy().iter().find(|shape| shape.required).unwrap();
    let mut out = node(root, &manifests);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A strategy of Backstay, decoded",
        "$comment": "Made from schema/strategy.kdl and the manifests of the bundled plugins.",
        "$defs": types(),
    });
    out.as_object_mut().unwrap().extend(head.as_object().unwrap().clone());
    out
}

/// A definition for each type of value.
fn types() -> Value {
    let described = |doc: &str, mut schema: Value| {
        schema["description"] = json!(doc);
        schema
    };
    let number = |doc: &str| described(doc, json!({ "type": "integer", "minimum": 0 }));
    let references: Vec<Value> = REFERENCES
        .iter()
        .map(|place| {
            let text = json!({ "type": "string", "minLength": 1 });
            let value = if *place == "command" { json!({ "type": "array", "items": text, "minItems": 1 }) } else { text };
            json!({ "type": "object", "properties": { *place: value }, "required": [*place], "additionalProperties": false })
        })
        .collect();
    let growth = json!({
        "type": "object",
        "properties": {
            "basis-points": number("Hundredths of a percent."),
            "per": number("Seconds; a month is 30 days and a year is 365."),
        },
        "required": ["basis-points", "per"],
        "additionalProperties": false,
    });
    json!({
        "duration": number("Seconds."),
        "size": number("Bytes."),
        "rate": number("Bytes per second."),
        "growth": described("How fast something grows.", growth),
        "url": { "type": "string", "pattern": "^https?://." },
        "time": described("A time of day.", json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" })),
        "date": described("A day.", json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })),
        "recipient": described("A public key of age.", json!({ "type": "string", "pattern": "^age1." })),
        "name": { "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$" },
        "database": described(
            "The name of a database, or a glob over them.",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9*?][A-Za-z0-9._*?-]{0,62}$" }),
        ),
        "secret": described("Where the value is found when it is used; never the value.", json!({ "oneOf": references })),
    })
}

fn value(shape: &ValueShape) -> Value {
    let mut out = match shape.kind {
        Type::Enum => json!({ "enum": shape.one_of }),
        Type::Words => json!({ "type": "array", "items": { "enum": shape.one_of }, "minItems": 1 }),
        Type::Boolean => json!({ "type": "boolean" }),
        Type::Integer => {
            let (least, most) = (shape.least.unwrap_or(0), shape.most.unwrap_or(i128::from(u32::MAX)));
            json!({ "type": "integer", "minimum": u32::try_from(least).unwrap(), "maximum": u32::try_from(most).unwrap() })
        }
        kind => {
            let name = Type::ALL.iter().find(|(_, known)| *known == kind).unwrap().0;
            match types().get(name) {
                Some(_) => json!({ "$ref": format!("#/$defs/{name}") }),
                None => json!({ "type": "string", "minLength": 1 }),
            }
        }
    };
    if !shape.doc.is_empty() {
        out["description"] = json!(shape.doc);
    }
    out
}

fn values(shape: &ValueShape) -> Value {
    json!({ "type": "array", "items": value(shape), "minItems": usize::from(shape.required) })
}

fn node(shape: &NodeShape, manifests: &[Manifest]) -> Value {
    let mut out = match shape.form() {
        Form::Flag => json!({ "const": true }),
        // Said without its argument, it is null.
        Form::One(only) if !only.required && only.default.is_none() => {
            json!({ "anyOf": [value(only), { "type": "null" }] })
        }
        Form::One(only) => value(only),
        Form::Many(all) => values(all),
        Form::Object => object(shape, manifests),
    };
    if !shape.doc.is_empty() {
        out["description"] = json!(shape.doc);
    }
    out
}

/// Properties and those that must be there.
#[derive(Default)]
struct Keys {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Keys {
    fn value(&mut self, shape: &ValueShape, schema: Value) {
        self.properties.insert(shape.name.clone(), schema);
        if shape.required || shape.default.is_some() || shape.repeat {
            self.required.push(shape.name.clone());
        }
    }

    fn child(&mut self, shape: &NodeShape, manifests: &[Manifest]) {
        let schema = node(shape, manifests);
        let schema = if shape.repeat { json!({ "type": "array", "items": schema, "minItems": 1 }) } else { schema };
        self.properties.insert(shape.name.clone(), schema);
        if shape.required || shape.stands_by_default() {
            self.required.push(shape.name.clone());
        }
    }

    fn into_schema(self) -> Value {
        json!({ "properties": self.properties, "required": self.required })
    }
}

fn object(shape: &NodeShape, manifests: &[Manifest]) -> Value {
    let mut keys = Keys::default();
    for argument in &shape.arguments {
        keys.value(argument, if argument.repeat { values(argument) } else { value(argument) });
    }
    for property in &shape.properties {
        keys.value(property, value(property));
    }
    let (listed, plain): (Vec<_>, Vec<_>) =
        shape.children.iter().partition(|child| child.repeat && shape.ordered.is_some());
    for child in plain.iter().filter(|child| child.when.is_none()) {
        keys.child(child, manifests);
    }
    if let Some(list) = &shape.ordered {
        let items: Vec<Value> = listed
            .iter()
            .map(|child| {
                let properties = json!({ child.name.as_str(): node(child, manifests) });
                json!({ "type": "object", "properties": properties, "required": [child.name], "additionalProperties": false })
            })
            .collect();
        keys.properties.insert(list.clone(), json!({ "type": "array", "items": { "oneOf": items } }));
        keys.required.push(list.clone());
    }
    let mut out = keys.into_schema();
    out["type"] = json!("object");
    let mut parts = conditions(&plain, manifests);
    if let Some(kind) = &shape.plugin {
        parts.extend(plugins(kind, manifests));
    }
    if !parts.is_empty() {
        out["allOf"] = json!(parts);
    }
    out["unevaluatedProperties"] = json!(false);
    out
}

/// `property` has this value.
fn has(property: &str, schema: Value) -> Value {
    json!({ "properties": { property: schema }, "required": [property] })
}

/// What holds only where a property has a value.
fn conditions(children: &[&NodeShape], manifests: &[Manifest]) -> Vec<Value> {
    let mut seen = Vec::new();
    for when in children.iter().filter_map(|child| child.when.as_ref()) {
        if !seen.contains(&when) {
            seen.push(when);
        }
    }
    let part = |when: &structure::When| {
        let mut keys = Keys::default();
        for child in children.iter().filter(|child| child.when.as_ref() == Some(when)) {
            keys.child(child, manifests);
        }
        json!({ "if": has(&when.property, json!({ "const": when.value })), "then": keys.into_schema() })
    };
    seen.into_iter().map(part).collect()
}

/// What each bundled plugin adds; what another one adds is not known here.
fn plugins(kind: &str, manifests: &[Manifest]) -> Vec<Value> {
    let ours: Vec<&Manifest> = manifests.iter().filter(|manifest| manifest.kind == kind).collect();
    let part = |manifest: &&Manifest| {
        let mut keys = Keys::default();
        for child in &manifest.nodes {
            keys.child(child, manifests);
        }
        json!({ "if": has("plugin", json!({ "const": manifest.name })), "then": keys.into_schema() })
    };
    let mut out: Vec<Value> = ours.iter().map(part).collect();
    let names: Vec<&str> = ours.iter().map(|manifest| manifest.name.as_str()).collect();
    out.push(json!({ "if": has("plugin", json!({ "enum": names })), "else": { "additionalProperties": true } }));
    out
}

#[test]
fn the_schema_of_the_decoded_strategy_has_not_drifted() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    matches(&here().join("../schema/strategy.schema.json"), &text).unwrap();
}

#[test]
fn the_schema_is_one() {
    jsonschema::meta::validate(&schema()).unwrap();
}

/// Arguments, properties, children and what plugins add share the keys of one object.
#[test]
fn no_two_parts_of_a_node_have_one_key() {
    fn judge(shape: &NodeShape, manifests: &[Manifest]) {
        let added = manifests.iter().filter(|manifest| shape.plugin.as_ref() == Some(&manifest.kind));
        let added = added.flat_map(|manifest| &manifest.nodes).map(|node| (&node.name, None));
        let values = shape.arguments.iter().chain(&shape.properties).map(|value| (&value.name, None));
        let children = shape.children.iter().map(|child| (&child.name, child.when.as_ref()));
        let mut seen: Vec<(&String, Option<&structure::When>)> = Vec::new();
        if matches!(shape.form(), Form::Object) {
            for (name, when) in values.chain(children).chain(added) {
                let clash = |other: &&(&String, Option<&structure::When>)| {
                    other.0 == name && (other.1 == when || when.is_none() || other.1.is_none())
                };
                assert!(seen.iter().find(clash).is_none(), "`{}` has two `{name}`", shape.name);
                seen.push((name, when));
            }
        }
        shape.children.iter().for_each(|child| judge(child, manifests));
    }
    let manifests = structure::manifests(&facts().plugins, &mut Vec::new());
    structure::strategy().iter().for_each(|shape| judge(shape, &manifests));
}
