//! `unverified-copy`: a job writes a copy that it never reads back.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::Statement;
use crate::resolve::flow;
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "unverified-copy",
        summary: "a job writes a copy that nobody verifies",
        why: "A copy that was never read back may be damaged, and that is found out when it is needed.",
        example: Example::Nodes {
            wrong: r#"job "nightly" {
    backup "notes" to="desk"
}"#,
            right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk" with="digest"
}"#,
        },
        fix: "Add `verify \"STORE\" with=\"digest\"` after the statement that writes the copy.",
    },
    levels: Levels { development: Level::Warn, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let pruned: BTreeSet<&str> = strategy.jobs.iter().flat_map(|job| &job.statements).filter_map(pruned).collect();
    for job in &strategy.jobs {
        for copy in flow::copies(job).into_iter().filter(|copy| !copy.verified) {
            out.push(Found {
                about: None,
                message: format!("nobody verifies the copy of `{}` in `{}`", copy.source, copy.store),
                span: copy.span,
                label: if pruned.contains(&copy.store.as_str()) {
                    "written here and never read back, and `prune` counts only what was".to_owned()
                } else {
                    "written here and never read back".to_owned()
                },
                help: format!("Add `verify \"{}\" with=\"digest\"` after it.", copy.store),
            });
        }
    }
}

fn pruned(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::Prune(prune) => Some(&prune.store.value),
        _ => None,
    }
}
