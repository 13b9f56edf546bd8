//! Steps that come, go or change. What a step means for a copy is told elsewhere; here are those whose effect is their own,
//! and the list of all of them.

use super::ledger::{Found, Ledger};
use super::needs::Needs;
use super::sides::{Side, Sides};
use super::{fields, words};
use schema::diff::{Code, Kind, Sign, StepChange};
use schema::keep::span;
use schema::step::{Action, Extent, Step};
use std::collections::BTreeSet;

/// A step by its job and the rest of its address.
type Key<'a> = (&'a str, &'a str);

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) -> Vec<StepChange> {
    let needs = Needs::new(sides);
    let fulls = fulls(sides);
    let keys: BTreeSet<Key<'_>> = sides.before.steps.keys().chain(sides.after.steps.keys()).copied().collect();
    let mut out = Vec::new();
    for key in keys {
        match (sides.before.steps.get(&key), sides.after.steps.get(&key)) {
            (Some(before), Some(after)) => {
                let mut change = Change { sides, key, before, after, parts: Vec::new() };
                change.action(&fulls, ledger);
                change.place(ledger);
                change.timeout(ledger);
                change.order(&needs, ledger);
                out.extend(change.line());
            }
            (Some(step), None) => {
                alone(sides, key, step, Sign::Removed, ledger);
                out.push(line(Sign::Removed, key, step, Some(does(step)), None));
            }
            (None, Some(step)) => {
                alone(sides, key, step, Sign::Added, ledger);
                out.push(line(Sign::Added, key, step, None, Some(does(step))));
            }
            (None, None) => {}
        }
    }
    out
}

/// Databases that are still backed up in full after the change.
fn fulls<'a>(sides: &Sides<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let full = |step: &&'a Step| match &step.action {
        Action::Backup { source, database, extent: Extent::Full, .. } => Some((source.as_str(), database.as_str())),
        _ => None,
    };
    sides.after.steps.values().filter_map(full).collect()
}

fn line(sign: Sign, key: Key<'_>, step: &Step, before: Option<String>, after: Option<String>) -> StepChange {
    let kind = step.action.kind().to_owned();
    StepChange { sign, address: step.address.0.clone(), job: key.0.to_owned(), kind, before, after }
}

/// What a step does, in a few words.
fn does(step: &Step) -> String {
    match &step.action {
        Action::Transfer { bandwidth: Some(rate), .. } => format!("{}, {}", step.reason, words::rate(Some(*rate))),
        _ => step.reason.clone(),
    }
}

/// A step that only one plan has, when it is more than the way to a copy.
fn alone<'a>(sides: &Sides<'a>, key: Key<'a>, step: &'a Step, sign: Sign, ledger: &mut Ledger<'a>) {
    let added = sign == Sign::Added;
    let direct = if added { sides.line_new(key.0, step) } else { sides.line_gone(key.0, step) };
    let found = match &step.action {
        Action::Stop { source, database } => {
            let code = if added { Code::DowntimeAdded } else { Code::DowntimeRemoved };
            let found = match database {
                Some(database) => Found::new(code, Kind::Database, database).of(source),
                None => Found::new(code, Kind::Source, source),
            };
            found.marked(added)
        }
        Action::Copy { source, database, into, .. } => {
            let code = if added { Code::StepAdded } else { Code::StepRemoved };
            let what = Some(format!("{database} into {into}"));
            let values = if added { (None, what) } else { (what, None) };
            Found::new(code, Kind::Step, step.action.kind()).of(source).values(values.0, values.1)
        }
        _ => return,
    };
    ledger.add(found.by(key.0).direct(direct).at(Some(&step.origin)));
}

/// A step that both plans have.
struct Change<'a, 'b> {
    sides: &'b Sides<'a>,
    key: Key<'a>,
    before: &'a Step,
    after: &'a Step,
    /// What differs: before and after.
    parts: Vec<(String, String)>,
}

