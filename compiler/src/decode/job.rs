//! `job`: its schedule, and its statements in the order of the text.

use super::Left;
use super::values::{child, duration, rate, text};
use crate::model::{Backup, Copy, Drill, Job, Prune, Query, Schedule, Statement, Step, Transfer, Verify, Window};
use crate::span::{Span, Spanned};
use crate::syntax::Cursor;
use schema::plan::{Closing, LeftOut, Outside, Overlap};
use schema::step::{Check, Extent, Method};

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
    let window = match cursor.child("window") {
        Some(mut node) => Some(window(&mut node, left)?),
        None => None,
    };
    let timeout = child(&mut cursor, "timeout", left).and_then(duration);
    let (on_overlap, on_overlap_said) = overlap(&mut cursor, left)?;
    let mut statements = Vec::new();
    for mut node in cursor.rest() {
        statements.push(match node.name() {
            "backup" => Statement::Backup(backup(&mut node)?),
            "copy" => Statement::Copy(copy(&mut node, left)?),
            "transfer" => Statement::Transfer(transfer(&mut node)?),
            "verify" => Statement::Verify(verify(&mut node)?),
            "restore" => Statement::Drill(drill(&mut node, left)?),
            "prune" => Statement::Prune(prune(&mut node)?),
            other => {
                left.push(format!("job/{other}"));
                continue;
            }
        });
        left.extend(node.left());
    }
    left.extend(cursor.left());
    let span = cursor.span().clone();
    Some(Job { name, schedule, window, timeout, on_overlap, on_overlap_said, statements, span })
}

fn window(node: &mut Cursor<'_>, left: &mut Left) -> Option<Window> {
    let (from, to) = (text(node.argument()?)?.value, text(node.argument()?)?.value);
    let outside = if node.property("outside")?.value.as_text()? == "wait" { Outside::Wait } else { Outside::Fail };
    let closing = if node.property("closing")?.value.as_text()? == "stop" { Closing::Stop } else { Closing::Finish };
    let is_degraded = node.property("left-out")?.value.as_text()? == "degrade";
    let left_out = if is_degraded { LeftOut::Degrade } else { LeftOut::Fail };
    left.extend(node.left());
    Some(Window { from, to, outside, closing, left_out, span: node.span().clone() })
}

/// What is said of it, and where, when it is.
fn overlap(job: &mut Cursor<'_>, left: &mut Left) -> Option<(Overlap, Option<Span>)> {
    let place = job.span().clone();
    let entry = child(job, "on-overlap", left)?;
    let then = match entry.value.as_text()? {
        "wait" => Overlap::Wait,
        _ => Overlap::Skip,
    };
    // A default stands where the job does.
    let said = !place.meets(&entry.span);
    Some((then, said.then(|| entry.span.clone())))
}

fn prune(node: &mut Cursor<'_>) -> Option<Prune> {
    let store = text(node.argument()?)?;
    let safety_age = node.property("safety-age").and_then(duration).map(|time| time.value);
    Some(Prune { store, safety_age, step: step(node) })
}

fn step(node: &mut Cursor<'_>) -> Step {
    Step {
        name: node.property("name").and_then(text),
        after: node.property("after").and_then(text),
        timeout: node.property("timeout").and_then(duration).map(|time| time.value),
        span: node.span().clone(),
    }
}

/// Where a node stands that only has to be there.
fn flag(node: &mut Cursor<'_>, name: &str, left: &mut Left) -> Option<Span> {
    let flag = node.child(name)?;
    left.extend(flag.left());
    Some(flag.span().clone())
}

fn backup(node: &mut Cursor<'_>) -> Option<Backup> {
    let method = node.property("method").map(|entry| {
        let method = match entry.value.as_text() {
            Some("archive") => Method::Archive,
            Some("backup") => Method::Backup,
            Some("command") => Method::Command,
            _ => Method::Dump,
        };
        Spanned::new(method, &entry.span)
    });
    let extent = text(node.property("type")?)?;
    let of = if extent.value == "differential" { Extent::Differential } else { Extent::Full };
    Some(Backup {
        source: text(node.argument()?)?,
        to: text(node.property("to")?)?,
        extent: Spanned::new(of, &extent.span),
        method,
        step: step(node),
    })
}

fn copy(node: &mut Cursor<'_>, left: &mut Left) -> Option<Copy> {
    Some(Copy {
        source: text(node.argument()?)?,
        database: text(node.property("database")?)?,
        into: text(node.property("into")?)?,
        compact: flag(node, "compact", left),
        format: child(node, "format", left).and_then(text),
        schema: flag(node, "schema", left),
        step: step(node),
    })
}

fn transfer(node: &mut Cursor<'_>) -> Option<Transfer> {
    Some(Transfer {
        from: text(node.property("from")?)?,
        to: text(node.property("to")?)?,
        bandwidth: node.property("bandwidth").and_then(rate).map(|rate| rate.value),
        step: step(node),
    })
}

fn verify(node: &mut Cursor<'_>) -> Option<Verify> {
    let deep = node.property("with")?.value.as_text()? == "consistency";
    Some(Verify {
        of: text(node.argument()?)?,
        with: if deep { Check::Consistency } else { Check::Digest },
        step: step(node),
    })
}

fn drill(node: &mut Cursor<'_>, left: &mut Left) -> Option<Drill> {
    let check = flag(node, "check", left);
    let mut queries = Vec::new();
    for mut query in node.children("query") {
        queries.push(Query { cypher: text(query.argument()?)?, database: query.property("database").and_then(text) });
        left.extend(query.left());
    }
    Some(Drill {
        source: text(node.argument()?)?,
        from: text(node.property("from")?)?,
        into: text(node.property("into")?)?,
        database: node.property("database").and_then(text),
        check,
        queries,
        step: step(node),
    })
}
