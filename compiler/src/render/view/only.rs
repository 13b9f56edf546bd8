//! What a reader wants to see of a great plan: by job, source, database, store, or the beginning of an address.

use crate::model::glob_covers as covers;
use schema::plan::Plan;
use schema::step::{Action, Step};
use std::collections::BTreeSet;

/// A choice of steps and of what belongs to them.
pub(super) struct Only<'a> {
    wanted: Option<&'a str>,
    /// Stores that prune steps of the wanted job tidy.
    stores: BTreeSet<&'a str>,
}

impl<'a> Only<'a> {
    pub(super) fn new(plan: &'a Plan, wanted: Option<&'a str>) -> Self {
        let pruned = plan.steps.iter().filter_map(|step| match &step.action {
            Action::Prune { store, .. } => Some((step, store.as_str())),
            _ => None,
        });
        let stores = pruned.filter(|(step, _)| wanted.is_none_or(|wanted| belongs(step, wanted)));
        Self { wanted, stores: stores.map(|(_, store)| store).collect() }
    }

    pub(super) fn step(&self, step: &Step) -> bool {
        self.wanted.is_none_or(|wanted| belongs(step, wanted))
    }

    /// A database of a source.
    pub(super) fn database(&self, source: &str, database: &str) -> bool {
        self.wanted.is_none_or(|wanted| is(source, database, wanted))
    }

    /// A copy of a database.
    pub(super) fn copy(&self, store: &str, source: &str, database: &str) -> bool {
        self.wanted.is_none_or(|wanted| is(source, database, wanted) || covers(wanted, store))
            || self.stores.contains(store)
    }
}

fn belongs(step: &Step, wanted: &str) -> bool {
    let (source, database) = subject(step);
    let address = step.address.0.as_str();
    let below = |rest: &str| rest.is_empty() || wanted.ends_with('/') || rest.starts_with(['/', ':']);
    covers(wanted, &step.job)
        || is(source, database, wanted)
        || store(step).is_some_and(|store| covers(wanted, store))
        || covers(wanted, address)
        || address.strip_prefix(wanted).is_some_and(below)
}

fn is(source: &str, database: &str, wanted: &str) -> bool {
    let whole = || format!("{source}:{database}");
    covers(wanted, source) || (!database.is_empty() && (covers(wanted, database) || covers(wanted, &whole())))
}

/// The store that a step works on.
fn store(step: &Step) -> Option<&str> {
    match &step.action {
        Action::Backup { store, .. }
        | Action::Aggregate { store, .. }
        | Action::Verify { store, .. }
        | Action::Restore { store, .. }
        | Action::Prune { store, .. } => Some(store),
        Action::Transfer { to, .. } => Some(to),
        _ => None,
    }
}

/// The source and the database that an address tells of; a part that it lacks is empty.
pub(in crate::render) fn subject(step: &Step) -> (&str, &str) {
    let rest = step.address.0.strip_prefix(step.job.as_str()).unwrap_or(&step.address.0);
    let subject = rest.split('/').nth(2).unwrap_or_default();
    subject.split_once(':').unwrap_or((subject, ""))
}
