//! `never-pruned`: a store that keeps all that it ever gets, in a strategy that prunes others.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::resolve::flow;
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "never-pruned",
        summary: "a store with scheduled backups that nothing is ever removed from, beside stores that are pruned",
        why: "It grows with every run until it is full, and then no backup succeeds any more.",
        example: Example::Nodes {
            wrong: r#"keep in="desk" { last 7; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
    prune "desk"
}"#,
            right: r#"keep in="desk" { last 7; }
keep in="cellar" { last 30; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
    prune "desk"; prune "cellar"
}"#,
        },
        fix: "Say what it keeps with `keep`, and `prune` it.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    // Where nothing is pruned at all, keeping everything is a choice; beside stores that are, one was forgotten.
    if strategy.keeps.is_empty() {
        return;
    }
    let scheduled = strategy.jobs.iter().filter(|job| job.schedule.is_some());
    let filled: BTreeSet<String> = scheduled.flat_map(flow::copies).map(|copy| copy.store).collect();
    for store in &strategy.stores {
        let name = &store.name.value;
        if filled.contains(name) && strategy.keep(name).is_none() {
            out.push(Found {
                about: None,
                message: format!("nothing is ever removed from `{name}`"),
                span: store.span.clone(),
                label: "grows with every run".to_owned(),
                help: format!("Add `keep in=\"{name}\" {{ last 30; }}`, and `prune \"{name}\"` to a job."),
            });
        }
    }
}
