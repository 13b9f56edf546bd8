//! `store` and `notify`, with the nodes that their plugins add.

use super::Left;
use super::values::{child, secret, text};
use crate::model::{Notifier, Plugin, Store};
use crate::span::Spanned;
use crate::structure::Manifest;
use crate::syntax::{Cursor, Entry, Value};
use schema::report::Outcome;
use schema::secret::SecretRef;
use schema::store::Config;
use std::collections::BTreeMap;

pub(super) fn store(mut cursor: Cursor<'_>, manifests: &[Manifest], left: &mut Left) -> Option<Store> {
    let name = text(cursor.argument()?)?;
    let plugin = text(cursor.property("plugin")?)?;
    let site = child(&mut cursor, "site", left).and_then(text);
    let media = child(&mut cursor, "media", left).and_then(text);
    let secrets = secrets(&mut cursor, left)?;
    let config = config(&mut cursor, &plugin.value, manifests)?;
    left.extend(cursor.left());
    let span = cursor.span().clone();
    Some(Store { name, plugin: Plugin { name: plugin, config, secrets }, site, media, span })
}

pub(super) fn notifier(mut cursor: Cursor<'_>, manifests: &[Manifest], left: &mut Left) -> Option<Notifier> {
    let name = text(cursor.argument()?)?;
    let plugin = text(cursor.property("plugin")?)?;
    let words = text(cursor.property("on")?)?.value;
    let body = child(&mut cursor, "body", left).and_then(text);
    let secrets = secrets(&mut cursor, left)?;
    let config = config(&mut cursor, &plugin.value, manifests)?;
    left.extend(cursor.left());
    let span = cursor.span().clone();
    Some(Notifier { name, plugin: Plugin { name: plugin, config, secrets }, on: outcomes(&words), body, span })
}

fn outcomes(words: &str) -> Vec<Outcome> {
    let mut out: Vec<Outcome> = words
        .split_whitespace()
        .filter_map(|word| match word {
            "success" => Some(Outcome::Ok),
            "degraded" => Some(Outcome::Degraded),
            "failure" => Some(Outcome::Failed),
            _ => None,
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn secrets(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<BTreeMap<String, SecretRef>> {
    let mut out = BTreeMap::new();
    for mut node in cursor.children("secret") {
        out.insert(text(node.argument()?)?.value, secret(node.argument()?)?);
        left.extend(node.left());
    }
    Some(out)
}

/// The values of the plugin's own nodes.
fn config(cursor: &mut Cursor<'_>, plugin: &str, manifests: &[Manifest]) -> Option<BTreeMap<String, Spanned<Config>>> {
    let shapes = manifests.iter().find(|manifest| manifest.name == plugin).map(|manifest| manifest.nodes.as_slice());
    let mut out: BTreeMap<String, Spanned<Config>> = BTreeMap::new();
    for mut node in cursor.rest() {
        let shape = shapes.unwrap_or_default().iter().find(|shape| shape.name == node.name());
        let many = shape.is_some_and(|shape| {
            shape.repeat || shape.arguments.len() > 1 || shape.arguments.iter().any(|argument| argument.repeat)
        });
        let (name, span) = (node.name().to_owned(), node.span().clone());
        let entries = node.arguments();
        if many {
            let words = entries.into_iter().map(word);
            let list = out.entry(name).or_insert_with(|| Spanned::new(Config::List(Vec::new()), &span));
            if let Config::List(list) = &mut list.value {
                list.extend(words);
            }
        } else if let Some(entry) = entries.first() {
            let value = match &entry.value {
                Value::Boolean(value) => Config::Bool(*value),
                Value::Integer(number) => Config::Number(i64::try_from(*number).ok()?),
                _ => Config::Text(word(entry)),
            };
            out.insert(name, Spanned::new(value, &entry.span));
        }
    }
    Some(out)
}

fn word(entry: &Entry) -> String {
    match &entry.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::Null => String::new(),
    }
}
