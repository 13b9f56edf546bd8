//! Drills: steps that bring back what stores hold, to see that it can be.

use super::job::{Expansion, Made, subject};
use crate::diag::{Diagnostic, codes};
use crate::model::{Drill, Source, Target};
use crate::resolve::{databases, flow};
use schema::step::{Action, ArtifactRef, Extent, When};
use schema::target::TargetEngine;

impl Expansion<'_> {
    pub(super) fn drill(&mut self, drill: &Drill) {
        let Some(source) = self.strategy.source(&drill.source.value) else { return };
        let Some(target) = self.strategy.target(&drill.into.value) else { return };
        let from = &drill.from.value;
        let gets =
            flow::of(self.strategy).stores.get(&source.name.value).is_some_and(|stores| stores.contains_key(from));
        if !gets {
            let message = format!("no job puts a copy of `{}` into `{from}`", source.name.value);
            self.sink.push(
                Diagnostic::error(&codes::NOTHING_TO_RESTORE, message)
                    .at(&drill.from.span, "never gets one")
                    .help("Name a store that a `backup` or a `transfer` of it writes to."),
            );
            return;
        }
        let databases = match &drill.database {
            Some(only) => vec![only.value.clone()],
            None => {
                let all = databases::databases(source, self.strategy, &self.facts.inventory, self.sink);
                all.into_iter().map(|database| database.name).collect()
            }
        };
        for database in databases {
            if self.drill_one(drill, source, target, &database).is_none() {
                return;
            }
        }
    }

    /// The drill of one database; `None` when it cannot be added, which is told.
    fn drill_one(&mut self, drill: &Drill, source: &Source, target: &Target, database: &str) -> Option<()> {
        let (span, store) = (&drill.step.span, drill.from.value.clone());
        let (artifact, needs, which) = self.choose(source, target, database, &store);
        let asked = drill.queries.iter().filter(|query| match &query.database {
            Some(only) => only.value == database,
            None => database != "system",
        });
        let queries: Vec<String> = asked.map(|query| query.cypher.value.clone()).collect();
        let check = drill.check.is_some();
        let reason = format!("{which} in {store} can be restored{}", proof(check, queries.len()));
        let into = target.name.value.clone();
        let address = format!("{}/{into}", subject(source, database));
        let action = Action::Restore { artifact, store, target: into.clone(), check, queries };
        let step = self.graph.add(&self.job.name.value, &address, action, &reason, span, self.sink)?;
        for need in needs {
            self.graph.need(step, need, When::Success, span);
        }
        // A target holds one thing at a time.
        let before = self.drills.insert(into, step);
        if let Some(before) = before {
            self.graph.need(step, before, When::Always, span);
        }
        Some(())
    }

    /// The artifact of a drill, the steps that it waits for, and what it is called.
    fn choose(
        &self,
        source: &Source,
        target: &Target,
        database: &str,
        from: &str,
    ) -> (ArtifactRef, Vec<usize>, &'static str) {
        // A Community tool loads a full online backup, and no chain.
        let full = matches!(&target.engine, TargetEngine::Neo4j { edition, .. } if edition == "community");
        let made = self.made.iter().find(|made| {
            made.source == source.name.value
                && made.database == database
                && !(full && made.extent == Extent::Differential)
                && made.copies.iter().any(|(store, _)| store == from)
        });
        match made {
            Some(made) => (self.reference(made.backup), needs(made, from), "this run's copy"),
            None => {
                let (source, database) = (source.name.value.clone(), database.to_owned());
                let which = if full { "the newest full copy" } else { "the newest copy" };
                (ArtifactRef::Newest { source, database, full }, Vec::new(), which)
            }
        }
    }
}

/// All that makes a copy in a store trustworthy.
pub(super) fn needs(made: &Made, store: &str) -> Vec<usize> {
    let present = made.copies.iter().filter(|(place, _)| place == store).map(|(_, step)| *step);
    present.chain([made.backup]).chain(made.checks.iter().copied()).collect()
}

/// What a drill shows besides that a copy can be restored.
fn proof(check: bool, queries: usize) -> String {
    let answers = match queries {
        0 => String::new(),
        1 => ", answers a query".to_owned(),
        many => format!(", answers {many} queries"),
    };
    format!("{}{answers}", if check { ", is sound" } else { "" })
}
