//! The copies that a job makes, statement by statement: which source gets into which store, and whether that copy is
//! verified. Rules ask this; steps are made elsewhere.

use crate::model::{Job, Statement, Strategy};
use crate::span::Span;
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

/// The stores that get what each source has, from any job.
#[must_use]
pub fn stores(strategy: &Strategy) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for copy in strategy.jobs.iter().flat_map(copies) {
        out.entry(copy.source).or_default().insert(copy.store);
    }
    out
}

/// The stores that get what a source has, from any job; sorted.
#[must_use]
pub fn stores_of(strategy: &Strategy, source: &str) -> Vec<String> {
    let all = strategy.jobs.iter().flat_map(copies).filter(|copy| copy.source == source);
    let mut stores: Vec<String> = all.map(|copy| copy.store).collect();
    stores.sort();
    stores.dedup();
    stores
}
