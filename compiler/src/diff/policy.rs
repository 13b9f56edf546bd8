//! What the strategy promises and asks for: objectives, requirements, exceptions, findings, and the figures that it gives.

use super::fields;
use super::ledger::{Found, Ledger};
use super::sides::Sides;
use super::words;
use schema::diff::{Code, Kind};
use schema::plan::{Finding, Level, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// Whether the policy wants a reason for what a change breaks.
pub(super) fn wants_approval(_plan: &Plan) -> bool {
    false
}

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
        ("change-rate" | "network", Some(bytes)) => format!("{}/s", words::size(bytes)),
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
    let by_name = |plan: &'a Plan| -> BTreeMap<&'a str, u64> {
        plan.requirements.iter().map(|it| (it.what.as_str(), it.min)).collect()
    };
    let (before, after) = (by_name(sides.before.plan), by_name(sides.after.plan));
    let names: BTreeSet<&&str> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        let code = match new.cmp(&old) {
            std::cmp::Ordering::Equal => continue,
            std::cmp::Ordering::Less => Code::PolicyWeaker,
            std::cmp::Ordering::Greater => Code::PolicyStricter,
        };
        let shown = |min: Option<&u64>| min.map(|min| format!("at least {min}"));
        let found = Found::new(code, Kind::Requirement, name).values(shown(old), shown(new));
        let line = sides.line(&format!("require/{name}"));
        ledger.add(found.direct(true).marked(code == Code::PolicyWeaker).at(line));
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

/// Findings of one code at one line, as many as there are.
type Group<'a> = Vec<&'a Finding>;

fn findings<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let (before, after) = (grouped(sides.before.plan), grouped(sides.after.plan));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    let none = Group::new();
    for key in keys {
        let (old, new) = (before.get(&key).unwrap_or(&none), after.get(&key).unwrap_or(&none));
        let gone = unlike(old, new);
        let come = unlike(new, old);
        let code = match (gone.is_empty(), come.is_empty()) {
            (true, true) => continue,
            (true, false) => Code::FindingNew,
            (false, true) => Code::FindingGone,
            (false, false) => Code::FindingChanged,
        };
        let level = come.first().or(gone.first()).map_or(Level::Info, |finding| finding.level);
        let origin = come.first().or(gone.first()).map(|finding| &finding.origin);
        let found = Found::new(code, Kind::Finding, key.0).values(told(&gone), told(&come));
        ledger.add(found.marked(code != Code::FindingGone && level > Level::Info).at(origin));
    }
}

fn grouped(plan: &Plan) -> BTreeMap<(&str, &str), Group<'_>> {
    let mut out: BTreeMap<(&str, &str), Group<'_>> = BTreeMap::new();
    for finding in &plan.findings {
        out.entry((finding.code.as_str(), finding.origin.text.as_str())).or_default().push(finding);
    }
    out
}

/// Findings that the others do not have in the same words.
fn unlike<'a>(these: &Group<'a>, those: &Group<'_>) -> Group<'a> {
    let known: BTreeSet<(Level, &str)> = those.iter().map(|it| (it.level, it.message.as_str())).collect();
    these.iter().filter(|it| !known.contains(&(it.level, it.message.as_str()))).copied().collect()
}

fn told(findings: &Group<'_>) -> Option<String> {
    let mut messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    messages.sort_unstable();
    let first = messages.first()?;
    let more = messages.len() - 1;
    Some(if more == 0 { (*first).to_owned() } else { format!("{first}, and {more} more like this") })
}
