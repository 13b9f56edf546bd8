//! `policy-not-met`: the copies of a source do not come to what the strategy's own policy requires.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};
use crate::model::{APPROVAL, Engine, Requirement, Source, Store, Strategy};
use crate::resolve::flow;
use schema::forecast::{Outlook, Sum};
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "policy-not-met",
        summary: "a source whose copies are not what the policy requires",
        why: "The strategy itself says that this is not enough. Counts are of copies; `rpo`, `rto` and `retention` are judged \
              by the worst case that schedules, durations and rules come to, for each source: files beside a database too.",
        example: Example::Nodes {
            wrong: r#"policy { require "copies" min=4; }"#,
            right: r#"policy { require "copies" min=3; }"#,
        },
        fix: "Add what is missing, or an `allow` with the reason and the day on which it ends.",
    },
    levels: Levels { development: Level::Error, staging: Level::Error, production: Level::Error },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    // What is about changes is asked of a change.
    let of_copies = |requirement: &&Requirement| requirement.what.value != APPROVAL;
    for requirement in strategy.policy.requirements.iter().filter(of_copies) {
        for source in &strategy.sources {
            let what = requirement.what.value.as_str();
            let unmet = match what {
                "rpo" | "rto" | "retention" => promised(subject, source, requirement),
                _ => counted(strategy, source, requirement),
            };
            out.extend(unmet.map(|message| Found {
                about: Some(what.to_owned()),
                message,
                span: requirement.span.clone(),
                label: "required here".to_owned(),
                help: format!("Add what `{}` lacks, or `allow \"{what}\" reason=… until=…`.", source.name.value),
            }));
        }
    }
}

/// What is too few, when it is.
fn counted(strategy: &Strategy, source: &Source, requirement: &Requirement) -> Option<String> {
    let what = requirement.what.value.as_str();
    let lasting = requirement.lasting.as_ref().map(|time| time.value);
    let count = count(strategy, source, what, lasting.unwrap_or_default());
    let time = lasting.map(|time| format!(" for {}", figures::time(time))).unwrap_or_default();
    let message = || format!("`{}` has {count} of {} {}{time}", source.name.value, requirement.min, noun(what));
    (count < requirement.min).then(message)
}

/// What the worst of its databases misses, when one does.
fn promised(subject: &Subject<'_>, source: &Source, requirement: &Requirement) -> Option<String> {
    let name = source.name.value.as_str();
    let bound = requirement.within.as_ref().or(requirement.lasting.as_ref())?.value;
    let all: Vec<&Outlook> = subject.forecast.databases.iter().filter(|outlook| outlook.source == name).collect();
    if all.iter().all(|outlook| outlook.rpo.is_none()) {
        let wanted = figures::time(bound);
        return Some(format!("no job with a schedule backs `{name}` up, and {wanted} is required"));
    }
    match requirement.what.value.as_str() {
        "rpo" => over(name, "can lose", bound, all.iter().filter_map(|outlook| outlook.rpo.as_ref())),
        "rto" => over(name, "is back in", bound, all.iter().filter_map(|outlook| outlook.rto.as_ref())),
        _ => {
            let least = all.iter().map(|outlook| reach(outlook)).min().filter(|least| *least < bound)?;
            let (least, wanted) = figures::times(least, bound);
            Some(format!("copies of `{name}` go back {least}, {wanted} is required"))
        }
    }
}

/// The largest figure, when it is more than is allowed.
fn over<'a>(name: &str, what: &str, most: u64, sums: impl Iterator<Item = &'a Sum>) -> Option<String> {
    let worst = sums.max_by_key(|sum| sum.total).filter(|sum| sum.total > most)?;
    let (told, wanted) = figures::times(worst.total, most);
    Some(format!("`{name}` {what} {told} in the worst case, {wanted} is required: {}", figures::arithmetic(worst)))
}

/// How far back the best of its copies go, in seconds; where nothing is removed, for ever.
fn reach(outlook: &Outlook) -> u64 {
    let copies = outlook.copies.iter().filter(|copy| copy.rpo.is_some());
    copies.map(|copy| copy.reach.unwrap_or(u64::MAX)).max().unwrap_or_default()
}

/// What is counted, for people.
fn noun(what: &str) -> &str {
    match what {
        "copies" => "copies (the live data is one)",
        "immutable" => "copies that nobody can delete",
        "encrypted" => "encrypted copies",
        "verified" => "verified copies",
        "drilled" => "copies that are restored on a schedule",
        other => other,
    }
}

fn count(strategy: &Strategy, source: &Source, what: &str, lasting: u64) -> u64 {
    let name = &source.name.value;
    let names = flow::stores_of(strategy, name);
    let stores: Vec<&Store> = names.iter().filter_map(|name| strategy.store(name)).collect();
    let text = |value: &Option<crate::span::Spanned<String>>| value.as_ref().map(|value| value.value.clone());
    let number =
        match what {
            "copies" => 1 + stores.len(),
            "media" => different(stores.iter().map(|store| text(&store.media))),
            "sites" => different(stores.iter().map(|store| text(&store.site)).chain(live(strategy, source))),
            "zones" => different(stores.iter().map(|store| {
                text(&store.zone).map(|zone| format!("{}/{zone}", text(&store.site).unwrap_or_default()))
            })),
            "providers" => different(stores.iter().map(|store| text(&store.provider))),
            "immutable" => {
                let locks = |store: &&&Store| store.immutable.as_ref().is_some_and(|time| time.value >= lasting);
                stores.iter().filter(locks).count()
            }
            "encrypted" => stores.iter().filter(|store| !store.encrypt.is_empty()).count(),
            "verified" => {
                let stores = flow::of(strategy).stores.get(name).into_iter().flatten();
                stores.filter(|(_, verified)| **verified).count()
            }
            _ => flow::of(strategy).drilled.get(name).map_or(0, BTreeSet::len),
        };
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn different(values: impl Iterator<Item = Option<String>>) -> usize {
    values.flatten().collect::<BTreeSet<String>>().len()
}

/// Where the live data is.
fn live(strategy: &Strategy, source: &Source) -> Vec<Option<String>> {
    match &source.engine {
        Engine::Neo4j(neo4j) => neo4j.server.servers.iter().map(|server| server.site.clone()).collect(),
        Engine::Files(files) if !files.on.is_empty() => strategy.servers().map(|server| server.site.clone()).collect(),
        _ => {
            let site = strategy.runner.as_ref().and_then(|runner| runner.site.as_ref());
            vec![site.map(|site| site.value.clone())]
        }
    }
}
