//! `objectives-after-loss`: the objectives hold as long as every copy is there, and not when a site or another place is lost.

use crate::diag::{Example, Explanation, Level};
use crate::lint::promises::{is_about_data, missed};
use crate::lint::{Found, Levels, Rule, Subject, figures};
use schema::forecast::{Domain, Loss, Outlook, Sum};
use std::cmp::Reverse;
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "objectives-after-loss",
        summary: "a database that misses `rpo` or `rto` when a place with copies is lost",
        why: "What is left then are the other copies: later ones, or ones that are farther away.",
        example: Example::Nodes {
            wrong: r#"objectives { rpo "2h"; }
job "hourly" {
    schedule "0 * * * *"
    backup "notes" to="desk"
    verify "notes"
}
job "daily" {
    schedule "30 4 * * *"
    backup "notes" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"objectives { rpo "2h"; }
job "hourly" {
    schedule "0 * * * *"
    backup "notes" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Bring every backup to a second place within its job.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Warn },
    check,
};

/// What is compared: its name, what is wanted, what holds now, and what holds after a loss.
type Figure = (&'static str, fn(&Outlook) -> Option<&Sum>, fn(&Loss) -> Option<&Sum>);

const FIGURES: [Figure; 2] = [
    ("rpo", |outlook| outlook.rpo.as_ref(), |loss| loss.rpo.as_ref()),
    ("rto", |outlook| outlook.rto.as_ref(), |loss| loss.rto.as_ref()),
];

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let objectives = &subject.strategy.objectives;
    let strategy = subject.strategy;
    let about_data = strategy.sources.iter().filter(|source| is_about_data(source, strategy));
    let about_data: BTreeSet<&str> = about_data.map(|source| source.name.value.as_str()).collect();
    for ((name, now, after), wanted) in FIGURES.into_iter().zip([&objectives.rpo, &objectives.rto]) {
        let Some(wanted) = wanted else { continue };
        let is_meant = |outlook: &Outlook| name != "rpo" || about_data.contains(outlook.source.as_str());
        for (domain, place) in places(subject) {
            // What is missed with all copies there is told by another rule, and what is lost for ever as well.
            let figure = |outlook| {
                is_meant(outlook).then_some(())?;
                now(outlook).filter(|sum| sum.total <= wanted.value)?;
                worst(outlook, domain, place).and_then(after)
            };
            for alike in missed(subject, figure, wanted.value) {
                let sum = alike.sum;
                let names = alike.names(subject);
                let (comes_to, wanted_time) = figures::times(sum.total, wanted.value);
                let what = match name {
                    "rpo" => format!("{names} can lose {comes_to}"),
                    _ => format!("a restore of {names} takes {comes_to}"),
                };
                let place = format!("{} `{place}`", noun(domain));
                out.push(Found {
                    about: None,
                    message: format!(
                        "without {place}, {what} in the worst case, {wanted_time} is wanted: {}",
                        figures::arithmetic(sum)
                    ),
                    span: wanted.span.clone(),
                    label: format!("{} more than this", figures::time(sum.total.saturating_sub(wanted.value))),
                    help: format!("Bring every backup of `{}` to another place within its job.", alike.source),
                });
            }
        }
    }
}

fn noun(domain: Domain) -> &'static str {
    match domain {
        Domain::Host => "host",
        Domain::Zone => "zone",
        Domain::Site => "site",
        Domain::Provider => "provider",
        Domain::Account => "account",
        Domain::Store => "store",
    }
}

/// The places that can be lost; of those that leave the same stores, the largest.
fn places<'a>(subject: &Subject<'a>) -> Vec<(Domain, &'a str)> {
    let mut out: Vec<&'a Loss> = Vec::new();
    let mut all: Vec<&'a Loss> = subject.forecast.databases.iter().flat_map(|outlook| &outlook.losses).collect();
    all.sort_by_key(|loss| Reverse(size(loss.domain)));
    for loss in all {
        if !out.iter().any(|other| other.left == loss.left || (other.domain == loss.domain && other.name == loss.name))
        {
            out.push(loss);
        }
    }
    out.into_iter().map(|loss| (loss.domain, loss.name.as_str())).collect()
}

/// How much goes with it.
fn size(domain: Domain) -> u8 {
    match domain {
        Domain::Site => 5,
        Domain::Provider => 4,
        Domain::Account => 3,
        Domain::Zone => 2,
        Domain::Host => 1,
        Domain::Store => 0,
    }
}

fn worst<'a>(outlook: &'a Outlook, domain: Domain, place: &str) -> Option<&'a Loss> {
    outlook.losses.iter().find(|loss| loss.domain == domain && loss.name == place)
}
