//! `keep-too-fine`: a rule for hours, days or months of a store that gets artifacts more seldom than that.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "keep-too-fine",
        summary: "a `keep` that counts shorter times than there are between backups",
        why: "A rule that keeps one of each hour sees one of each day, and keeps something else than is meant.",
        example: Example::Nodes {
            wrong: r#"keep in="desk" { hourly 24; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "desk"
    prune "desk"
}"#,
            right: r#"keep in="desk" { daily 24; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "desk"
    prune "desk"
}"#,
        },
        fix: "Count the times at which there are backups, or back up more often.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

/// Units that rules count, each with the seconds from which on backups are too seldom for it.
const UNITS: [(&str, u64); 5] = [
    ("hourly", 82_800),
    ("daily", 7 * 86_400 - 3_600),
    ("weekly", 28 * 86_400 - 3_600),
    ("monthly", 365 * 86_400 - 3_600),
    ("yearly", u64::MAX),
];

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    for keep in &subject.strategy.keeps {
        let store = &keep.store.value;
        let Some(gap) = subject.shortest_gap(store) else { continue };
        let rules = &keep.rules;
        let counts = [rules.hourly, rules.daily, rules.weekly, rules.monthly];
        let Some((fitting, _)) = UNITS.into_iter().find(|(_, least)| gap < *least) else { continue };
        for ((unit, least), count) in UNITS.into_iter().zip(counts) {
            let Some(count) = count.filter(|_| gap >= least) else { continue };
            out.push(Found {
                about: None,
                message: format!(
                    "`{unit} {count}` of `{store}` counts finer than there is anything: artifacts come {} apart at least",
                    figures::time(gap)
                ),
                span: keep.span.clone(),
                label: format!("keeps what `{fitting}` would"),
                help: format!("Write `{fitting} {count}` or `last {count}`, whichever is meant."),
            });
        }
    }
}
