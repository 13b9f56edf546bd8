//! A job's statements to steps and needs. A statement sees what those before it have made; `after=` may point anywhere
//! in the job, and is linked last.

use super::backup::{Look, Pause};
use super::draft::Graph;
use crate::Facts;
use crate::diag::{Diagnostic, Sink, codes};
use crate::model::{Engine, Job, Source, Statement, Strategy, Transfer, Verify};
use crate::span::Span;
use crate::structure::listed;
use schema::step::{Action, Address, ArtifactRef, Check, Extent, When};
use std::collections::BTreeMap;

/// An artifact that the job makes, and where it is by now.
pub(super) struct Made {
    pub(super) source: String,
    pub(super) database: String,
    pub(super) extent: Extent,
    pub(super) backup: usize,
    pub(super) home: String,
    /// Store, and the step that puts it there.
    pub(super) copies: Vec<(String, usize)>,
    pub(super) checks: Vec<usize>,
}

pub(super) struct Expansion<'a> {
    pub(super) job: &'a Job,
    pub(super) strategy: &'a Strategy,
    pub(super) facts: &'a Facts,
    pub(super) graph: &'a mut Graph,
    pub(super) sink: &'a mut Sink,
    pub(super) made: Vec<Made>,
    pub(super) looks: Vec<Look>,
    pub(super) pauses: Vec<Pause>,
    /// The last step so far that uses a target, by its name: they are one after the other.
    pub(super) drills: BTreeMap<String, usize>,
}

/// Adds the steps of a job.
pub(super) fn expand(job: &Job, strategy: &Strategy, facts: &Facts, graph: &mut Graph, sink: &mut Sink) {
    let (made, looks, pauses, drills) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
    let mut expansion = Expansion { job, strategy, facts, graph, sink, made, looks, pauses, drills };
    let mut ranges = Vec::new();
    for statement in &job.statements {
        let first = expansion.graph.steps.len();
        match statement {
            Statement::Backup(backup) => expansion.backup(backup),
            Statement::Copy(copy) => expansion.copy(copy),
            Statement::Drill(drill) => expansion.drill(drill),
            Statement::Prune(prune) => expansion.prune(prune),
            Statement::Transfer(transfer) => expansion.transfer(transfer),
            Statement::Verify(verify) => expansion.verify(verify),
        }
        expansion.limit(first, statement);
        ranges.push(first..expansion.graph.steps.len());
    }
    for (statement, range) in job.statements.iter().zip(&ranges) {
        let Some(after) = statement.after() else { continue };
        let named = |other: &Statement| other.name().is_some_and(|name| name.value == after.value);
        let Some(target) = job.statements.iter().position(named).and_then(|at| ranges.get(at)) else { continue };
        expansion.after(range, target, &after.span);
    }
}

/// The address behind the kind: the source, and its database where it has several.
pub(super) fn subject(source: &Source, database: &str) -> String {
    let alone = match &source.engine {
        Engine::Files(files) => files.on.is_empty(),
        Engine::Neo4j(_) => false,
        Engine::Command(command) => command.databases.is_empty(),
    };
    if alone { source.name.value.clone() } else { format!("{}:{database}", source.name.value) }
}

