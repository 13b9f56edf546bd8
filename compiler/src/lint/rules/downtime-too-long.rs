//! `downtime-too-long`: a backup takes a server or a database down for longer than the objectives allow. Where they allow no
//! downtime at all, `downtime-not-tolerated` says so instead.

use crate::diag::{Example, Explanation, Level};
use crate::lint::promises::missed;
use crate::lint::{Found, Levels, Rule, Subject, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "downtime-too-long",
        summary: "an offline backup that takes longer than `backup-downtime`",
        why: "A dump and a copy need the database down, from its stop until it answers again. The objectives say for how long \
              that may be.",
        example: Example::Nodes {
            wrong: r#"objectives { backup-downtime "10m"; }
workload { size "180GiB"; }
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
            right: r#"objectives { backup-downtime "10m"; }
workload { size "8GiB"; }
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
        fix: "Allow a longer one, or use the online backup of an Enterprise server.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let Some(most) = subject.strategy.objectives.backup_downtime.as_ref().filter(|most| most.value > 0) else { return };
    let unmet = missed(subject, |outlook| Some(&outlook.backup_downtime), most.value);
    for alike in unmet {
        let sum = alike.sum;
        let (down, wanted) = figures::times(sum.total, most.value);
        out.push(Found {
            about: None,
            message: format!(
                "a backup takes {} down for {down}, {wanted} is wanted: {}",
                alike.names(subject),
                figures::arithmetic(sum)
            ),
            span: most.span.clone(),
            label: format!("{} more than this", figures::time(sum.total.saturating_sub(most.value))),
            help: format!("Write `backup-downtime \"{}\"`, or back it up online.", figures::written(sum.total)),
        });
    }
}
