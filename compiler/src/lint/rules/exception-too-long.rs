//! `exception-too-long`: an exception that holds for more than a year.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use jiff::ToSpan;

/// Most days from today to an exception's last one.
const MOST: i32 = 366;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "exception-too-long",
        summary: "an `allow` that holds for more than a year",
        why: "What is put off for so long is not put off, it is given up; and nobody is reminded of it.",
        example: Example::Case {
            wrong: r#"// today 2026-11-26
policy {
    require "media" min=4
    allow "media" reason="tape ordered" until="2028-01-31"
}"#,
            right: r#"// today 2026-11-26
policy {
    require "media" min=4
    allow "media" reason="tape ordered" until="2027-01-31"
}"#,
        },
        fix: "Give it a day within a year, or lower what the policy requires.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let Some(today) = subject.today else { return };
    let Ok(latest) = today.checked_add(MOST.days()) else { return };
    for exception in subject.strategy.policy.exceptions.iter().filter(|exception| exception.until.value > latest) {
        let days = today.until(exception.until.value).map_or(0, |span| span.get_days());
        out.push(Found {
            about: None,
            message: format!("the exception from `{}` holds for another {days} days", exception.what.value),
            span: exception.until.span.clone(),
            label: format!("more than a year from {today}"),
            help: format!("Write a day up to `until=\"{latest}\"`."),
        });
    }
}
