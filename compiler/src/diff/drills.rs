//! Drills: which databases are restored on trial, from where, into what, and what is looked at then.

use super::copies::{Covered, Database};
use super::ledger::{Found, Ledger};
use super::sides::{Side, Sides};
use schema::diff::{Code, Kind};
use schema::step::{Action, Step};
use std::collections::{BTreeMap, BTreeSet};

/// One drill of one database.
#[derive(Clone, Copy)]
struct Drill<'a> {
    job: &'a str,
    store: &'a str,
    target: &'a str,
    check: bool,
    queries: &'a [String],
    step: &'a Step,
}

/// Drills by database; of each by the rest of its address, which names the target.
type Drills<'a> = BTreeMap<Database<'a>, BTreeMap<(&'a str, &'a str), Drill<'a>>>;

pub(super) fn compare<'a>(sides: &Sides<'a>, covered: &Covered<'a>, ledger: &mut Ledger<'a>) {
    let (before, after) = (drills(&sides.before), drills(&sides.after));
    let databases: BTreeSet<&Database<'_>> = before.keys().chain(after.keys()).collect();
    let none = BTreeMap::new();
    for database in databases.into_iter().filter(|database| covered.holds(database.0, database.1)) {
        let (old, new) = (before.get(database).unwrap_or(&none), after.get(database).unwrap_or(&none));
        for (key, drill) in old {
            if let Some(other) = new.get(key) {
                pair(sides, *database, drill, other, ledger);
            }
        }
        let mut gone = old.iter().filter(|(key, _)| !new.contains_key(*key)).map(|(_, drill)| drill);
        let mut come = new.iter().filter(|(key, _)| !old.contains_key(*key)).map(|(_, drill)| drill);
        loop {
            match (gone.next(), come.next()) {
                (Some(drill), Some(other)) => pair(sides, *database, drill, other, ledger),
                (Some(drill), None) => alone(sides, Code::DrillRemoved, *database, drill, ledger),
                (None, Some(drill)) => alone(sides, Code::DrillAdded, *database, drill, ledger),
                (None, None) => break,
            }
        }
    }
}

fn drills<'a>(side: &Side<'a>) -> Drills<'a> {
    let mut out = Drills::default();
    for (key, step) in &side.steps {
        let Action::Restore { artifact, store, target, check, queries } = &step.action else { continue };
        let Some(made) = side.made(artifact) else { continue };
        let drill = Drill { job: key.0, store, target, check: *check, queries, step };
        out.entry((made.source, made.database)).or_default().insert(*key, drill);
    }
    out
}

fn alone<'a>(
    sides: &Sides<'a>,
    code: Code,
    (source, database): Database<'a>,
    drill: &Drill<'a>,
    ledger: &mut Ledger<'a>,
) {
    let place = Some(format!("into {}", drill.target));
    let gone = code == Code::DrillRemoved;
    let (before, after) = if gone { (place, None) } else { (None, place) };
    let direct = if gone { sides.line_gone(drill.job, drill.step) } else { sides.line_new(drill.job, drill.step) };
    let found = Found::new(code, Kind::Database, database).of(source).within(drill.store).by(drill.job);
    ledger.add(found.values(before, after).direct(direct).breaking(gone).at(Some(&drill.step.origin)));
}

fn pair<'a>(
    sides: &Sides<'a>,
    (source, database): Database<'a>,
    before: &Drill<'a>,
    after: &Drill<'a>,
    ledger: &mut Ledger<'a>,
) {
    let found = |code| {
        let found = Found::new(code, Kind::Database, database).of(source).by(after.job);
        let moved = sides.line_gone(before.job, before.step) || sides.line_new(after.job, after.step);
        found.direct(moved).at(Some(&after.step.origin))
    };
    let (old, new) = moves(before, after);
    if !old.is_empty() {
        ledger.add(found(Code::DrillMoved).values(Some(old.join(", ")), Some(new.join(", "))));
    }
    let (lost, won) = (looks(before, after), looks(after, before));
    let code = match (lost.is_empty(), won.is_empty()) {
        (true, true) => return,
        (false, true) => Code::DrillWeaker,
        (true, false) => Code::DrillStronger,
        (false, false) => Code::DrillChanged,
    };
    let listed = |looks: Vec<String>| (!looks.is_empty()).then(|| looks.join(", "));
    // What a drill looks at is said in its own block.
    let found = found(code).values(listed(lost), listed(won)).direct(true);
    ledger.add(found.breaking(code == Code::DrillWeaker).marked(code == Code::DrillChanged));
}

/// From where, into what and when, as far as that differs.
fn moves(before: &Drill<'_>, after: &Drill<'_>) -> (Vec<String>, Vec<String>) {
    let parts =
        [("from", before.store, after.store), ("into", before.target, after.target), ("in job", before.job, after.job)];
    let differing = parts.into_iter().filter(|(_, old, new)| old != new);
    differing.map(|(word, old, new)| (format!("{word} {old}"), format!("{word} {new}"))).unzip()
}

/// What one drill looks at and the other does not.
fn looks(one: &Drill<'_>, other: &Drill<'_>) -> Vec<String> {
    let check = (one.check && !other.check).then(|| "the engine's own check".to_owned());
    let known: BTreeSet<&String> = other.queries.iter().collect();
    let queries = one.queries.iter().filter(|query| !known.contains(query)).map(|query| format!("query {query}"));
    check.into_iter().chain(queries).collect()
}
