//! `shared-failure-domain`: what can be lost at once holds a source and its copy, or all copies.

use crate::diag::{Example, Explanation, Level};
use crate::lint::copies::{self, Kept};
use crate::lint::{Found, Levels, Rule, Subject, tree};
use crate::model::Store;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "shared-failure-domain",
        summary: "a copy on the machine of its source, or all copies on one machine, in one directory or in one account",
        why: "A disk, a machine or an account is lost as a whole: such copies count as one, or as none. That all are on one \
              site is told by `off-site-missing`.",
        example: Example::Nodes {
            wrong: r#"environment "production"
runner "backup-1" { site "dc-1"; }
store "here" plugin="fs" { path "here"; site "dc-1"; media "disk"; host "backup-1"; }
job "hourly" {
    schedule "0 * * * *"
    backup "notes" to="here"
    verify "here"
}"#,
            right: r#"environment "production"
runner "backup-1" { site "dc-1"; }
store "here" plugin="fs" { path "here"; site "dc-1"; media "disk"; host "nas-1"; }
job "hourly" {
    schedule "0 * * * *"
    backup "notes" to="here"
    verify "here"
}"#,
        },
        fix: "Move the copy to another machine, another directory or another account.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() {
        return;
    }
    for kept in copies::kept(strategy) {
        let hosts = copies::hosts(strategy, kept.source);
        beside(&kept, &hosts, out);
        if kept.stores.len() > 1 {
            out.extend(together(subject, &kept));
        }
    }
}

/// Stores on a machine of the source.
fn beside(kept: &Kept<'_>, hosts: &[String], out: &mut Vec<Found>) {
    for store in &kept.stores {
        let Some(host) = &store.host else { continue };
        if !hosts.iter().any(|other| copies::same_host(other, &host.value)) {
            continue;
        }
        let (store, source) = (&store.name.value, &kept.source.name.value);
        out.push(Found {
            about: None,
            message: format!("`{store}` is on `{}`, as is `{source}` that it keeps copies of", host.value),
            span: host.span.clone(),
            label: "lost together with the data".to_owned(),
            help: "Use a store on another machine.".to_owned(),
        });
    }
}

/// What all stores of a source have in common.
fn together(subject: &Subject<'_>, kept: &Kept<'_>) -> Option<Found> {
    let (first, rest) = kept.stores.split_first()?;
    let count = kept.stores.len();
    let found = |what: String, span: &crate::span::Span, help: &str| Found {
        about: None,
        message: format!("all {count} stores that keep `{}` are {what}", kept.source.name.value),
        span: span.clone(),
        label: "lost together".to_owned(),
        help: help.to_owned(),
    };
    if let Some(host) = &first.host
        && rest.iter().all(|store| store.host.as_ref().is_some_and(|it| copies::same_host(&it.value, &host.value)))
    {
        return Some(found(format!("on `{}`", host.value), &host.span, "Use a store on another machine."));
    }
    if let Some(account) = &first.account
        && rest.iter().all(|store| account_of(store) == account_of(first))
    {
        let what = format!("in account `{}`", account.value);
        return Some(found(what, &account.span, "Use a store in another account."));
    }
    let folder = *copies::directories(subject, &first.name.value).first()?;
    let inside = |store: &&Store| {
        let paths = copies::directories(subject, &store.name.value);
        let near = |path: &&str| tree::is_within(path, folder) || tree::is_within(folder, path);
        store.host.is_none() && paths.iter().any(near)
    };
    let all = first.host.is_none() && rest.iter().all(inside);
    all.then(|| found(format!("in `{folder}`"), &first.span, "Use a store on another disk."))
}

fn account_of(store: &Store) -> (Option<&str>, Option<&str>) {
    (store.provider.as_ref().map(|it| it.value.as_str()), store.account.as_ref().map(|it| it.value.as_str()))
}
