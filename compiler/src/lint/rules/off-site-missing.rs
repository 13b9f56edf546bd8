//! `off-site-missing`: every copy of a source is where the source is.

use crate::diag::{Example, Explanation, Level};
use crate::lint::copies::{self, OffSite};
use crate::lint::{Found, Levels, Rule, Subject};
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "off-site-missing",
        summary: "a source whose copies are all on one site",
        why: "A fire, a flood, a theft or a long outage takes a whole site: the data and all its copies.",
        example: Example::Nodes {
            wrong: r#"environment "production"
source "letters" engine="files" { root "letters"; }
store "shed" plugin="fs" { path "shed"; site "dc-1"; media "object"; immutable "30d"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="shed"
    verify "desk"; verify "shed"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="shed" into="spare"; }"#,
            right: r#"environment "production"
source "letters" engine="files" { root "letters"; }
store "shed" plugin="fs" { path "shed"; site "dc-3"; media "object"; immutable "30d"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="shed"
    verify "desk"; verify "shed"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="shed" into="spare"; }"#,
        },
        fix: "Add a `transfer` to a store on another site.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() || subject.requires("sites", 2) {
        return;
    }
    for kept in copies::kept(strategy).iter().filter(|kept| !kept.stores.is_empty()) {
        if !matches!(copies::off_site(strategy, kept), OffSite::Nowhere) {
            continue;
        }
        let of_stores = kept.stores.iter().filter_map(|store| store.site.as_ref().map(|site| site.value.as_str()));
        let of_stores: BTreeSet<&str> = of_stores.collect();
        let sites: Vec<&str> = of_stores.into_iter().collect();
        let (name, live) = (&kept.source.name.value, copies::sites(strategy, kept.source));
        let whose = if live.is_empty() { "where its copies are" } else { "where its live data is" };
        let first = kept.stores.first().map(|store| store.name.value.as_str()).unwrap_or_default();
        out.push(Found {
            about: None,
            message: format!("no copy of `{name}` is outside of {}, {whose}", copies::named(&sites)),
            span: kept.source.span.clone(),
            label: "0 copies off-site".to_owned(),
            help: format!("Add `transfer from=\"{first}\" to=…` to a store on another site."),
        });
    }
}
