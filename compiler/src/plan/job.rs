//! A job's statements to steps and needs. A statement sees what those before it have made; `after=` may point anywhere
//! in the job, and is linked last.

use super::draft::Graph;
use crate::Facts;
use crate::diag::{Diagnostic, Sink, codes};
use crate::model::{Backup, Job, Source, Statement, Strategy, Transfer, Verify};
use crate::resolve::databases;
use crate::span::Span;
use crate::structure::listed;
use schema::step::{Action, Address, ArtifactRef, Check, Method, When};

/// An artifact that the job makes, and where it is by now.
struct Made {
    source: String,
    database: String,
    backup: usize,
    home: String,
    /// Store, and the step that puts it there.
    copies: Vec<(String, usize)>,
    checks: Vec<usize>,
}

/// The steps around the backups of one source.
struct Service {
    source: String,
    preflight: usize,
    stop: Option<usize>,
    start: Option<usize>,
}

struct Expansion<'a> {
    job: &'a Job,
    strategy: &'a Strategy,
    facts: &'a Facts,
    graph: &'a mut Graph,
    sink: &'a mut Sink,
    made: Vec<Made>,
    services: Vec<Service>,
}

/// Adds the steps of a job.
pub(super) fn expand(job: &Job, strategy: &Strategy, facts: &Facts, graph: &mut Graph, sink: &mut Sink) {
    let mut expansion = Expansion { job, strategy, facts, graph, sink, made: Vec::new(), services: Vec::new() };
    let mut ranges = Vec::new();
    for statement in &job.statements {
        let first = expansion.graph.steps.len();
        match statement {
            Statement::Backup(backup) => expansion.backup(backup),
            Statement::Transfer(transfer) => expansion.transfer(transfer),
            Statement::Verify(verify) => expansion.verify(verify),
        }
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
    match source.engine {
        crate::model::Engine::Files(_) => source.name.value.clone(),
        crate::model::Engine::Neo4j(_) => format!("{}:{database}", source.name.value),
    }
}

impl Expansion<'_> {
    fn backup(&mut self, backup: &Backup) {
        let Some(source) = self.strategy.source(&backup.source.value) else { return };
        if let Some(method) = backup.method.as_ref().filter(|method| method.value != source.method()) {
            self.sink.push(impossible_method(source, &method.span));
        }
        let databases = databases::databases(source, &self.facts.inventory, self.sink);
        let names: Vec<String> = databases.iter().map(|database| database.name.clone()).collect();
        let Some(at) = self.service(source, &names, &backup.span) else { return };
        for database in databases {
            let subject = subject(source, &database.name);
            let store = backup.to.value.clone();
            let (of, name) = (source.name.value.clone(), database.name.clone());
            let action =
                Action::Backup { source: of.clone(), database: name, method: source.method(), store: store.clone() };
            let reason = if database.open { "expanded when it runs" } else { "new artifact" };
            let address = format!("{subject}/{store}");
            let Some(step) = self.graph.add(&self.job.name.value, &address, action, reason, &backup.span, self.sink)
            else {
                // One statement told is enough: its other databases collide as well.
                return;
            };
            let Some(service) = self.services.get(at) else { return };
            let first = service.stop.unwrap_or(service.preflight);
            self.graph.need(step, first, When::Success, &backup.span);
            if let Some(start) = service.start {
                self.graph.need(start, step, When::Always, &backup.span);
            }
            let (database, backup, copies) = (database.name, step, vec![(store.clone(), step)]);
            self.made.push(Made { source: of, database, backup, home: store, copies, checks: Vec::new() });
        }
    }

    /// The steps around the backups of a source: made with the first one, shared by the others.
    fn service(&mut self, source: &Source, databases: &[String], span: &Span) -> Option<usize> {
        let name = &source.name.value;
        if let Some(at) = self.services.iter().position(|service| service.source == *name) {
            return Some(at);
        }
        let job = &self.job.name.value;
        let action = Action::Preflight { source: name.clone(), databases: databases.to_vec() };
        let preflight = self.graph.add(job, name, action, "before anything is touched", span, self.sink)?;
        let (mut stop, mut start) = (None, None);
        if source.is_controlled() {
            let down = Action::Stop { source: name.clone() };
            let down = self.graph.add(job, name, down, "a dump needs the server down", span, self.sink)?;
            let up = Action::Start { source: name.clone() };
            let up = self.graph.add(job, name, up, "the server comes back, whatever happened", span, self.sink)?;
            self.graph.need(down, preflight, When::Success, span);
            self.graph.need(up, down, When::Always, span);
            (stop, start) = (Some(down), Some(up));
        }
        self.services.push(Service { source: name.clone(), preflight, stop, start });
        Some(self.services.len() - 1)
    }

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
            let Some(step) = self.graph.add(&self.job.name.value, &address, action, &reason, &transfer.span, self.sink)
            else {
                return;
            };
            for need in needs {
                self.graph.need(step, need, When::Success, &transfer.span);
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
            let start = self.services.iter().find(|service| service.source == made.source).and_then(|it| it.start);
            let artifact = self.reference(backup);
            let action = Action::Verify { artifact, store, with: verify.with };
            let reason = match verify.with {
                Check::Digest => "every byte read back",
                Check::Consistency => "loaded aside and checked",
            };
            let Some(step) = self.graph.add(&self.job.name.value, &address, action, reason, &verify.span, self.sink)
            else {
                return;
            };
            self.graph.need(step, backup, When::Success, &verify.span);
            self.graph.need(step, present, When::Success, &verify.span);
            // The check must neither make the downtime longer nor compete with it.
            if let Some(start) = start.filter(|_| verify.with == Check::Consistency) {
                self.graph.need(step, start, When::Always, &verify.span);
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

    fn reference(&self, backup: usize) -> ArtifactRef {
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

fn impossible_method(source: &Source, span: &Span) -> Diagnostic {
    let has = match source.method() {
        Method::Archive => "archive",
        Method::Dump => "dump",
    };
    let (name, engine) = (&source.name.value, source.engine_name());
    Diagnostic::error(&codes::IMPOSSIBLE_METHOD, format!("`{name}` cannot be backed up by this method"))
        .at(span, format!("engine `{engine}` does not have it"))
        .help(format!("Write `method=\"{has}\"`, or leave it out."))
}
