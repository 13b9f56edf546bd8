//! `drill-beside-production`: a scratch server is on the machine of the server whose copies it tries.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Engine;
use schema::target::TargetEngine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "drill-beside-production",
        summary: "a drill that restores into a target on the machine of the source's server",
        why: "It takes memory, disk and time from the server, and does not show that another machine could take over.",
        example: Example::Nodes {
            wrong: r#"environment "staging"
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
source "around" engine="files" { root "/srv/neo4j"; include "conf/**" "plugins/**" "certificates/*.crt"; }
target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "5.26"; }
job "nightly" {
    backup "graph" to="desk"; backup "around" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" {
    schedule "0 6 1 * *"
    restore "graph" from="cellar" into="scratch"
    restore "around" from="cellar" into="spare"
}"#,
            right: r#"environment "staging"
runner "backup-1"
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    server "main" via="ssh"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
source "around" engine="files" {
    on "main" { include "/srv/neo4j/conf/**" "/srv/neo4j/plugins/**" "/srv/neo4j/certificates/*.crt"; }
}
target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "5.26"; }
job "nightly" {
    backup "graph" to="desk"; backup "around" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" {
    schedule "0 6 1 * *"
    restore "graph" from="cellar" into="scratch"
    restore "around" from="cellar" into="spare"
}"#,
        },
        fix: "Run jobs and drills on a machine of their own, and reach the server by `via`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Info },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() {
        return;
    }
    let all = copies::drills(strategy);
    for source in &strategy.sources {
        let here = matches!(&source.engine, Engine::Neo4j(neo4j) if copies::is_here(neo4j));
        let name = &source.name.value;
        let drills = all.get(name.as_str()).into_iter().flatten();
        let drill = drills.map(|(drill, _)| *drill).find(|drill| {
            let target = strategy.target(&drill.into.value);
            target.is_some_and(|target| matches!(target.engine, TargetEngine::Neo4j { .. }))
        });
        let Some(drill) = drill.filter(|_| here) else { continue };
        out.push(Found {
            about: None,
            message: format!("`{}` is on the machine of `{name}`, whose copies are tried there", drill.into.value),
            span: drill.into.span.clone(),
            label: "on the machine that runs jobs, as the server is".to_owned(),
            help: "Run jobs on another machine: name it as `runner`, and give the server a `via`.".to_owned(),
        });
    }
}