impl<'a> Change<'a, '_> {
    fn found(&self, code: Code, kind: Kind, name: &'a str) -> Found<'a> {
        let direct = self.before.origin.text != self.after.origin.text;
        Found::new(code, kind, name).by(self.key.0).direct(direct).at(Some(&self.after.origin))
    }

    fn part(&mut self, before: impl Into<String>, after: impl Into<String>) -> (Option<String>, Option<String>) {
        let (before, after) = (before.into(), after.into());
        self.parts.push((before.clone(), after.clone()));
        (Some(before), Some(after))
    }

    fn action(&mut self, fulls: &BTreeSet<(&str, &str)>, ledger: &mut Ledger<'a>) {
        if self.before.action == self.after.action {
            return;
        }
        match (&self.before.action, &self.after.action) {
            (Action::Backup { .. }, Action::Backup { .. }) => self.backup(fulls, ledger),
            (Action::Transfer { .. }, Action::Transfer { .. }) => self.transfer(ledger),
            (Action::Verify { with: old, .. }, Action::Verify { with: new, .. }) => {
                if old != new {
                    self.part(words::check(*old), words::check(*new));
                }
            }
            // What it names this time is told with the deletions.
            (Action::Prune { keep: old, safety_age: was, .. }, Action::Prune { keep: new, safety_age: is, .. }) => {
                if old != new {
                    self.part(format!("all but {old}"), format!("all but {new}"));
                }
                if was != is {
                    self.part(format!("bytes go {} after their mark", span(*was)), format!("{} after it", span(*is)));
                }
            }
            // It looks at all databases of the source, of which more is told elsewhere.
            (Action::Preflight { .. }, _) => {}
            (Action::Restore { .. }, Action::Restore { .. }) => self.drill(),
            _ => self.other(ledger),
        }
    }

    fn backup(&mut self, fulls: &BTreeSet<(&str, &str)>, ledger: &mut Ledger<'a>) {
        let Action::Backup { method: old_method, extent: old_extent, .. } = &self.before.action else { return };
        let Action::Backup { source, database, method, extent, store } = &self.after.action else { return };
        if old_extent != extent {
            let values = self.part(words::extent(*old_extent), words::extent(*extent));
            let last = *extent == Extent::Differential && !fulls.contains(&(source.as_str(), database.as_str()));
            let found = self.found(Code::TypeChanged, Kind::Database, database).of(source).within(store);
            ledger.add(found.values(values.0, values.1).breaking(last));
        }
        if old_method != method {
            let values = self.part(words::method(*old_method), words::method(*method));
            let found = self.found(Code::MethodChanged, Kind::Database, database).of(source).within(store);
            ledger.add(found.values(values.0, values.1));
        }
    }

    fn transfer(&mut self, ledger: &mut Ledger<'a>) {
        let Action::Transfer { from: old_from, bandwidth: old, .. } = &self.before.action else { return };
        let Action::Transfer { artifact, from, to, bandwidth } = &self.after.action else { return };
        let made = self.sides.after.made(artifact);
        let (source, database) = made.map_or(("", self.key.1), |made| (made.source, made.database));
        if old != bandwidth {
            let values = self.part(words::rate(*old), words::rate(*bandwidth));
            let found = self.found(Code::BandwidthChanged, Kind::Database, database).of(source).within(to);
            ledger.add(found.values(values.0, values.1));
        }
        if old_from != from {
            let values = self.part(format!("from {old_from}"), format!("from {from}"));
            let found = self.found(Code::StepChanged, Kind::Step, "transfer").of(source).within(to);
            ledger.add(found.values(values.0, values.1));
        }
    }

    fn drill(&mut self) {
        let Action::Restore { store: old_store, check: old_check, queries: old, .. } = &self.before.action else {
            return;
        };
        let Action::Restore { store, check, queries, .. } = &self.after.action else { return };
        if old_store != store {
            self.part(format!("from {old_store}"), format!("from {store}"));
        }
        let looks = |check: bool, queries: &[String]| {
            let check = check.then(|| "check".to_owned());
            let all: Vec<String> = check.into_iter().chain(queries.iter().cloned()).collect();
            if all.is_empty() { "no look at it".to_owned() } else { all.join(", ") }
        };
        if old_check != check || old != queries {
            self.part(looks(*old_check, old), looks(*check, queries));
        }
    }

    /// Whatever else a step can do.
    fn other(&mut self, ledger: &mut Ledger<'a>) {
        let known = ["artifact", "do"];
        let differing = fields::differing(&self.before.action, &self.after.action, &known);
        if differing.is_empty() {
            return;
        }
        let (before, after) = fields::joined(&differing);
        self.parts.push((before.clone().unwrap_or_default(), after.clone().unwrap_or_default()));
        ledger.add(self.found(Code::StepChanged, Kind::Step, self.after.action.kind()).values(before, after));
    }

    fn place(&mut self, ledger: &mut Ledger<'a>) {
        // A runner that has another name is told as such.
        let runs_at_runner = |side: &Side<'_>, step: &Step| {
            step.host == "local" || side.plan.runner.as_ref().is_some_and(|runner| runner.name == step.host)
        };
        let usual = runs_at_runner(&self.sides.before, self.before) && runs_at_runner(&self.sides.after, self.after);
        if self.before.host != self.after.host && !usual {
            let (old, new) = (self.before.host.clone(), self.after.host.clone());
            let values = self.part(format!("on {old}"), format!("on {new}"));
            let found = self.found(Code::HostChanged, Kind::Step, self.after.action.kind());
            ledger.add(found.values(values.0, values.1));
        }
    }

    fn timeout(&mut self, ledger: &mut Ledger<'a>) {
        let (old, new) = (self.before.timeout, self.after.timeout);
        if old != new {
            let shown = |time: Option<u64>| {
                time.map_or_else(|| "no time-out".to_owned(), |time| format!("stopped after {}", words::time(time)))
            };
            let values = self.part(shown(old), shown(new));
            let found = self.found(Code::StepChanged, Kind::Step, self.after.action.kind());
            ledger.add(found.values(values.0, values.1));
        }
    }

    fn order(&mut self, needs: &Needs<'a>, ledger: &mut Ledger<'a>) {
        let Some((mut lost, mut won)) = needs.differing(&self.key) else { return };
        if matches!(self.after.action, Action::Verify { .. }) {
            // Checks read: which of them comes first changes nothing.
            [&mut lost, &mut won].into_iter().for_each(|kinds| kinds.retain(|kind| *kind != "verify"));
            if lost.is_empty() && won.is_empty() {
                return;
            }
        }
        let after = |kinds: &[&str]| (!kinds.is_empty()).then(|| format!("after {}", kinds.join(", ")));
        let (before, now) = (after(&lost), after(&won));
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "at once".to_owned());
        self.parts.push((shown(&before), shown(&now)));
        // What was waited for and is not any more may have been a check.
        let unchecked = lost.contains(&"verify");
        let found = self.found(Code::OrderChanged, Kind::Step, self.after.action.kind());
        ledger.add(found.values(before, now).marked(unchecked));
    }

    fn line(self) -> Option<StepChange> {
        if self.parts.is_empty() {
            return None;
        }
        let (before, after): (Vec<String>, Vec<String>) = self.parts.into_iter().unzip();
        Some(line(Sign::Changed, self.key, self.after, Some(before.join(", ")), Some(after.join(", "))))
    }
}
