//! What is protected, where copies of it go, by which job, and how they are checked there.

use super::ledger::{Found, Ledger};
use super::sides::{Side, Sides};
use super::words;
use crate::model::glob_covers;
use schema::diff::{Code, Kind};
use schema::step::{Action, Check, Extent, Step};
use std::collections::{BTreeMap, BTreeSet};

/// A source and one of its databases.
pub(super) type Database<'a> = (&'a str, &'a str);

/// A database and a store.
type Place<'a> = (&'a str, &'a str, &'a str);

/// A copy that one job makes.
#[derive(Clone, Copy)]
struct Copy<'a> {
    step: &'a Step,
    extent: Extent,
    check: Option<(Check, &'a Step)>,
}

/// Databases that are protected before and after the change: of others nothing more is to be said.
pub(super) struct Covered<'a>(BTreeSet<Database<'a>>);

impl Covered<'_> {
    pub(super) fn holds(&self, source: &str, database: &str) -> bool {
        self.0.contains(&(source, database))
    }
}

/// Copies by place and job, and the first backup of each database.
#[derive(Default)]
struct Protection<'a> {
    first: BTreeMap<Database<'a>, &'a Step>,
    /// Databases of a source that only a run can tell; at most [`MOST_GLOBS`] of them.
    globs: BTreeMap<&'a str, Vec<&'a str>>,
    copies: BTreeMap<Place<'a>, BTreeMap<&'a str, Copy<'a>>>,
}

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) -> Covered<'a> {
    let (before, after) = (protection(&sides.before), protection(&sides.after));
    coverage(sides, &before, &after, ledger);
    let both = before.first.keys().filter(|database| after.first.contains_key(*database)).copied();
    let covered = Covered(both.collect());
    let places: BTreeSet<&Place<'_>> = before.copies.keys().chain(after.copies.keys()).collect();
    let none = BTreeMap::new();
    for place in places.into_iter().filter(|place| covered.holds(place.0, place.1)) {
        let (old, new) = (before.copies.get(place).unwrap_or(&none), after.copies.get(place).unwrap_or(&none));
        self::place(sides, *place, old, new, ledger);
    }
    covered
}

fn protection<'a>(side: &Side<'a>) -> Protection<'a> {
    let mut out = Protection::default();
    for ((job, _), step) in &side.steps {
        match &step.action {
            Action::Backup { source, database, extent, store, .. } => {
                out.first.entry((source, database)).or_insert(step);
                let copy = Copy { step, extent: *extent, check: None };
                out.copies.entry((source, database, store)).or_default().insert(job, copy);
            }
            Action::Transfer { artifact, to, .. } => {
                let Some(made) = side.made(artifact) else { continue };
                let copy = Copy { step, extent: made.extent.unwrap_or_default(), check: None };
                out.copies.entry((made.source, made.database, to)).or_default().entry(job).or_insert(copy);
            }
            _ => {}
        }
    }
    for (source, name) in out.first.keys().filter(|(_, name)| is_glob(name)) {
        let globs = out.globs.entry(source).or_default();
        if globs.len() < MOST_GLOBS {
            globs.push(name);
        }
    }
    // Checks of copies, once all of these are there.
    for ((job, _), step) in &side.steps {
        let Action::Verify { artifact, store, with } = &step.action else { continue };
        let Some(made) = side.made(artifact) else { continue };
        let place = out.copies.get_mut(&(made.source, made.database, store.as_str()));
        let Some(copy) = place.and_then(|jobs| jobs.get_mut(job)) else { continue };
        if copy.check.is_none_or(|(known, _)| depth(known) < depth(*with)) {
            copy.check = Some((*with, step));
        }
    }
    out
}

fn depth(check: Check) -> u8 {
    match check {
        Check::Digest => 1,
        Check::Consistency => 2,
    }
}

/// Most globs of one source that are looked at for what they cover.
const MOST_GLOBS: usize = 64;

fn coverage<'a>(sides: &Sides<'a>, before: &Protection<'a>, after: &Protection<'a>, ledger: &mut Ledger<'a>) {
    let gone = only_in(&before.first, &after.first);
    let come = only_in(&after.first, &before.first);
    let (narrowed, narrower) = under_globs(&gone, &come);
    let (widened, wider) = under_globs(&come, &gone);
    let still = |(source, name): &Database<'a>| is_under(after, source, name);
    for database in gone.iter().filter(|database| !wider.contains(*database) && !still(database)) {
        let left = narrowed.get(database).map(|left| left.join(", "));
        let was = left.is_some().then(|| database.1.to_owned());
        covered(sides, Code::DatabaseUncovered, *database, (was, left), before, ledger);
    }
    let already = |(source, name): &Database<'a>| is_under(before, source, name);
    for database in come.iter().filter(|database| !narrower.contains(*database) && !already(database)) {
        let left = widened.get(database).map(|left| left.join(", "));
        let is = left.is_some().then(|| database.1.to_owned());
        covered(sides, Code::DatabaseCovered, *database, (left, is), after, ledger);
    }
}

fn only_in<'a>(one: &BTreeMap<Database<'a>, &'a Step>, other: &BTreeMap<Database<'a>, &'a Step>) -> Vec<Database<'a>> {
    one.keys().filter(|database| !other.contains_key(*database)).copied().collect()
}

