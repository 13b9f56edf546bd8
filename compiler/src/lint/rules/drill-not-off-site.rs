//! `drill-not-off-site`: drills bring back the copy that is near, and never the one that is left when the site is lost.

use crate::diag::{Example, Explanation, Level};
use crate::lint::copies::{self, OffSite};
use crate::lint::{Found, Levels, Rule, Subject};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "drill-not-off-site",
        summary: "drills that never read the off-site copy",
        why: "When the site is lost, the off-site copy is the only one: its way back, its keys and its speed are what a \
              drill must try.",
        example: Example::Nodes {
            wrong: r#"environment "production"
source "letters" engine="files" { root "letters"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="desk" into="spare"; }"#,
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
        fix: "Restore from the off-site store in a drill.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() {
        return;
    }
    let all = copies::drills(strategy);
    for kept in copies::kept(strategy) {
        let name = &kept.source.name.value;
        let Some(drills) = all.get(name.as_str()) else { continue };
        let (Some((first, _)), OffSite::In(away)) = (drills.first(), copies::off_site(strategy, &kept)) else {
            continue;
        };
        let away: Vec<&str> = away.iter().map(|store| store.name.value.as_str()).collect();
        if drills.iter().any(|(drill, _)| away.contains(&drill.from.value.as_str())) {
            continue;
        }
        let store = away.first().copied().unwrap_or_default();
        let count = drills.len();
        out.push(Found {
            about: None,
            message: format!("0 of {count} drills of `{name}` read its off-site copy in {}", copies::named(&away)),
            span: first.from.span.clone(),
            label: "on the site of the source".to_owned(),
            help: format!("Write `from=\"{store}\"`, or add a drill that does."),
        });
    }
}
