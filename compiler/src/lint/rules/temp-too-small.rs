//! `temp-too-small`: a step takes more scratch room than there is.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "temp-too-small",
        summary: "a step that takes more scratch room than `temp`",
        why: "A check loads the whole database under a scratch name. When the room ends in the middle, so does the job.",
        example: Example::Nodes {
            wrong: r#"workload { size "180GiB"; }
resources { temp "20GiB"; }
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" to="desk"
    verify "graph" with="consistency"
    transfer from="desk" to="cellar"
    verify "cellar"
}"#,
            right: r#"workload { size "180GiB"; }
resources { temp "800GiB"; }
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" to="desk"
    verify "graph" with="consistency"
    transfer from="desk" to="cellar"
    verify "cellar"
}"#,
        },
        fix: "Give it more room, or check with `with=\"digest\"`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let Some(temp) = &subject.strategy.resources.temp else { return };
    let needed = &subject.forecast.temp;
    if needed.total <= temp.value {
        return;
    }
    // Each says its own amount.
    let terms: Vec<&str> = needed.terms.iter().map(|term| term.what.as_str()).collect();
    out.push(Found {
        about: None,
        message: format!(
            "a step takes {} of scratch room, and `temp` is {}: {}",
            figures::size(needed.total),
            figures::size(temp.value),
            terms.join(" + ")
        ),
        span: temp.span.clone(),
        label: format!("{} too little", figures::size(needed.total.saturating_sub(temp.value))),
        help: format!(
            "Make room and write `temp \"{}\"`, or check with `with=\"digest\"`.",
            figures::written_size(needed.total)
        ),
    });
}
