//! `rpo-not-met`: in the worst case more data is lost than `objectives { rpo }` allows, by what backups are reckoned to
//! take. Where schedules alone wait too long, `rpo-out-of-reach` says so instead.

use crate::diag::{Example, Explanation, Level};
use crate::lint::promises::{in_doubt, missed, wait};
use crate::lint::{Found, Levels, Rule, Subject, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "rpo-not-met",
        summary: "a database that can lose more than `rpo` allows, with what backups take",
        why: "What can be lost is the longest wait between two backups, runs that are left out among them, and the time until \
              the second one is a copy that can be relied on. Files beside a database are not counted.",
        example: Example::Nodes {
            wrong: r#"objectives { rpo "24h"; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
            right: r#"objectives { rpo "26h"; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
        },
        fix: "Let the jobs that back it up be due more often or take less, or say how much may be lost.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let Some(rpo) = &subject.strategy.objectives.rpo else { return };
    let in_reach: Vec<&str> = in_doubt(subject, rpo.value)
        .into_iter()
        .map(|source| source.name.value.as_str())
        .filter(|name| wait(subject, name, rpo.value).is_some_and(|longest| longest <= rpo.value))
        .collect();
    let unmet = missed(subject, |outlook| outlook.rpo.as_ref(), rpo.value);
    for alike in unmet.into_iter().filter(|alike| in_reach.contains(&alike.source)) {
        let sum = alike.sum;
        let (loses, wanted) = figures::times(sum.total, rpo.value);
        out.push(Found {
            about: None,
            message: format!(
                "{} can lose {loses} in the worst case, {wanted} is wanted: {}",
                alike.names(subject),
                figures::arithmetic(sum)
            ),
            span: rpo.span.clone(),
            label: format!("{} more than this", figures::time(sum.total.saturating_sub(rpo.value))),
            help: format!(
                "Let the jobs that back it up be due more often or take less, or write `rpo \"{}\"`.",
                figures::written(sum.total)
            ),
        });
    }
}
