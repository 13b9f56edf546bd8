//! The copies that a job makes, statement by statement: which source gets into which store, and whether that copy is
//! verified. Rules ask this; steps are made elsewhere.

use crate::model::{Backup, Flow, Job, Statement, Strategy};
use crate::span::Span;
use schema::step::{Extent, Method};
use std::collections::{BTreeMap, BTreeSet};

/// A copy of what a source has, in one store.
#[derive(Clone, Debug)]
pub struct Copy {
    pub source: String,
    pub store: String,
    /// The statement that makes it.
    pub span: Span,
    /// Whether a later statement of the same job checks it.
    pub verified: bool,
}

/// What one job leaves behind.
#[must_use]
pub fn copies(job: &Job) -> Vec<Copy> {
    let mut out: Vec<Copy> = Vec::new();
    for statement in &job.statements {
        match statement {
            Statement::Backup(backup) => put(&mut out, &backup.source.value, &backup.to.value, &backup.step.span),
            Statement::Transfer(transfer) => {
                let moved: Vec<String> = out
                    .iter()
                    .filter(|copy| copy.store == transfer.from.value)
                    .map(|copy| copy.source.clone())
                    .collect();
                for source in moved {
                    put(&mut out, &source, &transfer.to.value, &transfer.step.span);
                }
            }
            Statement::Copy(_) | Statement::Drill(_) | Statement::Prune(_) => {}
            Statement::Verify(verify) => {
                for copy in &mut out {
                    copy.verified |= copy.store == verify.of.value || copy.source == verify.of.value;
                }
            }
        }
    }
    out
}

fn put(out: &mut Vec<Copy>, source: &str, store: &str, span: &Span) {
    if !out.iter().any(|copy| copy.source == source && copy.store == store) {
        out.push(Copy { source: source.to_owned(), store: store.to_owned(), span: span.clone(), verified: false });
    }
}

/// What all jobs do with each source; made once a strategy.
pub fn of(strategy: &Strategy) -> &Flow {
    strategy.flow.get_or_init(|| {
        let mut out = Flow::default();
        for copy in strategy.jobs.iter().flat_map(copies) {
            *out.stores.entry(copy.source).or_default().entry(copy.store).or_default() |= copy.verified;
        }
        for job in &strategy.jobs {
            for statement in &job.statements {
                match statement {
                    Statement::Drill(drill) if job.schedule.is_some() => {
                        out.drilled.entry(drill.source.value.clone()).or_default().insert(drill.from.value.clone());
                    }
                    Statement::Backup(backup) if begins(backup) => _ = out.begun.insert(backup.source.value.clone()),
                    _ => {}
                }
            }
        }
        out
    })
}

/// Whether a differential can build on it.
fn begins(backup: &Backup) -> bool {
    let whole = |method: Method| matches!(method, Method::Backup | Method::Archive);
    backup.extent.value == Extent::Full && backup.method.as_ref().is_none_or(|method| whole(method.value))
}

/// The stores that get what each source has, from any job.
#[must_use]
pub fn stores(strategy: &Strategy) -> BTreeMap<String, BTreeSet<String>> {
    let all = of(strategy).stores.iter();
    all.map(|(source, stores)| (source.clone(), stores.keys().cloned().collect())).collect()
}

/// The stores that get what a source has, from any job; sorted.
#[must_use]
pub fn stores_of(strategy: &Strategy, source: &str) -> Vec<String> {
    of(strategy).stores.get(source).map(|stores| stores.keys().cloned().collect()).unwrap_or_default()
}
