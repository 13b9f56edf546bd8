//! `prune-too-seldom`: a store is pruned more seldom than for how long it is to keep anything.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};
use crate::model::{Job, Keep, Statement};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "prune-too-seldom",
        summary: "a `prune` that comes later than all that is kept is over",
        why: "What may go stays until the next prune: the store needs more than twice the room that its `keep` asks for.",
        example: Example::Nodes {
            wrong: r#"keep in="desk" { daily 7; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "desk"
}
job "tidy" {
    schedule "0 12 1 * *"
    prune "desk"
}"#,
            right: r#"keep in="desk" { daily 7; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "desk"
}
job "tidy" {
    schedule "0 12 * * *"
    prune "desk"
}"#,
        },
        fix: "Let the job that prunes be due more often.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for keep in &subject.strategy.keeps {
        let store = &keep.store.value;
        let prunes = |job: &&Job| {
            job.statements.iter().any(|it| matches!(it, Statement::Prune(prune) if prune.store.value == *store))
        };
        let gap = |job: &Job| subject.load(&job.name.value).and_then(|load| load.longest_gap);
        let jobs = subject.strategy.jobs.iter().filter(prunes).filter_map(|job| Some((job, gap(job)?)));
        let Some((job, every)) = jobs.min_by_key(|(_, gap)| *gap) else { continue };
        let gap = subject.shortest_gap(store);
        // That a store keeps less than one backup is told by `keep-too-short`.
        let is_late = |reach: &u64| every > *reach && gap.is_none_or(|gap| *reach >= gap);
        let Some(reach) = reach(keep, gap).filter(is_late) else { continue };
        let Some(schedule) = &job.schedule else { continue };
        out.push(Found {
            about: None,
            message: format!(
                "`{store}` keeps {} (`{}`) and is pruned only every {}",
                figures::time(reach),
                keep.rules,
                figures::time(every)
            ),
            span: schedule.cron.span.clone(),
            label: format!("all that is kept is over {} before", figures::time(every.saturating_sub(reach))),
            help: format!("Let `{}` be due every day.", job.name.value),
        });
    }
}

/// How far back the rules of a store go, in seconds, when artifacts come so many seconds apart.
fn reach(keep: &Keep, gap: Option<u64>) -> Option<u64> {
    let rules = &keep.rules;
    let counts = [
        (rules.hourly, 3_600),
        (rules.daily, 86_400),
        (rules.weekly, 604_800),
        (rules.monthly, 2_678_400),
        (rules.yearly, 31_622_400),
    ];
    let counted = counts.into_iter().filter_map(|(count, unit)| Some(u64::from(count?).saturating_mul(unit.max(gap?))));
    let last = rules.last.zip(gap).map(|(count, gap)| u64::from(count).saturating_mul(gap));
    counted.chain(last).chain(rules.within).max()
}
