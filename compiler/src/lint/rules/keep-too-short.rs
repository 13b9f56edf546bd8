//! `keep-too-short`: a `keep` whose only rule is a time that is over before the next backup comes.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "keep-too-short",
        summary: "a `keep` by age alone, shorter than the wait for the next backup",
        why: "Most of the time nothing in the store is that young, so nothing but the newest good artifact is kept.",
        example: Example::Nodes {
            wrong: r#"keep in="desk" { within "1h"; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "desk"
    prune "desk"
}"#,
            right: r#"keep in="desk" { within "3d"; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "desk"
    prune "desk"
}"#,
        },
        fix: "Keep for longer than backups are apart, or add `last`.",
    },
    levels: Levels { development: Level::Warn, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for keep in &subject.strategy.keeps {
        let only = schema::keep::Keep { within: keep.rules.within, ..schema::keep::Keep::default() };
        let (Some(within), true) = (keep.rules.within, keep.rules == only) else { continue };
        let store = &keep.store.value;
        let Some(gap) = subject.longest_gap(store).filter(|gap| within < *gap) else { continue };
        out.push(Found {
            about: None,
            message: format!(
                "`{store}` keeps only what is younger than {}, and backups are up to {} apart",
                figures::time(within),
                figures::time(gap)
            ),
            span: keep.span.clone(),
            label: "nothing but the newest one is kept, for most of the time".to_owned(),
            help: format!("Write `within \"{}\"` or more, or add `last 2`.", figures::written(gap.saturating_mul(2))),
        });
    }
}
