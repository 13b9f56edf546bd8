//! `system-not-drilled`: drills of a Neo4j source bring back its databases, and never `system`.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Engine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "system-not-drilled",
        summary: "drills that never restore `system`",
        why: "Without `system` a restored server has no users and no list of databases. Nobody knows whether its copies \
              are any good until one has been brought back.",
        example: Example::Nodes {
            wrong: r#"environment "staging"
source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; databases "orders" "system"
    server "core-1" backup="graph-1.internal:6362" via="ssh"
    tls policy="backup"
}
source "around" engine="files" {
    on "*" { include "/etc/neo4j/neo4j.conf" "/var/lib/neo4j/plugins/**" "/ssl/*.crt" "/licenses/*"; }
}
store "safe" plugin="fs" {
    path "safe"; site "dc-2"; media "object"; immutable "30d"
    encrypt "age14yaaqjyvfyd4nhkscu2gwg4xll3n29qp5sc2x2v5hefp8d8cxr8q384g8k"; identity (file)"/run/age"
}
store "lodge" plugin="fs" {
    path "lodge"; site "dc-1"; media "disk"
    encrypt "age14yaaqjyvfyd4nhkscu2gwg4xll3n29qp5sc2x2v5hefp8d8cxr8q384g8k"; identity (file)"/run/age"
}
target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "5.26"; }
job "nightly" {
    backup "graph" to="lodge"; backup "around" to="lodge"
    transfer from="lodge" to="safe"
    verify "lodge"; verify "safe"
}
job "drill" {
    schedule "0 6 1 * *"
    restore "graph" from="safe" into="scratch" database="orders"
    restore "around" from="safe" into="spare"
}"#,
            right: r#"environment "staging"
source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; databases "orders" "system"
    server "core-1" backup="graph-1.internal:6362" via="ssh"
    tls policy="backup"
}
source "around" engine="files" {
    on "*" { include "/etc/neo4j/neo4j.conf" "/var/lib/neo4j/plugins/**" "/ssl/*.crt" "/licenses/*"; }
}
store "safe" plugin="fs" {
    path "safe"; site "dc-2"; media "object"; immutable "30d"
    encrypt "age14yaaqjyvfyd4nhkscu2gwg4xll3n29qp5sc2x2v5hefp8d8cxr8q384g8k"; identity (file)"/run/age"
}
store "lodge" plugin="fs" {
    path "lodge"; site "dc-1"; media "disk"
    encrypt "age14yaaqjyvfyd4nhkscu2gwg4xll3n29qp5sc2x2v5hefp8d8cxr8q384g8k"; identity (file)"/run/age"
}
target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "5.26"; }
job "nightly" {
    backup "graph" to="lodge"; backup "around" to="lodge"
    transfer from="lodge" to="safe"
    verify "lodge"; verify "safe"
}
job "drill" {
    schedule "0 6 1 * *"
    restore "graph" from="safe" into="scratch"
    restore "around" from="safe" into="spare"
}"#,
        },
        fix: "Leave `database` out of a drill, or add one with `database=\"system\"`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() {
        return;
    }
    let all = copies::drills(strategy);
    for source in &strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        if !neo4j.databases.iter().any(|pattern| pattern.covers("system")) {
            continue;
        }
        let name = &source.name.value;
        let Some(drills) = all.get(name.as_str()) else { continue };
        let only = drills.iter().map(|(drill, _)| drill.database.as_ref());
        let only: Option<Vec<_>> = only.collect();
        let Some(only) = only.filter(|only| !only.iter().any(|it| it.value.eq_ignore_ascii_case("system"))) else {
            continue;
        };
        let Some(first) = only.first() else { continue };
        let how = if drills.len() == 1 { "1 drill".to_owned() } else { format!("{} drills", drills.len()) };
        out.push(Found {
            about: None,
            message: format!("`{name}` has {how}, and 0 of them bring back `system`"),
            span: first.span.clone(),
            label: "only this database".to_owned(),
            help: "Leave `database` out, or add a drill with `database=\"system\"`.".to_owned(),
        });
    }
}
