//! `drill-missing`: nobody ever brings a copy of a source back.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Engine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "drill-missing",
        summary: "a source that no drill restores",
        why: "Only a restore shows that there can be one. `require \"drilled\"` in the policy makes it an error.",
        example: Example::Nodes {
            wrong: r#"environment "production"
source "letters" engine="files" { root "letters"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"environment "production"
source "letters" engine="files" { root "letters"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="cellar" into="spare"; }"#,
        },
        fix: "Add a `target`, and `restore \"SOURCE\" from=\"STORE\" into=\"TARGET\"` to a job with a schedule.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Info },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() || subject.requires("drilled", 1) {
        return;
    }
    let drills = copies::drills(strategy);
    for kept in copies::kept(strategy) {
        let name = &kept.source.name.value;
        // There is no target for what a command wrote.
        let can = !matches!(kept.source.engine, Engine::Command(_));
        let Some(last) = kept.stores.last().filter(|_| can && !drills.contains_key(name.as_str())) else {
            continue;
        };
        let count = kept.stores.len();
        let stores = if count == 1 { "1 store".to_owned() } else { format!("{count} stores") };
        out.push(Found {
            about: None,
            message: format!("`{name}` has copies in {stores}, and 0 drills that bring one back"),
            span: kept.source.span.clone(),
            label: "never restored".to_owned(),
            help: format!(
                "Add `restore \"{name}\" from=\"{}\" into=\"TARGET\"` to a job with a schedule, and a `target`.",
                last.name.value
            ),
        });
    }
}
