//! `source`, for each engine.

use super::Left;
use super::values::{child, duration, secret, size, text, texts};
use crate::model::{Engine, Neo4j, Pattern, Source};
use crate::syntax::Cursor;
use schema::source::{Control, Files, Login, OnChange};

pub(super) fn source(mut cursor: Cursor<'_>, left: &mut Left) -> Option<Source> {
    let name = text(cursor.argument()?)?;
    let engine = match cursor.property("engine")?.value.as_text()? {
        "files" => Engine::Files(files(&mut cursor, left)?),
        "neo4j" => Engine::Neo4j(Box::new(neo4j(&mut cursor, left)?)),
        _ => return None,
    };
    left.extend(cursor.left());
    Some(Source { name, engine, span: cursor.span().clone() })
}

fn files(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<Files> {
    let root = text(child(cursor, "root", left)?)?.value;
    let include = list(cursor, "include", left);
    let exclude = list(cursor, "exclude", left);
    let on_change = match child(cursor, "on-change", left)?.value.as_text()? {
        "fail" => OnChange::Fail,
        _ => OnChange::Degrade,
    };
    Some(Files { root, include, exclude, on_change })
}

fn list(cursor: &mut Cursor<'_>, name: &str, left: &mut Left) -> Vec<String> {
    let Some(mut node) = cursor.child(name) else { return Vec::new() };
    let list = texts(node.arguments());
    left.extend(node.left());
    list
}

fn neo4j(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<Neo4j> {
    let edition = text(child(cursor, "edition", left)?)?.value;
    let version = text(child(cursor, "version", left)?)?.value;
    let home = text(child(cursor, "home", left)?)?.value;
    let (admin, user) = admin(cursor, left)?;
    let http = http(cursor, left);
    let login = match cursor.child("login") {
        Some(node) => Some(login(node, left)?),
        None => None,
    };
    let control = match cursor.child("control") {
        Some(node) => Some(control(node, left)?),
        None => None,
    };
    let databases = databases(cursor, left)?;
    let heap = heap(cursor, left);
    let mut environment = Vec::new();
    for mut node in cursor.children("environment-variable") {
        environment.push((text(node.argument()?)?.value, text(node.argument()?)?.value));
        left.extend(node.left());
    }
    let server = schema::source::Neo4j { edition, version, home, admin, user, http, login, control, environment, heap };
    Some(Neo4j { server, databases })
}

fn admin(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<(String, Option<String>)> {
    let mut node = cursor.child("admin")?;
    let program = text(node.argument()?)?.value;
    let user = node.property("user").and_then(text).map(|user| user.value);
    left.extend(node.left());
    Some((program, user))
}

fn http(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<String> {
    let mut node = cursor.child("server")?;
    // The server's own name is for clusters; with one server nothing needs it.
    node.argument()?;
    let http = node.property("http").and_then(text).map(|url| url.value.trim_end_matches('/').to_owned());
    left.extend(node.left());
    http
}

fn login(mut node: Cursor<'_>, left: &mut Left) -> Option<Login> {
    let user = text(node.property("user")?)?.value;
    let password = secret(node.property("password")?)?;
    left.extend(node.left());
    Some(Login { user, password })
}

fn control(mut node: Cursor<'_>, left: &mut Left) -> Option<Control> {
    let stop = list(&mut node, "stop", left);
    let start = list(&mut node, "start", left);
    let mut ready = node.child("ready")?;
    let ready_within = duration(ready.property("within")?)?.value;
    left.extend(ready.left());
    left.extend(node.left());
    Some(Control { stop, start, ready_within })
}

fn databases(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<Vec<Pattern>> {
    let mut node = cursor.child("databases")?;
    let entries = node.arguments().into_iter();
    let patterns = entries.map(|entry| text(entry).map(|text| Pattern { text: text.value, span: text.span })).collect();
    left.extend(node.left());
    patterns
}

fn heap(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<u64> {
    let mut node = cursor.child("limits")?;
    let heap = node.property("heap").and_then(size).map(|size| size.value);
    left.extend(node.left());
    heap
}
