//! `copies-too-few`: the data of a source gets into fewer than two stores.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::resolve::flow;

/// Fewest stores that count as safe.
const FEWEST: usize = 2;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "copies-too-few",
        summary: "a source's data gets into fewer than two stores",
        why: "One store is one failure: when it is lost or damaged there is nothing to restore from.",
        example: Example::Nodes {
            wrong: r#"source "letters" engine="files" { root "letters"; }
job "nightly" {
    backup "letters" to="desk"
    verify "letters"
}"#,
            right: r#"source "letters" engine="files" { root "letters"; }
job "nightly" {
    backup "letters" to="desk"
    verify "letters"
    transfer from="desk" to="cellar"
    verify "cellar"
}"#,
        },
        fix: "Add a `transfer` to a second store, on another site, and a `verify` of it.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let all = flow::stores(strategy);
    for source in &strategy.sources {
        let name = &source.name.value;
        let stores: Vec<&String> = all.get(name).into_iter().flatten().collect();
        if stores.len() >= FEWEST {
            continue;
        }
        let (message, help) = match stores.first() {
            None => (format!("no job backs up `{name}`"), format!("Add `backup \"{name}\" to=…` to a job.")),
            Some(store) => (
                format!("`{name}` gets into one store only"),
                format!("Add `transfer from=\"{store}\" to=…` to the job that backs it up."),
            ),
        };
        out.push(Found {
            about: None,
            message,
            span: source.span.clone(),
            label: format!("{} of {FEWEST} copies", stores.len()),
            help,
        });
    }
}
