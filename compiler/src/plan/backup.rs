//! What is done to a source: its backups and copies, with the look before them and the downtime around them. What the
//! engine and its edition cannot do has been refused before this.

use super::job::{Expansion, Made, subject};
use crate::model::{Backup, Copy, Engine, Neo4j, Source};
use crate::resolve::databases;
use crate::span::Span;
use schema::step::{Action, CopyBy, Extent, Method, When};
use std::collections::BTreeSet;

/// A look at a source, or at one server of it, before anything is touched.
pub(super) struct Look {
    source: String,
    server: Option<String>,
    step: usize,
}

/// A downtime of a source, or of one database of it.
pub(super) struct Pause {
    source: String,
    database: Option<String>,
    stop: usize,
    start: usize,
}

impl Expansion<'_> {
    pub(super) fn backup(&mut self, backup: &Backup) {
        let Some(source) = self.strategy.source(&backup.source.value) else { return };
        let span = &backup.step.span;
        let asked = backup.method.as_ref().map(|method| method.value);
        let Some(method) = asked.or_else(|| source.methods().first().copied()) else { return };
        let databases = databases::databases(source, self.strategy, &self.facts.inventory, self.sink);
        let names: Vec<String> = databases.iter().map(|database| database.name.clone()).collect();
        // All databases of a source share one look: it is asked for once, for there may be thousands.
        let mut shared: Option<usize> = None;
        for database in databases {
            let server = is_of_servers(source).then_some(database.name.as_str());
            let host = self.host(source, server, method == Method::Backup);
            let look = match server {
                Some(server) => self.look(source, Some(server), &[server.to_owned()], host.as_deref(), span),
                None => shared.or_else(|| self.look(source, None, &names, host.as_deref(), span)),
            };
            let Some(look) = look else { return };
            shared = server.is_none().then_some(look);
            let pause = match method {
                Method::Dump => self.pause(source, &database.name, look, "a dump", span),
                _ => None,
            };
            let subject = subject(source, &database.name);
            let store = backup.to.value.clone();
            let (of, name) = (source.name.value.clone(), database.name.clone());
            let extent = backup.extent.value;
            let action = Action::Backup { source: of.clone(), database: name, method, extent, store: store.clone() };
            let reason = match (database.open, extent) {
                (true, _) => "expanded when it runs",
                (false, Extent::Full) => "new artifact",
                (false, Extent::Differential) => "what changed since the last one",
            };
            let address = format!("{subject}/{store}");
            let Some(step) = self.graph.add(&self.job.name.value, &address, action, reason, span, self.sink) else {
                // One statement told is enough: its other databases collide as well.
                return;
            };
            self.graph.place(step, host.as_deref());
            self.embed(step, look, pause, span);
            let (database, backup, copies) = (database.name, step, vec![(store.clone(), step)]);
            let checks = Vec::new();
            self.made.push(Made { source: of, database, extent, backup, home: store, copies, checks });
        }
    }

    pub(super) fn copy(&mut self, copy: &Copy) {
        let Some(source) = self.strategy.source(&copy.source.value) else { return };
        let Engine::Neo4j(neo4j) = &source.engine else { return };
        let (span, database) = (&copy.step.span, copy.database.value.clone());
        let host = self.host(source, None, false);
        let names = std::slice::from_ref(&database);
        let Some(look) = self.look(source, None, names, host.as_deref(), span) else { return };
        let pause = self.pause(source, &database, look, "a copy", span);
        let (by, reason) = match neo4j.is_enterprise() {
            true => (CopyBy::Tool, "a second database"),
            false => (CopyBy::DumpAndLoad, "a dump, piped into a load under the new name"),
        };
        let address = format!("{}/{}", subject(source, &database), copy.into.value);
        let action = Action::Copy {
            source: source.name.value.clone(),
            database,
            into: copy.into.value.clone(),
            by,
            compact: copy.compact.is_some(),
            format: copy.format.as_ref().map(|format| format.value.clone()),
            schema: copy.schema.is_some(),
        };
        let Some(step) = self.graph.add(&self.job.name.value, &address, action, reason, span, self.sink) else {
            return;
        };
        self.graph.place(step, host.as_deref());
        self.embed(step, look, pause, span);
    }

    /// The machine that a step on a source must be on; `None` is where jobs run.
    fn host(&self, source: &Source, server: Option<&str>, remote: bool) -> Option<String> {
        if remote {
            return None;
        }
        let of_source: &[schema::source::Server] = match &source.engine {
            Engine::Neo4j(neo4j) => &neo4j.server.servers,
            _ => &[],
        };
        let found = match server {
            Some(name) => self.strategy.servers().find(|server| server.name == name),
            None => of_source.first(),
        };
        found.filter(|server| server.via.is_some()).map(|server| server.name.clone())
    }

    /// The step comes after the look, and within the downtime when there is one.
    fn embed(&mut self, step: usize, look: usize, pause: Option<(usize, usize)>, span: &Span) {
        match pause {
            Some((stop, start)) => {
                self.graph.need(step, stop, When::Success, span);
                self.graph.need(start, step, When::Always, span);
            }
            None => self.graph.need(step, look, When::Success, span),
        }
    }

    /// The look at a source: made with the first step on it, shared by the others.
    fn look(
        &mut self,
        source: &Source,
        server: Option<&str>,
        databases: &[String],
        host: Option<&str>,
        span: &Span,
    ) -> Option<usize> {
        let name = &source.name.value;
        let known = self.looks.iter().find(|look| look.source == *name && look.server.as_deref() == server);
        if let Some(step) = known.map(|look| look.step) {
            if let Some(Action::Preflight { databases: known, .. }) =
                self.graph.steps.get_mut(step).map(|draft| &mut draft.action)
            {
                let there: BTreeSet<&String> = known.iter().collect();
                let fresh: Vec<String> = databases.iter().filter(|name| !there.contains(name)).cloned().collect();
                known.extend(fresh);
            }
            return Some(step);
        }
        let action = Action::Preflight { source: name.clone(), databases: databases.to_vec() };
        let address = server.map_or_else(|| name.clone(), |server| subject(source, server));
        let job = &self.job.name.value;
        let step = self.graph.add(job, &address, action, "before anything is touched", span, self.sink)?;
        self.graph.place(step, host);
        self.looks.push(Look { source: name.clone(), server: server.map(str::to_owned), step });
        Some(step)
    }

    /// The downtime that a step needs, shared by all that need the same one: an Enterprise server stops one database, but
    /// for `system`; a Community server stops as a whole.
    fn pause(
        &mut self,
        source: &Source,
        database: &str,
        look: usize,
        what: &str,
        span: &Span,
    ) -> Option<(usize, usize)> {
        let Engine::Neo4j(neo4j) = &source.engine else { return None };
        let one = stops_alone(neo4j, database).then(|| database.to_owned());
        if one.is_none() && !source.is_controlled() {
            return None;
        }
        let name = &source.name.value;
        let known = self.pauses.iter().find(|pause| pause.source == *name && pause.database == one);
        if let Some(pause) = known {
            return Some((pause.stop, pause.start));
        }
        let address = one.as_ref().map_or_else(|| name.clone(), |database| subject(source, database));
        let noun = if one.is_some() { "database" } else { "server" };
        let (job, host) = (&self.job.name.value, self.host(source, None, false));
        let action = Action::Stop { source: name.clone(), database: one.clone() };
        let stop = self.graph.add(job, &address, action, &format!("{what} needs the {noun} down"), span, self.sink)?;
        let action = Action::Start { source: name.clone(), database: one.clone() };
        let reason = format!("the {noun} comes back, whatever happened");
        let start = self.graph.add(job, &address, action, &reason, span, self.sink)?;
        self.graph.place(stop, host.as_deref());
        self.graph.place(start, host.as_deref());
        self.graph.need(stop, look, When::Success, span);
        self.graph.need(start, stop, When::Always, span);
        // One after the other: a database cannot be stopped while its server is down.
        let before = self.pauses.iter().rev().find(|pause| pause.source == *name).map(|pause| pause.start);
        if let Some(before) = before {
            self.graph.need(stop, before, When::Always, span);
        }
        self.pauses.push(Pause { source: name.clone(), database: one, stop, start });
        Some((stop, start))
    }

    /// The step that ends the downtime of a database in this job.
    pub(super) fn start_of(&self, source: &str, database: &str) -> Option<usize> {
        let of = |pause: &&Pause| {
            pause.source == source && pause.database.as_ref().is_none_or(|stopped| stopped == database)
        };
        self.pauses.iter().find(of).map(|pause| pause.start)
    }
}

/// Whether one database can be stopped while the server goes on.
pub(super) fn stops_alone(neo4j: &Neo4j, database: &str) -> bool {
    neo4j.is_enterprise() && !database.eq_ignore_ascii_case("system")
}

/// Whether what counts as its databases are servers.
fn is_of_servers(source: &Source) -> bool {
    matches!(&source.engine, Engine::Files(files) if !files.on.is_empty())
}
