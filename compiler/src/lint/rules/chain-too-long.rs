//! `chain-too-long`: a restore would be in time from the full backup alone, and is not with the differentials after it.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, chains, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "chain-too-long",
        summary: "a chain of differentials that makes a restore take longer than `rto`",
        why: "A restore applies every differential since the full backup, one after the other. The rarer the full backups, the \
              longer that takes.",
        example: Example::Nodes {
            wrong: r#"objectives { rto "3h"; }
workload { size "100GiB"; change-rate "100GiB/day"; }
source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"; databases "orders" "system"
}
job "full" {
    schedule "0 4 * * Sun"; on-overlap "wait"
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "differential" {
    schedule "0 */6 * * *"; on-overlap "skip"
    backup "graph" type="differential" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"objectives { rto "3h"; }
workload { size "100GiB"; change-rate "100GiB/day"; }
source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"; databases "orders" "system"
}
job "full" {
    schedule "0 4 * * *"; on-overlap "wait"
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "differential" {
    schedule "0 */6 * * *"; on-overlap "skip"
    backup "graph" type="differential" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Make full backups more often.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let Some(rto) = &subject.strategy.objectives.rto else { return };
    let mut told: Vec<(&str, u64)> = Vec::new();
    for outlook in &subject.forecast.databases {
        let Some((sum, links)) = outlook.rto.as_ref().zip(chains::of_restore(outlook, rto.value)) else { continue };
        // Databases of one source mostly come to the same.
        if told.contains(&(&outlook.source, sum.total)) {
            continue;
        }
        told.push((&outlook.source, sum.total));
        let full = chains::fulls(subject.strategy, &outlook.source).into_iter().next();
        let span = full.map_or(&rto.span, |full| &full.backup.step.span);
        out.push(Found {
            about: None,
            message: format!(
                "a chain of {links} artifacts brings `{}` of `{}` back after {}, {} is wanted: {}",
                outlook.database,
                outlook.source,
                figures::time(sum.total),
                figures::time(rto.value),
                figures::arithmetic(sum)
            ),
            span: span.clone(),
            label: format!("so seldom that {} differentials follow", links.saturating_sub(1)),
            help: "Let the job with the full backup be due more often.".to_owned(),
        });
    }
}
