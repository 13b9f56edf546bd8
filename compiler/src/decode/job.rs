//! `job`: its schedule, and its statements in the order of the text.

use super::Left;
use super::values::{rate, text};
use crate::model::{Backup, Job, Schedule, Statement, Transfer, Verify};
use crate::span::Spanned;
use crate::syntax::Cursor;
use schema::step::{Check, Method};

pub(super) fn job(mut cursor: Cursor<'_>, left: &mut Left) -> Option<Job> {
    let name = text(cursor.argument()?)?;
    let schedule = match cursor.child("schedule") {
        Some(mut node) => {
            let schedule = Schedule { cron: text(node.argument()?)?, timezone: text(node.property("timezone")?)? };
            left.extend(node.left());
            Some(schedule)
        }
        None => None,
    };
    let mut statements = Vec::new();
    for mut node in cursor.rest() {
        statements.push(match node.name() {
            "backup" => Statement::Backup(backup(&mut node)?),
            "transfer" => Statement::Transfer(transfer(&mut node)?),
            "verify" => Statement::Verify(verify(&mut node)?),
            other => {
                left.push(format!("job/{other}"));
                continue;
            }
        });
        left.extend(node.left());
    }
    left.extend(cursor.left());
    Some(Job { name, schedule, statements, span: cursor.span().clone() })
}

fn backup(node: &mut Cursor<'_>) -> Option<Backup> {
    let method = node.property("method").map(|entry| {
        let method = if entry.value.as_text() == Some("archive") { Method::Archive } else { Method::Dump };
        Spanned::new(method, &entry.span)
    });
    Some(Backup {
        source: text(node.argument()?)?,
        to: text(node.property("to")?)?,
        method,
        name: node.property("name").and_then(text),
        after: node.property("after").and_then(text),
        span: node.span().clone(),
    })
}

fn transfer(node: &mut Cursor<'_>) -> Option<Transfer> {
    Some(Transfer {
        from: text(node.property("from")?)?,
        to: text(node.property("to")?)?,
        bandwidth: node.property("bandwidth").and_then(rate).map(|rate| rate.value),
        name: node.property("name").and_then(text),
        after: node.property("after").and_then(text),
        span: node.span().clone(),
    })
}

fn verify(node: &mut Cursor<'_>) -> Option<Verify> {
    let deep = node.property("with")?.value.as_text()? == "consistency";
    Some(Verify {
        of: text(node.argument()?)?,
        with: if deep { Check::Consistency } else { Check::Digest },
        name: node.property("name").and_then(text),
        after: node.property("after").and_then(text),
        span: node.span().clone(),
    })
}
