//! `offline-without-control`: a dump needs the server down, and nothing says how that is done.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::{Engine, Statement};
use schema::step::Method;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "offline-without-control",
        summary: "an offline dump of a source that says not how its server is stopped and started",
        why: "A dump of a running server is refused, so the job fails whenever the server is up.",
        example: Example::Nodes {
            wrong: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" to="desk" method="dump"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" to="desk" method="dump"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Add `control { stop …; start …; }` to the source.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    for source in &strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        let dumps = |statement: &Statement| match statement {
            Statement::Backup(backup) if backup.source.value == source.name.value => {
                backup.method.as_ref().map(|method| method.value).or(source.methods().first().copied())
                    == Some(Method::Dump)
            }
            Statement::Copy(copy) => copy.source.value == source.name.value && !neo4j.is_enterprise(),
            _ => false,
        };
        let dumped = strategy.jobs.iter().flat_map(|job| &job.statements).any(dumps);
        // An Enterprise server stops a database alone, all but this one.
        let whole = !neo4j.is_enterprise() || neo4j.databases.iter().any(|pattern| pattern.covers("system"));
        if dumped && whole && !source.is_controlled() {
            out.push(Found {
                about: None,
                message: format!("`{}` is dumped offline, but nothing says how to stop its server", source.name.value),
                span: source.span.clone(),
                label: "no `control`".to_owned(),
                help: "Add `control { stop \"PROGRAM\" …; start \"PROGRAM\" …; }`.".to_owned(),
            });
        }
    }
}
