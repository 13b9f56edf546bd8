//! `password-in-clear`: the password of a login goes over a network without encryption.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Engine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "password-in-clear",
        summary: "a login over `http://` to another machine",
        why: "The password goes with every question, and whoever is on the way reads it.",
        example: Example::Nodes {
            wrong: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    server "main" http="http://graph-1.internal:7474" via="ssh"
    login user="backup" password=(env)"NEO4J_PASSWORD"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    server "main" http="https://graph-1.internal:7473" via="ssh"
    login user="backup" password=(env)"NEO4J_PASSWORD"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Write `https://`, with the port that the server has for it.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for source in &subject.strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        let Some(login) = &neo4j.server.login else { continue };
        let open = neo4j.server.servers.iter().filter_map(|server| {
            let url = url::Url::parse(server.http.as_deref()?).ok()?;
            let away = url.scheme() == "http" && !copies::is_loopback(url.host_str()?);
            away.then_some(server.http.as_deref()).flatten()
        });
        let open: Vec<&str> = open.collect();
        if open.is_empty() {
            continue;
        }
        let (user, count) = (&login.user, open.len());
        let servers = if count == 1 { "1 server".to_owned() } else { format!("{count} servers") };
        out.push(Found {
            about: None,
            message: format!("the password of `{user}` goes to {servers} in the clear, at {}", copies::named(&open)),
            span: source.span.clone(),
            label: "has a `login`, and a `server` with `http://`".to_owned(),
            help: "Write `http=\"https://…\"`, or reach the server over a loopback address.".to_owned(),
        });
    }
}
