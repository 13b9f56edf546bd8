//! `three-two-one-one-zero`: beyond 3-2-1, one copy that nobody can delete, and none that nobody has verified.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Store;
use crate::resolve::flow;
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "three-two-one-one-zero",
        summary: "a source of which no copy is locked or offline",
        why: "Who breaks into the machine that makes copies can remove them all, unless one is locked for a time or out of \
              reach. `require \"immutable\"` in the policy makes it an error. A copy that nobody verifies is told by \
              `unverified-copy`.",
        example: Example::Nodes {
            wrong: r#"environment "production"
source "letters" engine="files" { root "letters"; }
store "shed" plugin="fs" { path "shed"; site "dc-2"; media "object"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="shed"
    verify "desk"; verify "shed"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="shed" into="spare"; }"#,
            right: r#"environment "production"
source "letters" engine="files" { root "letters"; }
store "shed" plugin="fs" { path "shed"; site "dc-2"; media "object"; immutable "30d"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="shed"
    verify "desk"; verify "shed"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="shed" into="spare"; }"#,
        },
        fix: "Add `immutable \"30d\"` to a store that can lock, or send a copy to media that are taken away.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Info },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    if !subject.is_at_stake() || subject.requires("immutable", 1) {
        return;
    }
    let made = subject.strategy.jobs.iter().flat_map(flow::copies).filter(|copy| copy.verified);
    let verified: BTreeSet<(String, String)> = made.map(|copy| (copy.source, copy.store)).collect();
    for kept in copies::kept(subject.strategy).iter().filter(|kept| kept.stores.len() > 1) {
        let name = &kept.source.name.value;
        if kept.stores.iter().any(|store| copies::is_out_of_reach(store)) {
            continue;
        }
        let is_verified = |store: &Store| verified.contains(&(name.clone(), store.name.value.clone()));
        let unverified = kept.stores.iter().filter(|store| !is_verified(store)).count();
        let last = kept.stores.last().map(|store| store.name.value.as_str()).unwrap_or_default();
        out.push(Found {
            about: None,
            message: format!("`{name}` is not 3-2-1-1-0: 0 of 1 copies locked or offline, {unverified} unverified"),
            span: kept.source.span.clone(),
            label: format!("all {} copies can be deleted", kept.stores.len()),
            help: format!("Add `immutable \"30d\"` to `{last}` if it can lock, or a store that can."),
        });
    }
}