impl Expansion<'_> {
    fn transfer(&mut self, transfer: &Transfer) {
        let (from, to) = (&transfer.from.value, &transfer.to.value);
        let mut moved = 0;
        for at in 0..self.made.len() {
            let Some(made) = self.made.get(at) else { continue };
            let Some((_, present)) = made.copies.iter().find(|(store, _)| store == from) else { continue };
            moved += 1;
            let mut needs = vec![made.backup, *present];
            needs.extend(&made.checks);
            let Some(source) = self.strategy.source(&made.source) else { continue };
            let address = format!("{}/{to}", subject(source, &made.database));
            let action = Action::Transfer {
                artifact: self.reference(made.backup),
                from: from.clone(),
                to: to.clone(),
                bandwidth: transfer.bandwidth,
            };
            let reason = format!("another copy, from {from}");
            let Some(step) =
                self.graph.add(&self.job.name.value, &address, action, &reason, &transfer.step.span, self.sink)
            else {
                return;
            };
            for need in needs {
                self.graph.need(step, need, When::Success, &transfer.step.span);
            }
            if let Some(made) = self.made.get_mut(at) {
                made.copies.push((to.clone(), step));
            }
        }
        if moved == 0 {
            let message = format!("this job has put nothing into `{from}` before this line");
            self.sink.push(self.nothing(&codes::NOTHING_TO_TRANSFER, message, &transfer.from.span));
        }
    }

    fn verify(&mut self, verify: &Verify) {
        let of = &verify.of.value;
        let is_store = self.strategy.store(of).is_some();
        let mut checked = 0;
        for at in 0..self.made.len() {
            let Some(made) = self.made.get(at) else { continue };
            let store = if is_store { of } else { &made.home };
            let copy = made.copies.iter().find(|(place, _)| place == store);
            let Some((store, present)) = copy.filter(|_| is_store || made.source == *of).cloned() else { continue };
            checked += 1;
            let Some(source) = self.strategy.source(&made.source) else { continue };
            let address = format!("{}/{store}", subject(source, &made.database));
            let backup = made.backup;
            let start = self.start_of(&made.source, &made.database);
            // A tree's chain is read as it is; only a database must be put together first.
            let database = matches!(source.engine, Engine::Neo4j(_));
            let chained = database && made.extent == Extent::Differential && verify.with == Check::Consistency;
            let artifact = self.reference(backup);
            let aggregate = if chained {
                let action = Action::Aggregate { artifact: artifact.clone(), store: store.clone() };
                let reason = "a chain is checked as one full";
                let job = &self.job.name.value;
                let Some(step) = self.graph.add(job, &address, action, reason, &verify.step.span, self.sink) else {
                    return;
                };
                self.graph.need(step, present, When::Success, &verify.step.span);
                Some(step)
            } else {
                None
            };
            let action = Action::Verify { artifact, store, with: verify.with };
            let reason = match verify.with {
                Check::Digest => "every byte read back",
                Check::Consistency => "loaded aside and checked",
            };
            let Some(step) =
                self.graph.add(&self.job.name.value, &address, action, reason, &verify.step.span, self.sink)
            else {
                return;
            };
            self.graph.need(step, backup, When::Success, &verify.step.span);
            self.graph.need(step, aggregate.unwrap_or(present), When::Success, &verify.step.span);
            // The check must neither make the downtime longer nor compete with it.
            if let Some(start) = start.filter(|_| verify.with == Check::Consistency) {
                self.graph.need(step, start, When::Always, &verify.step.span);
            }
            if let Some(made) = self.made.get_mut(at) {
                made.checks.push(step);
            }
        }
        if checked == 0 {
            let message = format!("this job has made nothing of `{of}` that could be verified before this line");
            self.sink.push(self.nothing(&codes::NOTHING_TO_VERIFY, message, &verify.of.span));
        }
    }

    /// How long an attempt of the steps of a statement may take. What stops and starts a source, and the look before,
    /// is of no statement alone and is never cut off.
    fn limit(&mut self, first: usize, statement: &Statement) {
        let own = statement.step().timeout;
        let timeout = own.or(self.job.timeout.as_ref().map(|timeout| timeout.value));
        for draft in self.graph.steps.iter_mut().skip(first) {
            let is_service =
                matches!(draft.action, Action::Preflight { .. } | Action::Stop { .. } | Action::Start { .. });
            draft.timeout = timeout.filter(|_| !is_service);
        }
    }

    pub(super) fn reference(&self, backup: usize) -> ArtifactRef {
        let address = self.graph.steps.get(backup).map(|step| step.address.clone()).unwrap_or_default();
        ArtifactRef::Step { step: Address(address) }
    }

    fn nothing(&self, code: &'static crate::diag::Explanation, message: String, span: &Span) -> Diagnostic {
        let mut stores: Vec<&str> =
            self.made.iter().flat_map(|made| &made.copies).map(|(store, _)| store.as_str()).collect();
        stores.sort_unstable();
        stores.dedup();
        let help = if stores.is_empty() {
            "Put a `backup` before this line.".to_owned()
        } else {
            format!("Up to here there are copies in {}.", listed(&stores).replace(" or ", " and "))
        };
        Diagnostic::error(code, message).at(span, "nothing is there").help(help)
    }

    /// Links the first steps of one statement behind all steps of another.
    fn after(&mut self, range: &std::ops::Range<usize>, target: &std::ops::Range<usize>, because: &Span) {
        let inner = |step: &usize| {
            self.graph.steps.get(*step).is_some_and(|draft| draft.needs.iter().any(|need| range.contains(&need.step)))
        };
        let firsts: Vec<usize> = range.clone().filter(|step| range == target || !inner(step)).collect();
        for step in firsts {
            for first in target.clone() {
                self.graph.need(step, first, When::Success, because);
            }
        }
    }
}
