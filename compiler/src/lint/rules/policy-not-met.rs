//! `policy-not-met`: the copies of a source do not come to what the strategy's own policy requires.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::{APPROVAL, Engine, Requirement, Source, Store, Strategy};
use crate::resolve::flow;
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "policy-not-met",
        summary: "a source whose copies are not what the policy requires",
        why: "The strategy itself says that this is not enough.",
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
            let count = count(strategy, source, what);
            if count < requirement.min {
                out.push(Found {
                    about: Some(what.to_owned()),
                    message: format!("`{}` has {count} of {} {}", source.name.value, requirement.min, noun(what)),
                    span: requirement.span.clone(),
                    label: "required here".to_owned(),
                    help: format!("Add what `{}` lacks, or `allow \"{what}\" reason=… until=…`.", source.name.value),
                });
            }
        }
    }
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

fn count(strategy: &Strategy, source: &Source, what: &str) -> u64 {
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
            "immutable" => stores.iter().filter(|store| store.immutable.is_some()).count(),
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
