//! `off-site-unencrypted`: copies are handed to somebody else, or carried away, in the clear.

use crate::diag::{Example, Explanation, Level};
use crate::lint::copies::{self, OffSite};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::Store;
use schema::grant::Grant;
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "off-site-unencrypted",
        summary: "a store off-site, in other hands, that gets copies in the clear",
        why: "Whoever gets at that account, that cable or that tape has all the data. A directory of one's own on another \
              site is not told: it is as safe as the source.",
        example: Example::Nodes {
            wrong: r#"environment "production"
store "cloud" plugin="fs" { path "/mnt/cloud"; site "eu-west-1"; provider "aws"; media "object"; }
job "weekly" {
    schedule "0 3 * * Sun"
    backup "notes" to="desk"
    transfer from="desk" to="cloud"
    verify "desk"; verify "cloud"
}"#,
            right: r#"environment "production"
store "cloud" plugin="fs" {
    path "/mnt/cloud"; site "eu-west-1"; provider "aws"; media "object"
    encrypt "age14yaaqjyvfyd4nhkscu2gwg4xll3n29qp5sc2x2v5hefp8d8cxr8q384g8k"
    identity (file)"/run/secrets/age"
}
job "weekly" {
    schedule "0 3 * * Sun"
    backup "notes" to="desk"
    transfer from="desk" to="cloud"
    verify "desk"; verify "cloud"
}"#,
        },
        fix: "Add `encrypt` with a recipient, and `identity` with where its other half is, to the store.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() {
        return;
    }
    let mut away: BTreeSet<&str> = BTreeSet::new();
    let all = copies::kept(strategy);
    for kept in &all {
        if let OffSite::In(stores) = copies::off_site(strategy, kept) {
            away.extend(stores.iter().map(|store| store.name.value.as_str()));
        }
    }
    for store in copies::used(strategy).into_iter().filter(|store| store.encrypt.is_empty()) {
        let name = store.name.value.as_str();
        let Some(hands) = hands(subject, store) else { continue };
        if store.site.is_some() && !away.contains(name) {
            continue;
        }
        let count = all.iter().filter(|kept| kept.stores.iter().any(|other| other.name.value == name)).count();
        let whose = if count == 1 { "1 source".to_owned() } else { format!("{count} sources") };
        out.push(Found {
            about: None,
            message: format!("copies of {whose} are in the clear in `{name}`, {hands}"),
            span: store.span.clone(),
            label: "no `encrypt`".to_owned(),
            help: format!("Add `encrypt \"age1…\"` and `identity (file)\"PATH\"` to `{name}`."),
        });
    }
}

/// Whose hands copies in it are in, when they are not one's own.
fn hands(subject: &Subject<'_>, store: &Store) -> Option<String> {
    if let Some(provider) = &store.provider {
        return Some(format!("which `{}` runs", provider.value));
    }
    if let Some(account) = &store.account {
        return Some(format!("in account `{}`", account.value));
    }
    let grants = subject.plan.store(&store.name.value).into_iter().flat_map(|store| &store.plugin.grants);
    let host = grants.filter_map(|grant| match grant {
        Grant::Http { host, private: false, .. } => Some(host),
        _ => None,
    });
    let carried = store.media.as_ref().filter(|media| copies::is_offline(&media.value));
    host.map(|host| format!("at `{host}`"))
        .next()
        .or(carried.map(|media| format!("on {} that is carried away", media.value)))
}
