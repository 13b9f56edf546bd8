//! `job-too-long`: a job is due again before it can have ended.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};
use schema::plan::Overlap;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "job-too-long",
        summary: "a job that takes longer than the time between two of its runs",
        why: "A job does not overlap itself: runs are left out, or wait for each other and fall behind for ever.",
        example: Example::Nodes {
            wrong: r#"workload { size "4TiB"; }
job "often" {
    schedule "*/10 * * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
            right: r#"workload { size "4GiB"; }
job "often" {
    schedule "*/10 * * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
        },
        fix: "Let it be due more seldom, or do less.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for job in &subject.strategy.jobs {
        let Some((load, schedule)) = subject.load(&job.name.value).zip(job.schedule.as_ref()) else { continue };
        let Some(gap) = load.shortest_gap.filter(|gap| load.duration.total > *gap) else { continue };
        let then = match job.on_overlap {
            Overlap::Skip => "runs that are due while it is at work are left out",
            Overlap::Wait => "runs wait for each other and fall behind",
        };
        let (takes, again) = figures::times(load.duration.total, gap);
        out.push(Found {
            about: None,
            message: format!(
                "`{}` takes {takes} and is due again after {again}: {}",
                job.name.value,
                figures::arithmetic(&load.duration)
            ),
            span: schedule.cron.span.clone(),
            label: then.to_owned(),
            help: format!("Let it be due at most every {}, or let it do less.", figures::time(load.duration.total)),
        });
    }
}
