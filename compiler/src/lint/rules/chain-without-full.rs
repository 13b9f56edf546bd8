//! `chain-without-full`: a store gets the differentials of a source and none of its full backups.

use crate::diag::{Example, Explanation, Level};
use crate::lint::chains;
use crate::lint::{Found, Levels, Rule, Subject};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "chain-without-full",
        summary: "a store that gets differentials and no full backup that they build on",
        why: "A differential is worth nothing without its full backup: a restore from this store alone is impossible.",
        example: Example::Nodes {
            wrong: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"; databases "orders" "system"
}
job "full" {
    backup "graph" to="desk"
    verify "desk"
}
job "differential" {
    backup "graph" type="differential" to="cellar"
    verify "cellar"
}"#,
            right: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"; databases "orders" "system"
}
job "full" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "differential" {
    backup "graph" type="differential" to="cellar"
    verify "cellar"
}"#,
        },
        fix: "Bring the full backups into the same store.",
    },
    levels: Levels { development: Level::Warn, staging: Level::Error, production: Level::Error },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for (backup, _) in chains::differentials(subject.strategy) {
        let (source, store) = (&backup.source.value, &backup.to.value);
        let fulls: Vec<chains::Fulls<'_>> = chains::fulls(subject.strategy, source);
        let elsewhere = fulls.iter().find_map(|fulls| fulls.stores.first());
        if fulls.iter().any(|fulls| fulls.stores.iter().any(|other| *other == store)) {
            continue;
        }
        // That there is no full backup at all is an error of its own.
        let Some(elsewhere) = elsewhere else { continue };
        out.push(Found {
            about: None,
            message: format!("`{store}` gets differentials of `{source}` and no full backup of it"),
            span: backup.extent.span.clone(),
            label: format!("full backups go to `{elsewhere}`"),
            help: format!("Write `to=\"{elsewhere}\"`, or add `transfer from=\"{elsewhere}\" to=\"{store}\"` to the job with the full backup."),
        });
    }
}
