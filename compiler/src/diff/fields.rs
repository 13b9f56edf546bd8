//! Values that no rule knows more about, compared by name: settings of engines, plugins and targets.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What one field was and is, for people.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// The fields that differ, by name, but for those in `known`.
pub(super) fn differing<T: Serialize>(before: &T, after: &T, known: &[&str]) -> Vec<Field> {
    let (before, after) = (object(before), object(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = |name: &&String| before.get(*name) != after.get(*name) && !known.contains(&name.as_str());
    let field = |name: &String| Field {
        name: name.clone(),
        before: before.get(name).and_then(shown),
        after: after.get(name).and_then(shown),
    };
    names.into_iter().filter(differs).map(field).collect()
}

/// Fields in a line each way, as `path /srv/a, owner root`.
pub(super) fn joined(fields: &[Field]) -> (Option<String>, Option<String>) {
    let side = |value: fn(&Field) -> Option<&String>| {
        let said: Vec<String> =
            fields.iter().filter_map(|field| value(field).map(|value| format!("{} {value}", field.name))).collect();
        (!said.is_empty()).then(|| said.join(", "))
    };
    (side(|field| field.before.as_ref()), side(|field| field.after.as_ref()))
}

fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Nothing for what is not said.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) if items.iter().all(Value::is_string) => {
            Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
        }
        Value::Object(fields) if fields.is_empty() => None,
        other => Some(other.to_string()),
    }
}
