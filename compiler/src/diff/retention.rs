//! What stores keep: the rules that their prunes act by.

use super::ledger::{Found, Ledger};
use super::sides::{Side, Sides};
use schema::diff::{Code, Kind};
use schema::keep::Keep;
use schema::step::{Action, Step};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The rules of a store, and the first step that acts by them.
type Rules<'a> = BTreeMap<&'a str, (Keep, &'a str, &'a Step)>;

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let (before, after) = (rules(&sides.before), rules(&sides.after));
    for (store, (old, job, step)) in &before {
        match after.get(store) {
            Some((new, _, _)) => changed(sides, store, *old, *new, ledger),
            None if sides.after.plan.store(store).is_some() => {
                let found = Found::new(Code::DeletionsGone, Kind::Store, store).values(Some(all_but(*old)), None);
                ledger.add(found.direct(sides.line_gone(job, step)).at(Some(&step.origin)));
            }
            None => {}
        }
    }
    // What only a new store loses has never been anywhere else.
    let new =
        after.iter().filter(|(store, _)| !before.contains_key(*store) && sides.before.plan.store(store).is_some());
    for (store, (keep, job, step)) in new {
        let found = Found::new(Code::DeletionsNew, Kind::Store, store).values(None, Some(all_but(*keep)));
        ledger.add(found.direct(sides.line_new(job, step)).breaking(true).at(Some(&step.origin)));
    }
}

fn rules<'a>(side: &Side<'a>) -> Rules<'a> {
    let mut out = Rules::new();
    for ((job, _), step) in &side.steps {
        if let Action::Prune { store, keep, .. } = &step.action {
            out.entry(store).or_insert((*keep, job, step));
        }
    }
    out
}

fn all_but(keep: Keep) -> String {
    format!("all but {keep}")
}

fn changed<'a>(sides: &Sides<'a>, store: &'a str, old: Keep, new: Keep, ledger: &mut Ledger<'a>) {
    let code = match (some(old, new, Ordering::Greater), some(old, new, Ordering::Less)) {
        (false, false) => return,
        (true, false) => Code::RetentionShorter,
        (false, true) => Code::RetentionLonger,
        (true, true) => Code::RetentionChanged,
    };
    let found = Found::new(code, Kind::Store, store).values(Some(old.to_string()), Some(new.to_string()));
    let line = sides.line(&format!("keep/{store}"));
    ledger.add(found.direct(true).breaking(code != Code::RetentionLonger).at(line));
}

/// Whether some rule of the first compares so with that of the second. A rule that is not there keeps least.
fn some(old: Keep, new: Keep, wanted: Ordering) -> bool {
    let counts = |keep: Keep| {
        [keep.last, keep.hourly, keep.daily, keep.weekly, keep.monthly, keep.yearly].map(|count| count.map(u64::from))
    };
    let (olds, news) = (counts(old), counts(new));
    let pairs = olds.iter().zip(&news).chain([(&old.within, &new.within)]);
    pairs.into_iter().any(|(old, new)| old.cmp(new) == wanted)
}
