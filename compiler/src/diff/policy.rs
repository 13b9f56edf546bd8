//! What the strategy promises and asks for: objectives, requirements, exceptions, findings, and the figures that it gives.

use super::fields;
use super::ledger::{Found, Ledger};
use super::sides::Sides;
use super::words;
use crate::amount;
use schema::diff::{Code, Kind};
use schema::plan::{Finding, Level, Plan, Requirement};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let (before, after) = (sides.before.plan, sides.after.plan);
    let strategy =
        |code, line: &str| Found::new(code, Kind::Strategy, &after.strategy).direct(true).at(sides.line(line));
    if before.strategy != after.strategy {
        let values = (Some(before.strategy.clone()), Some(after.strategy.clone()));
        ledger.add(strategy(Code::StrategyRenamed, "strategy").values(values.0, values.1).marked(true));
    }
    if before.environment != after.environment {
        let values = (Some(before.environment.clone()), Some(after.environment.clone()));
        ledger.add(strategy(Code::EnvironmentChanged, "strategy").values(values.0, values.1).marked(true));
    }
    objectives(sides, ledger);
    for (code, node, differing) in [
        (Code::WorkloadChanged, "workload", fields::differing(&before.workload, &after.workload, &[])),
        (Code::ResourcesChanged, "resources", fields::differing(&before.resources, &after.resources, &[])),
    ] {
        for field in differing {
            let label =
                |value: Option<String>| value.map(|value| format!("{} {}", field.name, figure(&field.name, value)));
            let (was, is) = (label(field.before.clone()), label(field.after.clone()));
            ledger.add(strategy(code, &format!("{node}/{}", field.name)).values(was, is));
        }
    }
    requirements(sides, ledger);
    exceptions(sides, ledger);
    findings(sides, ledger);
}

/// A figure of the workload or the resources, with its unit.
fn figure(name: &str, value: String) -> String {
    let number = value.parse::<u64>().ok();
    match (name, number) {
        ("size" | "memory" | "temp" | "disk", Some(bytes)) => words::size(bytes),
        ("change-rate" | "network", Some(bytes)) => amount::rate(bytes),
        _ => value,
    }
}

fn objectives<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let (old, new) = (sides.before.plan.objectives, sides.after.plan.objectives);
    for (name, old, new) in [
        ("rpo", old.rpo, new.rpo),
        ("rto", old.rto, new.rto),
        ("backup-downtime", old.backup_downtime, new.backup_downtime),
        ("restore-downtime", old.restore_downtime, new.restore_downtime),
    ] {
        // Nothing said tolerates everything.
        let least = |value: Option<u64>| value.unwrap_or(u64::MAX);
        let code = match least(new).cmp(&least(old)) {
            std::cmp::Ordering::Equal => continue,
            std::cmp::Ordering::Greater => Code::ObjectiveLoosened,
            std::cmp::Ordering::Less => Code::ObjectiveTightened,
        };
        let found = Found::new(code, Kind::Objective, name).values(old.map(words::time), new.map(words::time));
        let line = sides.line(&format!("objectives/{name}"));
        ledger.add(found.direct(true).marked(code == Code::ObjectiveLoosened).at(line));
    }
}

fn requirements<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let by_name = |plan: &'a Plan| -> BTreeMap<&'a str, &'a Requirement> {
        plan.requirements.iter().map(|it| (it.what.as_str(), it)).collect()
    };
    let (before, after) = (by_name(sides.before.plan), by_name(sides.after.plan));
    let names: BTreeSet<&&str> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        // Each the greater, the more is asked for; nothing is the least.
        let asks = |it: Option<&&Requirement>| {
            it.map_or([0; 3], |it| {
                [it.min, it.within.map_or(0, |most| u64::MAX - most), it.lasting.unwrap_or_default()]
            })
        };
        let (was, is) = (asks(old), asks(new));
        let code = match was.iter().zip(&is).any(|(was, is)| is < was) {
            _ if was == is => continue,
            true => Code::PolicyWeaker,
            false => Code::PolicyStricter,
        };
        let (old, new) = (old.map(|it| asked(it)), new.map(|it| asked(it)));
        let found = Found::new(code, Kind::Requirement, name).values(old, new);
        let line = sides.line(&format!("require/{name}"));
        ledger.add(found.direct(true).marked(code == Code::PolicyWeaker).at(line));
    }
}

/// What a requirement asks for, in a few words.
fn asked(it: &Requirement) -> String {
    match (it.within, it.lasting) {
        (Some(most), _) => format!("within {}", words::time(most)),
        (None, Some(least)) if it.what == "retention" => format!("for {}", words::time(least)),
        (None, Some(least)) => format!("at least {}, for {}", it.min, words::time(least)),
        (None, None) => format!("at least {}", it.min),
    }
}

fn exceptions<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let by_name = |plan: &'a Plan| -> BTreeMap<&'a str, String> {
        let shown = |it: &schema::plan::Exception| format!("until {}: {}", it.until, it.reason);
        plan.exceptions.iter().map(|it| (it.what.as_str(), shown(it))).collect()
    };
    let (before, after) = (by_name(sides.before.plan), by_name(sides.after.plan));
    let names: BTreeSet<&&str> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (old, new) = (before.get(name).cloned(), after.get(name).cloned());
        let code = match (&old, &new) {
            _ if old == new => continue,
            (None, _) => Code::ExceptionAdded,
            (_, None) => Code::ExceptionRemoved,
            _ => Code::ExceptionChanged,
        };
        let line = sides.line(&format!("allow/{name}"));
        let found = Found::new(code, Kind::Exception, name).values(old, new).direct(true);
        ledger.add(found.marked(code != Code::ExceptionRemoved).at(line));
    }
}

/// Findings of one code, as many as there are.
type Group<'a> = Vec<&'a Finding>;

/// A finding in the same words is the same one, wherever it stands.
fn findings<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let (before, after) = (sides.before.plan, sides.after.plan);
    let (gone, come) = (unlike(before, after), unlike(after, before));
    let codes: BTreeSet<&str> = gone.keys().chain(come.keys()).copied().collect();
    for code in codes {
        let (old, new) = (gone.get(code), come.get(code));
        let change = match (old, new) {
            (Some(_), Some(_)) => Code::FindingChanged,
            (None, _) => Code::FindingNew,
            _ => Code::FindingGone,
        };
        let shown = new.or(old).and_then(|findings| findings.first());
        let level = new.into_iter().flatten().map(|finding| finding.level).max().unwrap_or(Level::Info);
        let found = Found::new(change, Kind::Finding, code).values(old.and_then(told), new.and_then(told));
        ledger.add(found.marked(level > Level::Info).at(shown.map(|finding| &finding.origin)));
    }
}

/// By code, what the first plan finds and the other one does not.
fn unlike<'a>(one: &'a Plan, other: &Plan) -> BTreeMap<&'a str, Group<'a>> {
    let known: BTreeSet<(&str, Level, &str)> = other.findings.iter().map(key).collect();
    let mut out: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for finding in one.findings.iter().filter(|finding| !known.contains(&key(finding))) {
        out.entry(&finding.code).or_default().push(finding);
    }
    out.values_mut().for_each(|group| group.sort_by_key(|finding| key(finding)));
    out
}

fn key(finding: &Finding) -> (&str, Level, &str) {
    (finding.code.as_str(), finding.level, finding.message.as_str())
}

fn told(findings: &Group<'_>) -> Option<String> {
    let (first, rest) = findings.split_first()?;
    let more = if rest.is_empty() { String::new() } else { format!(", and {} more like this", rest.len()) };
    Some(format!("{}{more}", first.message))
}
