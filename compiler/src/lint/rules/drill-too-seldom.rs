//! `drill-too-seldom`: more than a quarter passes between two drills of a source, or nothing says when they are due.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::{Job, Schedule};
use crate::structure::schedule;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The first second of 2027: findings must not change with the day on which they are asked for.
const FROM: i64 = 1_798_761_600;
/// Two years, so that a yearly schedule has a gap.
const UNTIL: i64 = FROM + 2 * 365 * DAY;
const DAY: i64 = 86_400;
/// A quarter: the longest is July to September.
const MOST: i64 = 92;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "drill-too-seldom",
        summary: "drills more than 92 days apart, or without a schedule",
        why: "What could be restored in spring need not be restored in autumn: versions, keys and people change.",
        example: Example::Nodes {
            wrong: r#"environment "production"
source "letters" engine="files" { root "letters"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" { schedule "0 6 1 1,7 *"; restore "letters" from="cellar" into="spare"; }"#,
            right: r#"environment "production"
source "letters" engine="files" { root "letters"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" { schedule "0 6 1 */3 *"; restore "letters" from="cellar" into="spare"; }"#,
        },
        fix: "Give a job with a drill a schedule that is due at least every quarter.",
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
    // Many sources may be tried by the same jobs.
    let mut known: BTreeMap<Vec<&str>, i64> = BTreeMap::new();
    for source in &strategy.sources {
        let name = &source.name.value;
        let Some(drills) = all.get(name.as_str()) else { continue };
        let Some((first, job)) = drills.first() else { continue };
        let due: BTreeMap<&str, &Schedule> =
            drills.iter().filter_map(|(_, job)| Some((job.name.value.as_str(), job.schedule.as_ref()?))).collect();
        let Some(scheduled) = due.values().next() else {
            if !subject.requires("drilled", 1) {
                out.push(unscheduled(name, job, &first.step.span));
            }
            continue;
        };
        let jobs = due.keys().copied().collect();
        let gap = *known.entry(jobs).or_insert_with(|| longest(due.values().copied()));
        if gap > MOST {
            out.push(Found {
                about: None,
                message: format!("drills of `{name}` are up to {gap} days apart, more than {MOST}"),
                span: scheduled.cron.span.clone(),
                label: "is due too seldom".to_owned(),
                help: "Write a schedule that is due every quarter or more often, such as `\"0 6 1 * *\"`.".to_owned(),
            });
        }
    }
}

fn unscheduled(name: &str, job: &Job, span: &crate::span::Span) -> Found {
    Found {
        about: None,
        message: format!("drills of `{name}` are made only when asked for, and never within {MOST} days by themselves"),
        span: span.clone(),
        label: format!("`{}` has no schedule", job.name.value),
        help: format!("Add `schedule \"0 6 1 * *\"` to `{}`.", job.name.value),
    }
}

/// When a schedule is due, looked at once a day at most.
fn times(due: &Schedule) -> Vec<i64> {
    let mut out = Vec::new();
    let mut after = FROM - 1;
    while after < UNTIL {
        let Ok(start) = Timestamp::from_second(after) else { break };
        let Some(next) = schedule::next(&due.cron.value, &due.timezone.value, start, 1).pop() else { break };
        let next = next.timestamp().as_second();
        out.push(next);
        after = next.max(after) + DAY;
    }
    out
}

/// Days of the longest time between two runs of any of these.
fn longest<'a>(due: impl Iterator<Item = &'a Schedule>) -> i64 {
    let times: BTreeSet<i64> = due.flat_map(times).collect();
    let pairs = times.iter().zip(times.iter().skip(1));
    // A clock that changes makes a day an hour longer, and that is no day more.
    pairs.map(|(one, next)| (next - one + DAY / 2) / DAY).max().unwrap_or(i64::from(u16::MAX))
}
