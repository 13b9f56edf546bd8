//! `downtime-not-tolerated`: a job takes a server or a database down, and the objectives say that nothing may be down.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::{Engine, Statement};
use schema::step::Method;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "downtime-not-tolerated",
        summary: "an offline backup where `backup-downtime` is zero",
        why: "A dump and a copy need the database down; the objectives say that it never is for a backup.",
        example: Example::Nodes {
            wrong: r#"objectives { backup-downtime "0s"; }
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"objectives { backup-downtime "10m"; }
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Allow a downtime, or use the online backup of an Enterprise server.",
    },
    levels: Levels { development: Level::Warn, staging: Level::Error, production: Level::Error },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if strategy.objectives.backup_downtime.as_ref().is_none_or(|time| time.value > 0) {
        return;
    }
    for statement in strategy.jobs.iter().flat_map(|job| &job.statements) {
        let (name, what) = match statement {
            Statement::Backup(backup) => {
                let source = strategy.source(&backup.source.value);
                let own = || source.and_then(|source| source.methods().first().copied());
                if backup.method.as_ref().map(|method| method.value).or_else(own) != Some(Method::Dump) {
                    continue;
                }
                (&backup.source.value, "dump")
            }
            Statement::Copy(copy) => (&copy.source.value, "copy"),
            _ => continue,
        };
        if strategy.source(name).is_some_and(|source| matches!(source.engine, Engine::Neo4j(_))) {
            out.push(Found {
                about: None,
                message: format!("a {what} takes `{name}` down, and `backup-downtime` is zero"),
                span: statement.span().clone(),
                label: "needs a downtime".to_owned(),
                help: "Say how long it may be down with `backup-downtime`, or back it up online.".to_owned(),
            });
        }
    }
}
