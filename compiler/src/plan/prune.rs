//! Prune steps: what a store's rules let go of what it holds, decided here and named copy by copy. As statements of jobs,
//! and as a request for what a job would do anyway.

use super::draft::Graph;
use super::drill::needs;
use super::job::Expansion;
use super::restore::known_store;
use crate::Facts;
use crate::diag::{Diagnostic, Sink, codes};
use crate::model::{Prune, Strategy};
use crate::retain::retain;
use schema::fact::StoredArtifact;
use schema::keep::Keep;
use schema::retain::{Deletion, Verdict};
use schema::step::{Action, SAFETY_AGE, When};

/// The job that these steps belong to; no strategy may have one of this name.
const JOB: &str = "prune-now";

/// Which stores to prune; all that have rules, when nothing is said.
#[derive(Clone, Debug)]
pub struct PruneRequest {
    pub store: Option<String>,
    /// Seconds; as the strategy or [`SAFETY_AGE`] says, without it.
    pub safety_age: Option<u64>,
}

impl Expansion<'_> {
    pub(super) fn prune(&mut self, prune: &Prune) {
        let store = &prune.store.value;
        let Some(keep) = self.strategy.keep(store) else { return };
        let action = action(store, keep.rules, self.facts, prune.safety_age.unwrap_or(SAFETY_AGE));
        let reason = format!("all but {}", keep.rules);
        let span = &prune.step.span;
        let Some(step) = self.graph.add(&self.job.name.value, store, action, &reason, span, self.sink) else { return };
        // Nothing old goes when what is new is not safe: degraded is not enough.
        let needs: Vec<usize> = self.made.iter().flat_map(|made| needs(made, store)).collect();
        for need in needs {
            self.graph.need(step, need, When::Ok, span);
        }
    }
}

/// Adds a step for each store that is asked for.
pub(super) fn expand(
    strategy: &Strategy,
    facts: &Facts,
    request: &PruneRequest,
    graph: &mut Graph,
    sink: &mut Sink,
) -> Option<()> {
    if let Some(store) = &request.store {
        known_store(strategy, store, sink)?;
    }
    let keeps = strategy.keeps.iter().filter(|keep| request.store.as_ref().is_none_or(|it| *it == keep.store.value));
    let mut any = false;
    for keep in keeps {
        any = true;
        let store = &keep.store.value;
        let action = action(store, keep.rules, facts, request.safety_age.unwrap_or_else(|| said(strategy, store)));
        graph.add(JOB, store, action, &format!("all but {}", keep.rules), &keep.span, sink)?;
    }
    if !any {
        let what = request.store.as_deref().map_or_else(|| "any store".to_owned(), |store| format!("`{store}`"));
        sink.push(
            Diagnostic::error(&codes::PRUNE_WITHOUT_KEEP, format!("nothing says what {what} keeps"))
                .at(&strategy.span, "so nothing of it may go")
                .help("Add a `keep in=\"STORE\" { last 7; }`."),
        );
        return None;
    }
    Some(())
}

/// The safety age that a prune statement of the strategy has for a store; the longest of several.
fn said(strategy: &Strategy, store: &str) -> u64 {
    let statements = strategy.jobs.iter().flat_map(|job| &job.statements);
    let prunes = statements.filter_map(|statement| match statement {
        crate::model::Statement::Prune(prune) if prune.store.value == store => prune.safety_age,
        _ => None,
    });
    prunes.max().unwrap_or(SAFETY_AGE)
}

fn action(store: &str, keep: Keep, facts: &Facts, safety_age: u64) -> Action {
    let deletes = verdicts(store, keep, facts).into_iter().filter(|verdict| !verdict.keep).map(deletion).collect();
    Action::Prune { store: store.to_owned(), keep, deletes, safety_age }
}

/// Nothing is decided without the time: a plan that was made without looking at the stores removes nothing.
fn verdicts(store: &str, keep: Keep, facts: &Facts) -> Vec<Verdict> {
    let Some(now) = facts.now else { return Vec::new() };
    // What has its mark already goes without being named again.
    let held = facts.artifacts.iter().filter(|copy| copy.store == store && copy.tombstone.is_none());
    let held: Vec<StoredArtifact> = held.cloned().collect();
    retain(&held, &keep, now)
}

fn deletion(verdict: Verdict) -> Deletion {
    Deletion {
        source: verdict.source,
        database: verdict.database,
        id: verdict.id,
        manifest: verdict.manifest,
        taken: verdict.taken,
        size: verdict.size,
        reasons: verdict.reasons,
    }
}
