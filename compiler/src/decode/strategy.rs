//! `strategy`, and the small nodes of its planning facts.

use super::values::{child, duration, growth, integer, rate, size, text};
use super::{Left, job, place, policy, source, store};
use crate::model::{Environment, Objectives, Policy, Resources, Strategy, Workload};
use crate::structure::Manifest;
use crate::syntax::{Cursor, Document};
use std::sync::OnceLock;

/// The strategy of a document; what no decoder took is added to `left`.
#[must_use]
pub fn strategy(document: &Document, manifests: &[Manifest], left: &mut Left) -> Option<Strategy> {
    let node = document.nodes.iter().find(|node| node.name.value == "strategy")?;
    let mut cursor = Cursor::new(node);
    let name = text(cursor.argument()?)?;
    let environment = match child(&mut cursor, "environment", left)?.value.as_text()? {
        "development" => Environment::Development,
        "staging" => Environment::Staging,
        _ => Environment::Production,
    };
    let objectives = objectives(&mut cursor, left);
    let workload = workload(&mut cursor, left);
    let resources = resources(&mut cursor, left);
    let sources =
        cursor.children("source").into_iter().map(|node| source::source(node, left)).collect::<Option<_>>()?;
    let runner = match cursor.child("runner") {
        Some(node) => Some(place::runner(node, left)?),
        None => None,
    };
    let targets = cursor.children("target").into_iter().map(|node| place::target(node, left)).collect::<Option<_>>()?;
    let stores = cursor.children("store").into_iter();
    let stores = stores.map(|node| store::store(node, manifests, left)).collect::<Option<_>>()?;
    let jobs = cursor.children("job").into_iter().map(|node| job::job(node, left)).collect::<Option<_>>()?;
    let keeps = cursor.children("keep").into_iter().map(|node| policy::keep(node, left)).collect::<Option<_>>()?;
    let mut policy = Policy::default();
    for node in cursor.children("policy") {
        let one = policy::policy(node, left)?;
        policy.requirements.extend(one.requirements);
        policy.exceptions.extend(one.exceptions);
    }
    let notifiers = cursor.children("notify").into_iter();
    let notifiers = notifiers.map(|node| store::notifier(node, manifests, left)).collect::<Option<_>>()?;
    left.extend(cursor.left());
    let span = node.span.clone();
    Some(Strategy {
        name,
        environment,
        objectives,
        workload,
        resources,
        runner,
        sources,
        targets,
        stores,
        jobs,
        keeps,
        notifiers,
        policy,
        span,
        positions: OnceLock::new(),
        flow: OnceLock::new(),
    })
}

fn objectives(cursor: &mut Cursor<'_>, left: &mut Left) -> Objectives {
    let Some(mut node) = cursor.child("objectives") else { return Objectives::default() };
    let mut time = |name| child(&mut node, name, left).and_then(duration);
    let out = Objectives {
        rpo: time("rpo"),
        rto: time("rto"),
        backup_downtime: time("backup-downtime"),
        restore_downtime: time("restore-downtime"),
    };
    left.extend(node.left());
    out
}

fn workload(cursor: &mut Cursor<'_>, left: &mut Left) -> Workload {
    let Some(mut node) = cursor.child("workload") else { return Workload::default() };
    let out = Workload {
        size: child(&mut node, "size", left).and_then(size),
        growth: child(&mut node, "growth", left).and_then(growth),
        change_rate: child(&mut node, "change-rate", left).and_then(rate),
    };
    left.extend(node.left());
    out
}

fn resources(cursor: &mut Cursor<'_>, left: &mut Left) -> Resources {
    let Some(mut node) = cursor.child("resources") else { return Resources::default() };
    let out = Resources {
        cpus: child(&mut node, "cpus", left).and_then(integer),
        memory: child(&mut node, "memory", left).and_then(size),
        temp: child(&mut node, "temp", left).and_then(size),
        disk: child(&mut node, "disk", left).and_then(size),
        network: child(&mut node, "network", left).and_then(rate),
    };
    left.extend(node.left());
    out
}
