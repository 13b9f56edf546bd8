//! `store` and `notify`, with the nodes that their plugins add.

use super::Left;
use super::values::{child, count, duration, integer, rate, secret, size, text, texts};
use crate::model::{Notifier, Plugin, Store};
use crate::span::Spanned;
use crate::structure::{Manifest, Type};
use crate::syntax::{Cursor, Entry, Value};
use schema::notifier::Occasion;
use schema::secret::SecretRef;
use schema::store::{Compress, Compression, Config};
use std::collections::BTreeMap;

pub(super) fn store(mut cursor: Cursor<'_>, manifests: &[Manifest], left: &mut Left) -> Option<Store> {
    let name = text(cursor.argument()?)?;
    let plugin = text(cursor.property("plugin")?)?;
    let mut word = |name| child(&mut cursor, name, left).and_then(text);
    let (site, zone, provider) = (word("site"), word("zone"), word("provider"));
    let (account, host) = (word("account"), word("host"));
    let (media, class) = (word("media"), word("class"));
    let immutable = child(&mut cursor, "immutable", left).and_then(duration);
    let compress = cursor.child("compress").and_then(|node| compress(node, left));
    let encrypt = match cursor.child("encrypt") {
        Some(mut node) => {
            let recipients = texts(node.arguments());
            left.extend(node.left());
            recipients
        }
        None => Vec::new(),
    };
    let identity = child(&mut cursor, "identity", left).and_then(secret);
    let parallel = child(&mut cursor, "parallel", left).and_then(count);
    let bandwidth = child(&mut cursor, "bandwidth", left).and_then(rate);
    let plugin = self::plugin(&mut cursor, plugin, manifests, left)?;
    left.extend(cursor.left());
    let span = cursor.span().clone();
    Some(Store {
        name,
        plugin,
        site,
        zone,
        provider,
        account,
        host,
        media,
        class,
        immutable,
        compress,
        encrypt,
        identity,
        parallel,
        bandwidth,
        span,
    })
}

fn compress(mut node: Cursor<'_>, left: &mut Left) -> Option<Compress> {
    let method = match text(node.argument()?)?.value.as_str() {
        "zstd" => Compression::Zstd,
        _ => return None,
    };
    let level = integer(node.property("level")?)?.value;
    left.extend(node.left());
    Some(Compress { method, level: u8::try_from(level).ok()? })
}

/// What a plugin is told: the values of its own nodes, and the secrets, those of its own nodes among them.
fn plugin(cursor: &mut Cursor<'_>, name: Spanned<String>, manifests: &[Manifest], left: &mut Left) -> Option<Plugin> {
    let mut secrets = secrets(cursor, left)?;
    let config = config(cursor, &name.value, manifests, &mut secrets)?;
    Some(Plugin { name, config, secrets })
}

pub(super) fn notifier(mut cursor: Cursor<'_>, manifests: &[Manifest], left: &mut Left) -> Option<Notifier> {
    let name = text(cursor.argument()?)?;
    let plugin = text(cursor.property("plugin")?)?;
    let words = text(cursor.property("on")?)?.value;
    let body = child(&mut cursor, "body", left).and_then(text);
    let plugin = self::plugin(&mut cursor, plugin, manifests, left)?;
    left.extend(cursor.left());
    let span = cursor.span().clone();
    Some(Notifier { name, plugin, on: occasions(&words), body, span })
}

fn occasions(words: &str) -> Vec<Occasion> {
    let mut out: Vec<Occasion> = words
        .split_whitespace()
        .filter_map(|word| match word {
            "success" => Some(Occasion::Ok),
            "degraded" => Some(Occasion::Degraded),
            "failure" => Some(Occasion::Failed),
            "missed" => Some(Occasion::Missed),
            "recovered" => Some(Occasion::Recovered),
            "start" => Some(Occasion::Start),
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

/// The values of the plugin's own nodes. A node whose value is a secret is one more secret, by its own name.
fn config(
    cursor: &mut Cursor<'_>,
    plugin: &str,
    manifests: &[Manifest],
    secrets: &mut BTreeMap<String, SecretRef>,
) -> Option<BTreeMap<String, Spanned<Config>>> {
    let shapes = manifests.iter().find(|manifest| manifest.name == plugin).map(|manifest| manifest.nodes.as_slice());
    let mut out: BTreeMap<String, Spanned<Config>> = BTreeMap::new();
    for mut node in cursor.rest() {
        let shape = shapes.unwrap_or_default().iter().find(|shape| shape.name == node.name());
        let many = shape.is_some_and(|shape| {
            shape.repeat || shape.arguments.len() > 1 || shape.arguments.iter().any(|argument| argument.repeat)
        });
        let (name, span) = (node.name().to_owned(), node.span().clone());
        let entries = node.arguments();
        let is_secret = shape.is_some_and(|shape| shape.arguments.iter().any(|argument| argument.kind == Type::Secret));
        if is_secret {
            secrets.insert(name, entries.first().and_then(|entry| secret(entry))?);
        } else if many {
            let words = entries.into_iter().map(word);
            let list = out.entry(name).or_insert_with(|| Spanned::new(Config::List(Vec::new()), &span));
            if let Config::List(list) = &mut list.value {
                list.extend(words);
            }
        } else if let Some(entry) = entries.first() {
            let is_size = shape.is_some_and(|shape| shape.arguments.iter().any(|argument| argument.kind == Type::Size));
            let value = match &entry.value {
                // A plugin gets bytes, however they are written.
                _ if is_size => Config::Number(i64::try_from(size(entry)?.value).ok()?),
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
