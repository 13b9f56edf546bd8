//! `backup-without-tls`: a server's backup port is reached across a network in the clear, by anybody who can reach it.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Engine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "backup-without-tls",
        summary: "an online backup across a network, without TLS and client authentication",
        why: "The backup port asks for no password: whoever reaches it can take all data. Only a TLS policy of scope \
              `backup` with `client_auth=REQUIRE` keeps others out, and keeps what is sent unread.",
        example: Example::Nodes {
            wrong: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; databases "orders" "system"
    server "core-1" backup="graph-1.internal:6362"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"source "graph" engine="neo4j" {
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
        fix: "Add `tls policy=\"backup\"` and set up that policy on the servers, with `client_auth=REQUIRE`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for source in &subject.strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        if neo4j.server.tls.is_some() {
            continue;
        }
        let addresses = neo4j.server.servers.iter().filter_map(|server| server.backup.as_deref());
        let spans = neo4j.enterprise.iter().filter(|word| word.value == "server backup").map(|word| &word.span);
        let is_open = |address: &str| copies::host(address).is_some_and(|host| !copies::is_loopback(host));
        let open: Vec<_> = addresses.zip(spans).filter(|(address, _)| is_open(address)).collect();
        let Some((_, span)) = open.first() else { continue };
        let named: Vec<&str> = open.iter().map(|(address, _)| *address).collect();
        let (count, of) = (open.len(), neo4j.server.servers.len());
        out.push(Found {
            about: None,
            message: format!(
                "`{}` is backed up without TLS from {}: {count} of {of} servers",
                source.name.value,
                copies::named(&named)
            ),
            span: (*span).clone(),
            label: "whoever reaches this can take all data".to_owned(),
            help: "Add `tls policy=\"backup\"`, and give that policy of the servers `client_auth=REQUIRE`.".to_owned(),
        });
    }
}