fn is_glob(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether a glob covers all that a name or another glob does.
fn is_within(glob: &str, name: &str) -> bool {
    glob != name && glob_covers(glob, name) && !(glob.contains('?') && name.contains('*'))
}

/// Whether a database that is no longer named is under a glob.
fn is_under(of: &Protection<'_>, source: &str, name: &str) -> bool {
    of.globs.get(source).into_iter().flatten().any(|glob| is_within(glob, name))
}

/// What each glob of `globs` had under it among `names`, and all those.
fn under_globs<'a>(
    globs: &[Database<'a>],
    names: &[Database<'a>],
) -> (BTreeMap<Database<'a>, Vec<&'a str>>, BTreeSet<Database<'a>>) {
    let mut under: BTreeMap<Database<'_>, Vec<&str>> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for glob in globs.iter().filter(|(_, name)| is_glob(name)).take(MOST_GLOBS) {
        for name in names.iter().filter(|name| name.0 == glob.0 && is_within(glob.1, name.1)) {
            under.entry(*glob).or_default().push(name.1);
            all.insert(*name);
        }
    }
    (under, all)
}

fn covered<'a>(
    sides: &Sides<'a>,
    code: Code,
    (source, database): Database<'a>,
    (was, is): (Option<String>, Option<String>),
    of: &Protection<'a>,
    ledger: &mut Ledger<'a>,
) {
    let path = format!("source/{source}/databases");
    let (old, new) = (sides.before.line(&path), sides.after.line(&path));
    let told = old.map(|line| &line.text) != new.map(|line| &line.text);
    let step = of.first.get(&(source, database)).copied();
    let gone = code == Code::DatabaseUncovered;
    let moved = step.is_some_and(|step| {
        let side = if gone { &sides.before } else { &sides.after };
        let job = side.keys.get(step.address.0.as_str()).map_or("", |key| key.0);
        if gone { sides.line_gone(job, step) } else { sides.line_new(job, step) }
    });
    let line = if gone && !is_some_of(&is) { old } else { new.or(old) };
    let origin = if told { line } else { step.map(|step| &step.origin) };
    let found = Found::new(code, Kind::Database, database).of(source).values(was, is);
    ledger.add(found.direct(told || moved).breaking(gone).at(origin));
}

fn is_some_of(value: &Option<String>) -> bool {
    value.as_ref().is_some_and(|value| !value.is_empty())
}

/// The copies of one database in one store.
fn place<'a>(
    sides: &Sides<'a>,
    (source, database, store): Place<'a>,
    old: &BTreeMap<&'a str, Copy<'a>>,
    new: &BTreeMap<&'a str, Copy<'a>>,
    ledger: &mut Ledger<'a>,
) {
    let found = |code| Found::new(code, Kind::Database, database).of(source).within(store);
    let gone: Vec<_> = old.iter().filter(|(job, _)| !new.contains_key(*job)).collect();
    let come: Vec<_> = new.iter().filter(|(job, _)| !old.contains_key(*job)).collect();
    for (job, before) in old {
        if let Some(after) = new.get(job) {
            checks(sides, job, before.check, after.check, found, ledger);
        }
    }
    if let (Some((job, before)), Some((other, after))) = (gone.first(), come.first()) {
        let moved = sides.line_gone(job, before.step) || sides.line_new(other, after.step);
        let names = |jobs: &[(&&str, &Copy<'_>)]| jobs.iter().map(|(job, _)| **job).collect::<Vec<_>>().join(", ");
        let values = (Some(names(&gone)), Some(names(&come)));
        let told = found(Code::CopyMoved).values(values.0, values.1).direct(moved).at(Some(&after.step.origin));
        ledger.add(told.breaking(come.len() < gone.len()));
        let deepest = |jobs: &[(&&'a str, &Copy<'a>)]| {
            jobs.iter().filter_map(|(_, copy)| copy.check).max_by_key(|(check, _)| depth(*check))
        };
        checks(sides, other, deepest(&gone), deepest(&come), found, ledger);
        return;
    }
    for (job, copy) in gone {
        let found = found(Code::CopyRemoved).by(job).values(Some(words::extent(copy.extent).to_owned()), None);
        let direct = sides.line_gone(job, copy.step);
        ledger.add(found.direct(direct).breaking(true).at(Some(&copy.step.origin)));
    }
    for (job, copy) in come {
        let found = found(Code::CopyAdded).by(job).values(None, Some(words::extent(copy.extent).to_owned()));
        ledger.add(found.direct(sides.line_new(job, copy.step)).at(Some(&copy.step.origin)));
    }
}

/// How deep the same copy is checked.
fn checks<'a>(
    sides: &Sides<'a>,
    job: &'a str,
    old: Option<(Check, &'a Step)>,
    new: Option<(Check, &'a Step)>,
    found: impl Fn(Code) -> Found<'a>,
    ledger: &mut Ledger<'a>,
) {
    let level = |check: Option<(Check, &Step)>| check.map_or(0, |(check, _)| depth(check));
    let code = match (old, new) {
        _ if level(old) == level(new) => return,
        (Some(_), None) => Code::VerificationRemoved,
        (None, _) => Code::VerificationAdded,
        _ if level(old) > level(new) => Code::VerificationWeaker,
        _ => Code::VerificationStronger,
    };
    let shown = |check: Option<(Check, &Step)>| check.map(|(check, _)| words::check(check).to_owned());
    let direct = old.is_some_and(|(_, step)| sides.line_gone(job, step))
        || new.is_some_and(|(_, step)| sides.line_new(job, step));
    let origin = new.or(old).map(|(_, step)| &step.origin);
    let worse = matches!(code, Code::VerificationRemoved | Code::VerificationWeaker);
    ledger.add(found(code).by(job).values(shown(old), shown(new)).direct(direct).breaking(worse).at(origin));
}
