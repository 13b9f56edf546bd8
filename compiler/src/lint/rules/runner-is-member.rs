//! `runner-is-member`: jobs run on a machine whose loss takes the data as well.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use schema::source::Server;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "runner-is-member",
        summary: "a runner that is one of the servers that it protects",
        why: "When it is lost, so is the way to bring back what was on it; and backups compete with queries.",
        example: Example::Nodes {
            wrong: r#"runner "one" { host "graph-1.internal"; }
source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; databases "orders" "system"
    server "core-1" backup="graph-1.internal:6362"
    tls policy="backup"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"runner "one" { host "backup-1.internal"; }
source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; databases "orders" "system"
    server "core-1" backup="graph-1.internal:6362"
    tls policy="backup"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Run jobs on a machine of their own.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let Some(runner) = &strategy.runner else { return };
    let name = &runner.name.value;
    let host = runner.host.as_ref().map_or(name, |host| &host.value);
    let Some(server) = strategy.servers().find(|server| server.name == *name || is_on(server, host)) else { return };
    out.push(Found {
        about: None,
        message: format!("jobs run on `{}`, a server that they protect", server.name),
        span: runner.host.as_ref().map_or(&runner.span, |host| &host.span).clone(),
        label: "the same machine".to_owned(),
        help: "Name a machine of its own.".to_owned(),
    });
}

/// Whether an address of a server is on a host.
fn is_on(server: &Server, host: &str) -> bool {
    let backup = server.backup.as_ref().and_then(|address| address.rsplit_once(':')).map(|(host, _)| host.to_owned());
    let http = server.http.as_ref().and_then(|url| url::Url::parse(url).ok()?.host_str().map(str::to_owned));
    [backup, http].into_iter().flatten().any(|known| known.eq_ignore_ascii_case(host))
}
