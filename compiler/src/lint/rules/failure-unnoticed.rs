//! `failure-unnoticed`: there are notifiers, and none of them is told of a failure.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use schema::notifier::Occasion;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "failure-unnoticed",
        summary: "notifiers of which none is told of a failure",
        why: "Silence looks like success: a failure that nobody is told of is found out at the restore.",
        example: Example::Text {
            wrong: r#"strategy "example" {
    environment "staging"
    source "notes" engine="files" { root "notes"; }
    store "desk" plugin="fs" { path "desk"; site "dc-1"; media "disk"; }
    store "cellar" plugin="fs" { path "cellar"; site "dc-2"; media "object"; immutable "30d"; }
    target "spare" engine="files" { directory "spare"; }
    job "nightly" {
        backup "notes" to="desk"
        transfer from="desk" to="cellar"
        verify "desk"; verify "cellar"
    }
    job "drill" { schedule "0 6 1 * *"; restore "notes" from="cellar" into="spare"; }
    notify "ops" plugin="webhook" on="success" { url "https://example.org/hook"; }
}"#,
            right: r#"strategy "example" {
    environment "staging"
    source "notes" engine="files" { root "notes"; }
    store "desk" plugin="fs" { path "desk"; site "dc-1"; media "disk"; }
    store "cellar" plugin="fs" { path "cellar"; site "dc-2"; media "object"; immutable "30d"; }
    target "spare" engine="files" { directory "spare"; }
    job "nightly" {
        backup "notes" to="desk"
        transfer from="desk" to="cellar"
        verify "desk"; verify "cellar"
    }
    job "drill" { schedule "0 6 1 * *"; restore "notes" from="cellar" into="spare"; }
    notify "ops" plugin="webhook" on="success failure" { url "https://example.org/hook"; }
}"#,
        },
        fix: "Add `failure` to the `on` of a notifier.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let Some(first) = strategy.notifiers.first().filter(|_| subject.is_at_stake()) else { return };
    if strategy.notifiers.iter().any(|notifier| notifier.on.contains(&Occasion::Failed)) {
        return;
    }
    let names: Vec<&str> = strategy.notifiers.iter().map(|notifier| notifier.name.value.as_str()).collect();
    out.push(Found {
        about: None,
        message: format!("0 of {} notifiers ({}) are told of a failure", names.len(), copies::named(&names)),
        span: first.span.clone(),
        label: "not told of a failure".to_owned(),
        help: format!("Add `failure` to the `on` of `{}`.", first.name.value),
    });
}
