//! `rpo-out-of-reach`: schedules alone wait longer for the next backup than `objectives { rpo }` allows, whatever a backup
//! takes. What also takes durations into account is `rpo-not-met`.

use crate::diag::{Example, Explanation, Level};
use crate::lint::promises::{in_doubt, wait};
use crate::lint::{Found, Levels, Rule, Subject, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "rpo-out-of-reach",
        summary: "schedules that wait longer between two backups than `rpo` allows",
        why: "Even a backup that takes no time at all would lose more. Files beside a database are not counted: `rpo` is about \
              its data.",
        example: Example::Nodes {
            wrong: r#"objectives { rpo "12h"; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
            right: r#"objectives { rpo "12h"; }
job "hourly" {
    schedule "0 * * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
        },
        fix: "Let the jobs that back it up be due more often, or say how much may be lost.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Error },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let Some(rpo) = &subject.strategy.objectives.rpo else { return };
    let wanted = figures::time(rpo.value);
    for source in in_doubt(subject, rpo.value) {
        let name = &source.name.value;
        let span = rpo.span.clone();
        match wait(subject, name, rpo.value) {
            None => out.push(Found {
                about: None,
                message: format!(
                    "nothing bounds what `{name}` can lose, {wanted} is wanted: no job with a schedule backs it up"
                ),
                span,
                label: "this much, and no more".to_owned(),
                help: format!("Add `schedule \"…\"` to a job that backs up `{name}`."),
            }),
            Some(longest) if longest > rpo.value => out.push(Found {
                about: None,
                message: format!("backups of `{name}` are up to {} apart, {wanted} is wanted", figures::time(longest)),
                span,
                label: format!(
                    "{} more than this, and the time that a backup takes",
                    figures::time(longest - rpo.value)
                ),
                help: format!("Let the jobs that back it up be due at least every {wanted}, or write a larger `rpo`."),
            }),
            Some(_) => {}
        }
    }
}
