//! `store-in-source`: a source takes the directory of a store that keeps its copies, and so each backup holds all before.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies, tree};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "store-in-source",
        summary: "a store that lies in the tree that is backed up into it",
        why: "Each backup takes all copies before it, so it grows without end, and it is lost together with the data.",
        example: Example::Nodes {
            wrong: r#"store "near" plugin="fs" { path "notes/backups"; site "dc-1"; media "disk"; }
job "hourly" {
    backup "notes" to="near"
    verify "near"
}"#,
            right: r#"store "near" plugin="fs" { path "backups"; site "dc-1"; media "disk"; }
job "hourly" {
    backup "notes" to="near"
    verify "near"
}"#,
        },
        fix: "Move the store out of the source, or leave it out with `exclude`.",
    },
    levels: Levels { development: Level::Warn, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    for kept in copies::kept(strategy) {
        let parts = tree::parts(kept.source, strategy);
        for store in kept.stores.iter().filter(|store| store.host.is_none()) {
            let name = &store.name.value;
            // As an artifact of its own would lie there.
            let inside = |path: &&str| parts.iter().any(|part| part.has(&tree::join(path, "a/manifest.json")));
            let paths = copies::directories(subject, name);
            let Some(path) = paths.iter().find(|path| inside(path)) else { continue };
            let source = &kept.source.name.value;
            out.push(Found {
                about: None,
                message: format!("`{source}` takes `{path}`, where `{name}` keeps copies of it"),
                span: store.span.clone(),
                label: "each backup takes all before it".to_owned(),
                help: format!("Move `{name}` elsewhere, or leave it out of `{source}` with `exclude`."),
            });
        }
    }
}
