//! `source`, for each engine.

use super::values::{child, count, secret, text, texts};
use super::{Left, neo4j};
use crate::model::{Command, Engine, Files, On, Pattern, Source, Words};
use crate::span::Spanned;
use crate::syntax::Cursor;
use schema::source::OnChange;
use std::collections::BTreeMap;

pub(super) fn source(mut cursor: Cursor<'_>, left: &mut Left) -> Option<Source> {
    let name = text(cursor.argument()?)?;
    let engine = match cursor.property("engine")?.value.as_text()? {
        "files" => Engine::Files(Box::new(files(&mut cursor, left)?)),
        "neo4j" => Engine::Neo4j(Box::new(neo4j::neo4j(&mut cursor, left)?)),
        "command" => Engine::Command(Box::new(command(&mut cursor, left)?)),
        _ => return None,
    };
    let parallel = child(&mut cursor, "parallel", left).and_then(count);
    left.extend(cursor.left());
    Some(Source { name, engine, parallel, span: cursor.span().clone() })
}

fn files(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<Files> {
    let root = child(cursor, "root", left).and_then(text);
    let include = list(cursor, "include", left);
    let exclude = list(cursor, "exclude", left);
    let on_change = match child(cursor, "on-change", left)?.value.as_text()? {
        "fail" => OnChange::Fail,
        _ => OnChange::Degrade,
    };
    let mut on = Vec::new();
    for mut node in cursor.children("on") {
        let servers = patterns(&mut node)?;
        let (include, exclude) = (list(&mut node, "include", left), list(&mut node, "exclude", left));
        left.extend(node.left());
        on.push(On { servers, include, exclude, span: node.span().clone() });
    }
    let (root, span) = root.map_or_else(|| ("/".to_owned(), None), |root| (root.value, Some(root.span)));
    let tree = schema::source::Files { root, include, exclude, on_change, members: Vec::new() };
    Some(Files { tree, root: span, on })
}

/// The arguments that are left, as names or globs.
pub(super) fn patterns(node: &mut Cursor<'_>) -> Option<Vec<Pattern>> {
    let entries = node.arguments().into_iter();
    entries.map(|entry| text(entry).map(|text| Pattern { text: text.value, span: text.span })).collect()
}

fn command(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<Command> {
    let mut words = |name, of| -> Vec<(Spanned<String>, Words)> {
        let Some(mut node) = cursor.child(name) else { return Vec::new() };
        let words = node.arguments().into_iter().filter_map(text).map(|word| (word, of)).collect();
        left.extend(node.left());
        words
    };
    let (backup, restore) = (words("backup", Words::Backup), words("restore", Words::Restore));
    let check = words("check", Words::Check);
    let databases: Vec<Spanned<String>> = match cursor.child("databases") {
        Some(mut node) => {
            let names = node.arguments().into_iter().filter_map(text).collect();
            left.extend(node.left());
            names
        }
        None => Vec::new(),
    };
    let user = child(cursor, "user", left).and_then(text).map(|user| user.value);
    let mut environment = Vec::new();
    for mut node in cursor.children("environment-variable") {
        environment.push((text(node.argument()?)?.value, text(node.argument()?)?.value));
        left.extend(node.left());
    }
    let mut secrets = BTreeMap::new();
    for mut node in cursor.children("secret") {
        secrets.insert(text(node.argument()?)?.value, secret(node.argument()?)?);
        left.extend(node.left());
    }
    let plain = |words: &[(Spanned<String>, Words)]| words.iter().map(|(word, _)| word.value.clone()).collect();
    let command = schema::source::Command {
        backup: plain(&backup),
        restore: plain(&restore),
        check: plain(&check),
        databases: databases.iter().map(|name| name.value.clone()).collect(),
        user,
        environment,
        secrets,
    };
    Some(Command { command, templates: backup.into_iter().chain(restore).chain(check).collect(), databases })
}

pub(super) fn list(cursor: &mut Cursor<'_>, name: &str, left: &mut Left) -> Vec<String> {
    let Some(mut node) = cursor.child(name) else { return Vec::new() };
    let list = texts(node.arguments());
    left.extend(node.left());
    list
}
