//! Where all that is no step was said, so that whatever compares plans can point at a line. Values that stand in the line
//! of the node that holds them have no entry of their own.

use crate::model::{Engine, Job, Plugin, Store, Strategy};
use crate::span::{Span, Spanned};
use schema::step::Origin;
use std::collections::BTreeMap;

/// By path; see [`schema::plan::Plan::lines`].
pub(super) fn lines(strategy: &Strategy) -> BTreeMap<String, Origin> {
    let mut lines = Lines::default();
    lines.add("strategy".to_owned(), &strategy.span);
    figures(strategy, &mut lines);
    if let Some(runner) = &strategy.runner {
        lines.add(format!("runner/{}", runner.name.value), &runner.span);
    }
    for source in &strategy.sources {
        let path = format!("source/{}", source.name.value);
        lines.add(path.clone(), &source.span);
        if let Engine::Neo4j(neo4j) = &source.engine {
            lines.add(format!("{path}/edition"), &neo4j.edition);
            lines.add(format!("{path}/version"), &neo4j.version);
            if let Some(first) = neo4j.databases.first() {
                lines.add(format!("{path}/databases"), &first.span);
            }
        }
    }
    for target in &strategy.targets {
        lines.add(format!("target/{}", target.name.value), &target.span);
    }
    for store in &strategy.stores {
        self::store(store, &mut lines);
    }
    for notifier in &strategy.notifiers {
        let path = format!("notify/{}", notifier.name.value);
        lines.add(path.clone(), &notifier.span);
        plugin(&path, &notifier.plugin, &mut lines);
        lines.maybe(format!("{path}/body"), notifier.body.as_ref());
    }
    for job in &strategy.jobs {
        self::job(job, &mut lines);
    }
    for keep in &strategy.keeps {
        lines.add(format!("keep/{}", keep.store.value), &keep.span);
    }
    for requirement in &strategy.policy.requirements {
        lines.add(format!("require/{}", requirement.what.value), &requirement.span);
    }
    for exception in &strategy.policy.exceptions {
        lines.add(format!("allow/{}", exception.what.value), &exception.what.span);
    }
    lines.0
}

#[derive(Default)]
struct Lines(BTreeMap<String, Origin>);

impl Lines {
    fn add(&mut self, path: String, span: &Span) {
        self.0.insert(path, span.origin());
    }

    fn maybe<T>(&mut self, path: String, said: Option<&Spanned<T>>) {
        if let Some(said) = said {
            self.add(path, &said.span);
        }
    }
}

fn figures(strategy: &Strategy, lines: &mut Lines) {
    let objectives = &strategy.objectives;
    lines.maybe("objectives/rpo".to_owned(), objectives.rpo.as_ref());
    lines.maybe("objectives/rto".to_owned(), objectives.rto.as_ref());
    lines.maybe("objectives/backup-downtime".to_owned(), objectives.backup_downtime.as_ref());
    lines.maybe("objectives/restore-downtime".to_owned(), objectives.restore_downtime.as_ref());
    let workload = &strategy.workload;
    lines.maybe("workload/size".to_owned(), workload.size.as_ref());
    lines.maybe("workload/growth".to_owned(), workload.growth.as_ref());
    lines.maybe("workload/change-rate".to_owned(), workload.change_rate.as_ref());
    let resources = &strategy.resources;
    for (name, said) in [
        ("cpus", &resources.cpus),
        ("memory", &resources.memory),
        ("temp", &resources.temp),
        ("disk", &resources.disk),
        ("network", &resources.network),
    ] {
        lines.maybe(format!("resources/{name}"), said.as_ref());
    }
}

fn store(store: &Store, lines: &mut Lines) {
    let path = format!("store/{}", store.name.value);
    lines.add(path.clone(), &store.span);
    plugin(&path, &store.plugin, lines);
    for (name, said) in [
        ("site", &store.site),
        ("zone", &store.zone),
        ("provider", &store.provider),
        ("account", &store.account),
        ("host", &store.host),
        ("media", &store.media),
        ("class", &store.class),
    ] {
        lines.maybe(format!("{path}/{name}"), said.as_ref());
    }
    lines.maybe(format!("{path}/immutable"), store.immutable.as_ref());
    lines.maybe(format!("{path}/parallel"), store.parallel.as_ref());
    lines.maybe(format!("{path}/bandwidth"), store.bandwidth.as_ref());
}

fn plugin(path: &str, plugin: &Plugin, lines: &mut Lines) {
    for (node, said) in &plugin.config {
        lines.add(format!("{path}/{node}"), &said.span);
    }
}

fn job(job: &Job, lines: &mut Lines) {
    let path = format!("job/{}", job.name.value);
    lines.add(path.clone(), &job.span);
    if let Some(schedule) = &job.schedule {
        lines.add(format!("{path}/schedule"), &schedule.cron.span);
    }
    if let Some(window) = &job.window {
        lines.add(format!("{path}/window"), &window.span);
    }
    lines.maybe(format!("{path}/timeout"), job.timeout.as_ref());
}
