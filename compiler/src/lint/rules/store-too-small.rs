//! `store-too-small`: what a store on the machine that runs jobs is to keep does not fit on its disks.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};
use crate::model::{Store, Strategy};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "store-too-small",
        summary: "stores on the machine that runs jobs that come to more than `disk`",
        why: "When the disk is full no backup succeeds any more, and that is found out at night.",
        example: Example::Nodes {
            wrong: r#"workload { size "400GiB"; }
resources { disk "1TiB"; }
keep in="desk" { daily 14; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "desk"
    prune "desk"
}"#,
            right: r#"workload { size "400GiB"; }
resources { disk "20TiB"; }
keep in="desk" { daily 14; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "desk"
    prune "desk"
}"#,
        },
        fix: "Keep less, or make room for it.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let Some(disk) = &strategy.resources.disk else { return };
    // A store that nothing is removed from outgrows every disk; `keep` and `prune` are asked for by other rules.
    let kept = |store: &&Store| is_here(store, strategy) && strategy.keep(&store.name.value).is_some();
    for store in strategy.stores.iter().filter(kept) {
        let Some(fill) = subject.forecast.stores.iter().find(|fill| fill.store == store.name.value) else { continue };
        if fill.peak <= disk.value {
            continue;
        }
        let keep = strategy.keep(&store.name.value).map(|keep| keep.rules.to_string()).unwrap_or_default();
        out.push(Found {
            about: None,
            message: format!(
                "`{}` grows to {} within a year ({keep}), and `disk` is {}: {} after a month, {} after a year",
                store.name.value,
                figures::size(fill.peak),
                figures::size(disk.value),
                figures::size(fill.month),
                figures::size(fill.year)
            ),
            span: disk.span.clone(),
            label: format!("{} too little", figures::size(fill.peak.saturating_sub(disk.value))),
            help: format!(
                "Keep less in `{}`, or write `disk \"{}\"`.",
                store.name.value,
                figures::written_size(fill.peak)
            ),
        });
    }
}

/// Whether a store is a directory of the machine that runs jobs: nothing says that it is elsewhere.
fn is_here(store: &Store, strategy: &Strategy) -> bool {
    let runner = strategy.runner.as_ref();
    let host = runner.map(|runner| runner.host.as_ref().map_or(&runner.name.value, |host| &host.value));
    let elsewhere = store.host.as_ref().is_some_and(|on| Some(&on.value) != host);
    let site = runner.and_then(|runner| runner.site.as_ref()).zip(store.site.as_ref());
    store.plugin.name.value == "fs" && !elsewhere && site.is_none_or(|(here, there)| here.value == there.value)
}
