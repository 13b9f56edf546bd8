//! `runner` and `target`.

use super::Left;
use super::values::{child, text};
use crate::model::{Runner, Target};
use crate::syntax::Cursor;
use schema::target::TargetEngine;

pub(super) fn runner(mut cursor: Cursor<'_>, left: &mut Left) -> Option<Runner> {
    let name = text(cursor.argument()?)?;
    let site = child(&mut cursor, "site", left).and_then(text);
    let host = child(&mut cursor, "host", left).and_then(text);
    left.extend(cursor.left());
    Some(Runner { name, site, host, span: cursor.span().clone() })
}

pub(super) fn target(mut cursor: Cursor<'_>, left: &mut Left) -> Option<Target> {
    let name = text(cursor.argument()?)?;
    let (engine, version) = match cursor.property("engine")?.value.as_text()? {
        "files" => {
            let directory = text(child(&mut cursor, "directory", left)?)?.value;
            (TargetEngine::Files { directory }, None)
        }
        "neo4j" => {
            let home = text(child(&mut cursor, "home", left)?)?.value;
            let (admin, user) = match cursor.child("admin") {
                Some(mut node) => {
                    let admin = text(node.argument()?)?.value;
                    let user = node.property("user").and_then(text).map(|user| user.value);
                    left.extend(node.left());
                    (admin, user)
                }
                None => (format!("{}/bin/neo4j-admin", home.trim_end_matches('/')), None),
            };
            let edition = text(child(&mut cursor, "edition", left)?)?.value;
            let version = text(child(&mut cursor, "version", left)?)?;
            let line = version.value.clone();
            (TargetEngine::Neo4j { home, admin, user, edition, version: line }, Some(version))
        }
        _ => return None,
    };
    left.extend(cursor.left());
    Some(Target { name, engine, version, span: cursor.span().clone() })
}
