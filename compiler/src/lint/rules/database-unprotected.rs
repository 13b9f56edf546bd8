//! `database-unprotected`: a server has a database that the strategy does not name.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Engine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "database-unprotected",
        summary: "a database that the server has and no job backs up",
        why: "Databases are added later than strategies are written. It is found out by what the server itself lists; that \
              `system` is left out is told by `system-not-covered`.",
        example: Example::Case {
            wrong: r#"// inventory graph orders people system
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "orders" "system"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"// inventory graph orders people system
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "*"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Add it to `databases`, or write a glob such as `\"*\"`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for source in &subject.strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        let name = &source.name.value;
        let Some(known) = subject.inventory.iter().find(|inventory| inventory.source == *name) else { continue };
        let covered = |database: &str| neo4j.databases.iter().any(|pattern| pattern.covers(database));
        let left = known.databases.iter().filter(|it| !it.eq_ignore_ascii_case("system") && !covered(it));
        let left: Vec<&str> = left.map(String::as_str).collect();
        let (Some(first), Some(from), Some(to)) = (left.first(), neo4j.databases.first(), neo4j.databases.last())
        else {
            continue;
        };
        let (count, of) = (left.len(), known.databases.len());
        out.push(Found {
            about: None,
            message: format!("no job protects {} of `{name}`: {count} of {of} databases", copies::named(&left)),
            span: from.span.to(&to.span),
            label: "not among these".to_owned(),
            help: format!("Add `\"{first}\"` to `databases`, or write `\"*\"` for all that there are."),
        });
    }
}
