//! `system-not-covered`: a Neo4j source is protected without its `system` database.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::Engine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "system-not-covered",
        summary: "a Neo4j source whose databases leave out `system`",
        why: "Users, roles, passwords and the list of databases are in `system`: a server restored without it has none.",
        example: Example::Nodes {
            wrong: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"source "graph" engine="neo4j" {
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
        fix: "Add `\"system\"` to `databases`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    for source in &strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        if neo4j.databases.iter().any(|pattern| pattern.covers("system")) {
            continue;
        }
        let span = neo4j.databases.first().map_or(&source.span, |first| &first.span);
        let span = neo4j.databases.last().map_or_else(|| span.clone(), |last| span.to(&last.span));
        out.push(Found {
            about: None,
            message: format!("`{}` is protected without its `system` database", source.name.value),
            span,
            label: "`system` is not among these".to_owned(),
            help: "Add `\"system\"` to `databases`.".to_owned(),
        });
    }
}
