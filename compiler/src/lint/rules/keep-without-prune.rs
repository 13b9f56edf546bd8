//! `keep-without-prune`: a store says what it keeps, and nothing ever removes the rest.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::Statement;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "keep-without-prune",
        summary: "a `keep` for a store that no job prunes",
        why: "`keep` only says what may go; without a `prune` the store grows until it is full.",
        example: Example::Nodes {
            wrong: r#"keep in="desk" { last 7; }"#,
            right: r#"keep in="desk" { last 7; }
job "tidy" {
    prune "desk"
}"#,
        },
        fix: "Add `prune \"STORE\"` to a job.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    for keep in &strategy.keeps {
        let store = &keep.store.value;
        let prunes =
            |statement: &Statement| matches!(statement, Statement::Prune(prune) if prune.store.value == *store);
        if !strategy.jobs.iter().flat_map(|job| &job.statements).any(prunes) {
            out.push(Found {
                about: None,
                message: format!("no job prunes `{store}`"),
                span: keep.span.clone(),
                label: "never acted upon".to_owned(),
                help: format!("Add `prune \"{store}\"` to a job."),
            });
        }
    }
}
