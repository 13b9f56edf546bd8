//! `nobody-notified`: nobody hears how runs end, or that one did not begin.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::Environment;
use schema::notifier::Occasion;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "nobody-notified",
        summary: "production without a notifier, or without one that would hear of a run that is missing",
        why: "A job that stopped running makes no noise. Somebody must be told that a run was due and did not begin, or wait \
              for a sign of life that does not come. That a failure is told to nobody is told by `failure-unnoticed`.",
        example: Example::Nodes {
            wrong: r#"environment "production"
notify "ops" plugin="webhook" on="degraded failure" { url "https://example.org/hook"; }"#,
            right: r#"environment "production"
notify "ops" plugin="webhook" on="degraded failure missed" { url "https://example.org/hook"; }"#,
        },
        fix: "Add a `notify` with `missed`, or one with `success` to something that misses it when it does not come.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Info },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if strategy.environment != Environment::Production || strategy.jobs.is_empty() {
        return;
    }
    let (jobs, notifiers) = (strategy.jobs.len(), strategy.notifiers.len());
    let scheduled = strategy.jobs.iter().filter(|job| job.schedule.is_some()).count();
    let of = |count: usize, noun: &str| if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") };
    let Some(first) = strategy.notifiers.first() else {
        out.push(Found {
            about: None,
            message: format!("{} and 0 notifiers: nobody is told how a run ends", of(jobs, "job")),
            span: strategy.name.span.clone(),
            label: "no `notify`".to_owned(),
            help: "Add `notify \"ops\" plugin=\"webhook\" on=\"degraded failure missed\" { url \"https://…\"; }`."
                .to_owned(),
        });
        return;
    };
    // Who expects a success notices that there is none.
    let hears = |occasion: &Occasion| matches!(occasion, Occasion::Missed | Occasion::Ok);
    if scheduled == 0 || strategy.notifiers.iter().any(|notifier| notifier.on.iter().any(hears)) {
        return;
    }
    out.push(Found {
        about: None,
        message: format!(
            "{} with a schedule, and 0 of {} told when a run does not begin",
            of(scheduled, "job"),
            if notifiers == 1 { "1 notifier is".to_owned() } else { format!("{notifiers} notifiers are") }
        ),
        span: first.span.clone(),
        label: "neither `missed` nor `success`".to_owned(),
        help: format!("Add `missed` to the `on` of `{}`.", first.name.value),
    });
}
