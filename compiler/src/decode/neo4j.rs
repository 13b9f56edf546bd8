//! `source` of engine `neo4j`.

use super::Left;
use super::source::{list, patterns};
use super::values::{boolean, child, duration, integer, secret, size, text};
use crate::model::{Neo4j, Pattern};
use crate::span::Spanned;
use crate::syntax::Cursor;
use schema::source::{Control, Login, Server, Topology};

pub(super) fn neo4j(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<Neo4j> {
    let edition = text(child(cursor, "edition", left)?)?;
    let version = text(child(cursor, "version", left)?)?;
    let home = child(cursor, "home", left).and_then(text).map(|home| home.value);
    let (admin, user) = admin(cursor, left)?;
    // What only an Enterprise server has, as far as it is said.
    let mut enterprise = Vec::new();
    let servers = servers(cursor, &mut enterprise, left)?;
    let http = servers.iter().find_map(|server| server.http.clone());
    let mut word = |name: &'static str, enterprise: &mut Vec<Spanned<&'static str>>| {
        let word = child(cursor, name, left).and_then(text)?;
        enterprise.push(Spanned::new(name, &word.span));
        Some(word.value)
    };
    let (prefer, metadata) = (word("prefer", &mut enterprise), word("metadata", &mut enterprise));
    let work = word("work", &mut enterprise);
    let login = match cursor.child("login") {
        Some(node) => Some(login(node, left)?),
        None => None,
    };
    let control = match cursor.child("control") {
        Some(node) => Some(control(node, left)?),
        None => None,
    };
    let databases = databases(cursor, left)?;
    let topology = topology(cursor, &mut enterprise, left)?;
    let compress = property(cursor, ("artifact", "compress"), &mut enterprise, left).and_then(boolean);
    let compress = compress.map(|compress| compress.value);
    let tls = property(cursor, ("tls", "policy"), &mut enterprise, left).and_then(text).map(|policy| policy.value);
    let (heap, pagecache, nice) = limits(cursor, &mut enterprise, left);
    let mut environment = Vec::new();
    for mut node in cursor.children("environment-variable") {
        environment.push((text(node.argument()?)?.value, text(node.argument()?)?.value));
        left.extend(node.left());
    }
    let (edition_span, version_span) = (edition.span, version.span);
    let (edition, version) = (edition.value, version.value);
    let server = schema::source::Neo4j {
        edition,
        version,
        home,
        admin,
        user,
        http,
        login,
        control,
        environment,
        heap,
        pagecache,
        nice,
        servers,
        prefer,
        work,
        topology,
        metadata,
        compress,
        tls,
    };
    Some(Neo4j { server, databases, edition: edition_span, version: version_span, enterprise })
}

fn admin(cursor: &mut Cursor<'_>, left: &mut Left) -> Option<(String, Option<String>)> {
    let mut node = cursor.child("admin")?;
    let program = text(node.argument()?)?.value;
    let user = node.property("user").and_then(text).map(|user| user.value);
    left.extend(node.left());
    Some((program, user))
}

fn servers(
    cursor: &mut Cursor<'_>,
    enterprise: &mut Vec<Spanned<&'static str>>,
    left: &mut Left,
) -> Option<Vec<Server>> {
    let mut out = Vec::new();
    for mut node in cursor.children("server") {
        let name = text(node.argument()?)?.value;
        let http = node.property("http").and_then(text).map(|url| url.value.trim_end_matches('/').to_owned());
        let backup = node.property("backup").and_then(text);
        let site = node.property("site").and_then(text).map(|site| site.value);
        let via = node.property("via").and_then(text).map(|via| via.value);
        left.extend(node.left());
        enterprise.extend(backup.as_ref().map(|backup| Spanned::new("server backup", &backup.span)));
        if out.len() == 1 {
            enterprise.push(Spanned::new("a second server", node.span()));
        }
        out.push(Server { name, http, backup: backup.map(|backup| backup.value), site, via });
    }
    Some(out)
}

/// The value of a node's property, which only an Enterprise server has a use for.
fn property<'a>(
    cursor: &mut Cursor<'a>,
    (name, property): (&'static str, &'static str),
    enterprise: &mut Vec<Spanned<&'static str>>,
    left: &mut Left,
) -> Option<&'a crate::syntax::Entry> {
    let mut node = cursor.child(name)?;
    let entry = node.property(property);
    left.extend(node.left());
    enterprise.push(Spanned::new(name, node.span()));
    entry
}

fn topology(
    cursor: &mut Cursor<'_>,
    enterprise: &mut Vec<Spanned<&'static str>>,
    left: &mut Left,
) -> Option<Option<Topology>> {
    let Some(mut node) = cursor.child("topology") else { return Some(None) };
    let primaries = u32::try_from(integer(node.property("primaries")?)?.value).ok()?;
    let secondaries = u32::try_from(integer(node.property("secondaries")?)?.value).ok()?;
    left.extend(node.left());
    enterprise.push(Spanned::new("topology", node.span()));
    Some(Some(Topology { primaries, secondaries }))
}

fn limits(
    cursor: &mut Cursor<'_>,
    enterprise: &mut Vec<Spanned<&'static str>>,
    left: &mut Left,
) -> (Option<u64>, Option<u64>, Option<u8>) {
    let Some(mut node) = cursor.child("limits") else { return (None, None, None) };
    let heap = node.property("heap").and_then(size).map(|size| size.value);
    let pagecache = node.property("pagecache").and_then(size);
    let nice = node.property("nice").and_then(integer).and_then(|nice| u8::try_from(nice.value).ok());
    left.extend(node.left());
    enterprise.extend(pagecache.as_ref().map(|size| Spanned::new("limits pagecache", &size.span)));
    (heap, pagecache.map(|size| size.value), nice)
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
    let patterns = patterns(&mut node);
    left.extend(node.left());
    patterns
}
