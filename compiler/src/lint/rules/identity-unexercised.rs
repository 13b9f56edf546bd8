//! `identity-unexercised`: copies are encrypted, and nothing ever opens one.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Statement;
use crate::resolve::flow;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "identity-unexercised",
        summary: "encrypted copies that nothing opens with their identity",
        why: "An identity that is lost, or belongs to other recipients, is found out when a restore needs it. A `verify` or \
              a drill that uses it shows in time that it fits.",
        example: Example::Nodes {
            wrong: r#"environment "production"
store "safe" plugin="fs" {
    path "safe"; site "dc-2"; media "object"
    encrypt "age14yaaqjyvfyd4nhkscu2gwg4xll3n29qp5sc2x2v5hefp8d8cxr8q384g8k"
}
job "hourly" {
    schedule "0 * * * *"
    backup "notes" to="safe"
    verify "safe"
}"#,
            right: r#"environment "production"
store "safe" plugin="fs" {
    path "safe"; site "dc-2"; media "object"
    encrypt "age14yaaqjyvfyd4nhkscu2gwg4xll3n29qp5sc2x2v5hefp8d8cxr8q384g8k"
    identity (file)"/run/secrets/age"
}
job "hourly" {
    schedule "0 * * * *"
    backup "notes" to="safe"
    verify "safe"
}"#,
        },
        fix: "Add `identity` to the store, and a `verify` of it or a drill from it.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() {
        return;
    }
    let made: Vec<flow::Copy> = strategy.jobs.iter().flat_map(flow::copies).collect();
    for store in copies::used(strategy).into_iter().filter(|store| !store.encrypt.is_empty()) {
        let name = &store.name.value;
        let verifies = made.iter().filter(|copy| copy.store == *name && copy.verified).count();
        let drills = strategy.jobs.iter().flat_map(|job| &job.statements);
        let drills = drills.filter(|it| matches!(it, Statement::Drill(drill) if drill.from.value == *name)).count();
        let (message, label, help) = if store.identity.is_none() {
            (
                format!(
                    "`{name}` is encrypted to {}, and 0 identities that open it are said",
                    recipients(store.encrypt.len())
                ),
                "no `identity`",
                format!("Add `identity (file)\"PATH\"` to `{name}`: it is used to restore, to drill and to verify."),
            )
        } else if verifies + drills == 0 {
            (
                format!("0 verifies and 0 drills open a copy in `{name}`"),
                "its identity is never used",
                format!("Add `verify \"{name}\"` to a job that writes to it, or a drill `from=\"{name}\"`."),
            )
        } else {
            continue;
        };
        out.push(Found { about: None, message, span: store.span.clone(), label: label.to_owned(), help });
    }
}

fn recipients(count: usize) -> String {
    if count == 1 { "1 recipient".to_owned() } else { format!("{count} recipients") }
}
