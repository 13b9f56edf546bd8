//! `chain-cut-short`: before 2026.02, a full backup that goes elsewhere ends the chain that differentials go on with.

use crate::diag::{Example, Explanation, Level};
use crate::lint::chains;
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::Engine;
use crate::resolve::capability::version;

/// From this version line on, full backups and differentials do not depend on each other.
const INDEPENDENT: (u32, u32) = (2026, 2);

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "chain-cut-short",
        summary: "a full backup between differentials that does not get to where they are, before version 2026.02",
        why: "Before 2026.02 a differential builds on the newest full backup, whatever that was made for. One that goes to \
              another store leaves the differentials after it without what they build on, until the next full one.",
        example: Example::Nodes {
            wrong: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"; databases "orders" "system"
}
job "full" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "differential" {
    backup "graph" type="differential" to="desk"
    verify "desk"
}
job "archive" {
    backup "graph" to="cellar"
    verify "cellar"
}"#,
            right: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "2026.02"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"; databases "orders" "system"
}
job "full" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "differential" {
    backup "graph" type="differential" to="desk"
    verify "desk"
}
job "archive" {
    backup "graph" to="cellar"
    verify "cellar"
}"#,
        },
        fix: "Bring every full backup to where the differentials go, and transfer it from there.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    for source in &strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        if version(&neo4j.server.version).is_none_or(|line| line >= INDEPENDENT) {
            continue;
        }
        let name = &source.name.value;
        let fulls = chains::fulls(strategy, name);
        let differentials = chains::differentials(strategy).filter(|(backup, _)| backup.source.value == *name);
        let mut stores: Vec<&str> = differentials.map(|(backup, _)| backup.to.value.as_str()).collect();
        stores.sort_unstable();
        stores.dedup();
        for store in stores {
            let begun = |full: &chains::Fulls<'_>| full.stores.contains(&store);
            if !fulls.iter().any(begun) {
                continue;
            }
            for full in fulls.iter().filter(|full| !begun(full)) {
                let (other, line) = (&full.backup.to.value, &neo4j.server.version);
                out.push(Found {
                    about: None,
                    message: format!(
                        "a full backup of `{name}` into `{other}` ends the chain in `{store}`: that is so before 2026.02, and \
                         `{name}` is {line}"
                    ),
                    span: full.backup.step.span.clone(),
                    label: format!("never gets into `{store}`"),
                    help: format!(
                        "Write `to=\"{store}\"` and `transfer from=\"{store}\" to=\"{other}\"`."
                    ),
                });
            }
        }
    }
}
