//! `rto-not-met`: a restore takes longer than `objectives { rto }` allows. Where the chain is what takes too long,
//! `chain-too-long` says so instead.

use crate::diag::{Example, Explanation, Level};
use crate::lint::promises::missed;
use crate::lint::{Found, Levels, Rule, Subject, chains, figures};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "rto-not-met",
        summary: "a database that is not back within `rto`",
        why: "A restore moves all of the data and checks it. The strategy says itself that service must be back sooner.",
        example: Example::Nodes {
            wrong: r#"objectives { rto "1h"; }
workload { size "2TiB"; }
resources { network "100Mbit/s"; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
            right: r#"objectives { rto "1h"; }
workload { size "8GiB"; }
resources { network "1Gbit/s"; }
job "nightly" {
    schedule "0 4 * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
        },
        fix: "Keep a copy nearer, with a faster way to it, or say how long it may take.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let Some(rto) = &subject.strategy.objectives.rto else { return };
    let figure =
        |outlook| chains::of_restore(outlook, rto.value).is_none().then_some(&outlook.rto).and_then(Option::as_ref);
    let unmet = missed(subject, figure, rto.value);
    for alike in unmet {
        let sum = alike.sum;
        let (takes, wanted) = figures::times(sum.total, rto.value);
        out.push(Found {
            about: None,
            message: format!(
                "a restore of {} takes {takes} in the worst case, {wanted} is wanted: {}",
                alike.names(subject),
                figures::arithmetic(sum)
            ),
            span: rto.span.clone(),
            label: format!("{} more than this", figures::time(sum.total.saturating_sub(rto.value))),
            help: format!("Keep a copy nearer, or write `rto \"{}\"`.", figures::written(sum.total)),
        });
    }
}
