//! `full-left-out`: a full backup is due at the same time as a differential of the same source, and does not wait for it.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, clock};
use crate::model::{Job, Statement};
use crate::structure::schedule;
use schema::plan::Overlap;
use schema::step::Extent;

/// How many runs of the full backup are looked at: a year of daily ones.
const RUNS: usize = 366;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "full-left-out",
        summary: "a full backup that is left out when a differential is at work",
        why: "Jobs on one source do not overlap. When both are due at once and the full backup does not wait, it may not be \
              made for weeks, and the chain of differentials grows for as long.",
        example: Example::Nodes {
            wrong: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"; databases "orders" "system"
}
job "full" {
    schedule "0 4 * * Sun"
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "differential" {
    schedule "0 */4 * * *"; on-overlap "skip"
    backup "graph" type="differential" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"; databases "orders" "system"
}
job "full" {
    schedule "0 4 * * Sun"; on-overlap "wait"
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "differential" {
    schedule "0 */4 * * *"; on-overlap "skip"
    backup "graph" type="differential" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Let the full backup wait with `on-overlap \"wait\"`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let jobs = &subject.strategy.jobs;
    let changing: Vec<_> = jobs.iter().filter(|job| sources(job, Extent::Differential).next().is_some()).collect();
    let hasty = jobs.iter().filter(|job| job.on_overlap == Overlap::Skip);
    for (full, due) in hasty.filter_map(|job| job.schedule.as_ref().map(|due| (job, due))) {
        let fulls: Vec<&str> = sources(full, Extent::Full).collect();
        let others = changing.iter().filter(|job| job.name.value != full.name.value);
        let others = others.filter(|job| sources(job, Extent::Differential).any(|source| fulls.contains(&source)));
        for (other, often) in others.filter_map(|job| job.schedule.as_ref().map(|often| (job, often))) {
            let mut runs = schedule::times(&due.cron.value, &due.timezone.value, clock::year()).take(RUNS);
            let both = runs.find(|run| schedule::is_due(&often.cron.value, &often.timezone.value, run.timestamp()));
            if let Some(run) = both {
                let (name, other) = (&full.name.value, &other.name.value);
                out.push(Found {
                    about: None,
                    message: format!(
                        "`{name}` is left out when `{other}` has begun: both are due at the same time, for example on {}",
                        run.strftime("%a %Y-%m-%d at %H:%M")
                    ),
                    span: due.cron.span.clone(),
                    label: format!("`{other}` is due then as well"),
                    help: format!("Add `on-overlap \"wait\"` to `{name}`."),
                });
            }
        }
    }
}

/// The sources that a job backs up in that way.
fn sources(job: &Job, extent: Extent) -> impl Iterator<Item = &str> {
    job.statements.iter().filter_map(move |statement| match statement {
        Statement::Backup(backup) if backup.extent.value == extent => Some(backup.source.value.as_str()),
        _ => None,
    })
}
