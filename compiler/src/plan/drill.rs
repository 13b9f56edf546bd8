//! Drills and prunes: steps on what stores hold.

use super::job::{Expansion, Made, subject};
use crate::diag::{Diagnostic, codes};
use crate::model::{Drill, Prune};
use crate::resolve::{databases, flow};
use schema::step::{Action, ArtifactRef, Extent, When};
use schema::target::TargetEngine;

impl Expansion<'_> {
    pub(super) fn drill(&mut self, drill: &Drill) {
        let Some(source) = self.strategy.source(&drill.source.value) else { return };
        let Some(target) = self.strategy.target(&drill.into.value) else { return };
        let (span, from) = (&drill.step.span, &drill.from.value);
        if !flow::stores_of(self.strategy, &source.name.value).contains(from) {
            let message = format!("no job puts a copy of `{}` into `{from}`", source.name.value);
            self.sink.push(
                Diagnostic::error(&codes::NOTHING_TO_RESTORE, message)
                    .at(&drill.from.span, "never gets one")
                    .help("Name a store that a `backup` or a `transfer` of it writes to."),
            );
            return;
        }
        // A Community tool loads a full online backup, and no chain.
        let full = matches!(&target.engine, TargetEngine::Neo4j { edition, .. } if edition == "community");
        let databases = match &drill.database {
            Some(only) => vec![only.value.clone()],
            None => {
                let all = databases::databases(source, self.strategy, &self.facts.inventory, self.sink);
                all.into_iter().map(|database| database.name).collect()
            }
        };
        for database in databases {
            let asked = drill.queries.iter().filter(|query| match &query.database {
                Some(only) => only.value == database,
                None => database != "system",
            });
            let queries: Vec<String> = asked.map(|query| query.cypher.value.clone()).collect();
            let made = self.made.iter().find(|made| {
                made.source == source.name.value
                    && made.database == database
                    && !(full && made.extent == Extent::Differential)
                    && made.copies.iter().any(|(store, _)| store == from)
            });
            let (artifact, needs, which) = match made {
                Some(made) => (self.reference(made.backup), needs(made, from), "this run's copy"),
                None => {
                    let artifact =
                        ArtifactRef::Newest { source: source.name.value.clone(), database: database.clone(), full };
                    (artifact, Vec::new(), if full { "the newest full copy" } else { "the newest copy" })
                }
            };
            let mut reason = format!("{which} in {from} can be restored");
            if drill.check.is_some() {
                reason.push_str(", is sound");
            }
            if !queries.is_empty() {
                let what = if queries.len() == 1 { "a query".to_owned() } else { format!("{} queries", queries.len()) };
                reason.push_str(&format!(", answers {what}"));
            }
            let action = Action::Restore {
                artifact,
                store: from.clone(),
                target: target.name.value.clone(),
                check: drill.check.is_some(),
                queries,
            };
            let address = format!("{}/{}", subject(source, &database), target.name.value);
            let Some(step) = self.graph.add(&self.job.name.value, &address, action, &reason, span, self.sink) else {
                return;
            };
            for need in needs {
                self.graph.need(step, need, When::Success, span);
            }
            // A target holds one thing at a time.
            let before = self.drills.iter().rev().find(|(name, _)| *name == target.name.value).map(|(_, step)| *step);
            if let Some(before) = before {
                self.graph.need(step, before, When::Always, span);
            }
            self.drills.push((target.name.value.clone(), step));
        }
    }

    pub(super) fn prune(&mut self, prune: &Prune) {
        let store = &prune.store.value;
        let Some(keep) = self.strategy.keep(store) else { return };
        let action = Action::Prune { store: store.clone(), keep: keep.rules };
        let reason = format!("all but {}", keep.rules);
        let span = &prune.step.span;
        let Some(step) = self.graph.add(&self.job.name.value, store, action, &reason, span, self.sink) else { return };
        // Nothing old goes when what is new is not safe.
        let needs: Vec<usize> = self.made.iter().flat_map(|made| needs(made, store)).collect();
        for need in needs {
            self.graph.need(step, need, When::Success, span);
        }
    }
}

/// All that makes a copy in a store trustworthy.
fn needs(made: &Made, store: &str) -> Vec<usize> {
    let present = made.copies.iter().filter(|(place, _)| place == store).map(|(_, step)| *step);
    present.chain([made.backup]).chain(made.checks.iter().copied()).collect()
}
