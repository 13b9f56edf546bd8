//! `jobs-overlap`: a job is due while another one is at work on the same source, and nothing says what is to become of it.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "jobs-overlap",
        summary: "jobs on one source that are due at the same time, without a word on which of them gives way",
        why: "Jobs on one source do not overlap: one of the two is left out. Whoever reads the schedule counts on a run that \
              is never made.",
        example: Example::Nodes {
            wrong: r#"job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "notes"
}
job "weekly" {
    schedule "0 4 * * Sun"
    backup "notes" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"job "nightly" {
    schedule "0 4 * * *"; on-overlap "skip"
    backup "notes" to="desk"
    verify "notes"
}
job "weekly" {
    schedule "0 4 * * Sun"; on-overlap "wait"
    backup "notes" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Say `on-overlap \"wait\"` or `on-overlap \"skip\"`, or move one of them.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let said = |name: &str| strategy.jobs.iter().any(|job| job.name.value == name && job.on_overlap_said.is_some());
    let mut told: Vec<(&str, &str)> = Vec::new();
    for job in &strategy.jobs {
        let name = job.name.value.as_str();
        let Some((load, schedule)) = subject.load(name).zip(job.schedule.as_ref()) else { continue };
        for overlap in load.overlaps.iter().filter(|overlap| overlap.times > 0) {
            let other = overlap.job.as_str();
            if said(name) || said(other) || told.contains(&(other, name)) || told.contains(&(name, other)) {
                continue;
            }
            told.push((name, other));
            let times = if overlap.times == 1 { "once".to_owned() } else { format!("{} times", overlap.times) };
            out.push(Found {
                about: None,
                message: format!("`{name}` and `{other}` are at work on `{}` at the same time {times} in a year", overlap.source),
                span: schedule.cron.span.clone(),
                label: "one of the two is left out then".to_owned(),
                help: format!("Add `on-overlap \"wait\"` to `{name}` or `{other}`, or `on-overlap \"skip\"` to what may be left out."),
            });
        }
    }
}
