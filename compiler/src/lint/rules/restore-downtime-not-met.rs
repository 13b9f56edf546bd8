//! `restore-downtime-not-met`: a restore takes down a database that still serves for longer than is tolerated.

use crate::diag::{Example, Explanation, Level};
use crate::lint::promises::missed;
use crate::lint::{Found, Levels, Rule, Subject, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "restore-downtime-not-met",
        summary: "a restore that needs a longer downtime than `restore-downtime` allows",
        why: "Data is staged beside the live one, so only the exchange takes a database down; that alone takes longer than the \
              objectives allow.",
        example: Example::Nodes {
            wrong: r#"objectives { restore-downtime "0s"; }
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    schedule "0 4 * * *"
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"objectives { restore-downtime "1h"; }
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    schedule "0 4 * * *"
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Allow a longer one, or make the server ready sooner after a start.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let Some(most) = &subject.strategy.objectives.restore_downtime else { return };
    let unmet = missed(subject, |outlook| outlook.restore_downtime.as_ref(), most.value);
    for alike in unmet {
        let sum = alike.sum;
        let (down, wanted) = figures::times(sum.total, most.value);
        out.push(Found {
            about: None,
            message: format!(
                "a restore takes {} down for {down}, {wanted} is wanted: {}",
                alike.names(subject),
                figures::arithmetic(sum)
            ),
            span: most.span.clone(),
            label: format!("{} more than this", figures::time(sum.total.saturating_sub(most.value))),
            help: format!(
                "Write `restore-downtime \"{}\"`, or restore beside it with `--into`.",
                figures::written(sum.total)
            ),
        });
    }
}
