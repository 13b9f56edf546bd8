//! `window-too-short`: a job takes longer than its window is open.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "window-too-short",
        summary: "a job that takes longer than its window",
        why: "It would be at work at times at which the strategy says that it must not be.",
        example: Example::Nodes {
            wrong: r#"workload { size "4TiB"; }
job "nightly" {
    schedule "0 1 * * *"
    window "00:30" "01:30"
    backup "notes" to="desk"
    verify "notes"
}"#,
            right: r#"workload { size "4GiB"; }
job "nightly" {
    schedule "0 1 * * *"
    window "00:30" "01:30"
    backup "notes" to="desk"
    verify "notes"
}"#,
        },
        fix: "Open the window for longer, or let the job do less.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for job in &subject.strategy.jobs {
        let Some(load) = subject.load(&job.name.value) else { continue };
        let Some((window, open)) = job.window.as_ref().zip(load.window) else { continue };
        if load.duration.total <= open {
            continue;
        }
        let (takes, is_open) = figures::times(load.duration.total, open);
        out.push(Found {
            about: None,
            message: format!(
                "`{}` takes {takes}, and its window is open for {is_open}: {}",
                job.name.value,
                figures::arithmetic(&load.duration)
            ),
            span: window.span.clone(),
            label: format!("{} too short", figures::time(load.duration.total.saturating_sub(open))),
            help: "Let it close later, or move transfers and checks to a job of their own.".to_owned(),
        });
    }
}
