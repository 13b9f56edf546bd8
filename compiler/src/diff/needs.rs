//! What steps wait for, compared without the steps that only one plan has: where one was taken out, its own needs stand for
//! it. Only needs on success count: the others keep things apart that could be done in any order.

use super::sides::{Side, Sides};
use schema::step::{Step, When};
use std::collections::{BTreeMap, BTreeSet};

/// A step by its job and the rest of its address.
type Key<'a> = (&'a str, &'a str);

/// Most steps that are followed back to see whether a need is implied by others.
const MOST_FOLLOWED: usize = 256;

pub(super) struct Needs<'a> {
    before: BTreeMap<Key<'a>, BTreeSet<Key<'a>>>,
    after: BTreeMap<Key<'a>, BTreeSet<Key<'a>>>,
}

impl<'a> Needs<'a> {
    pub(super) fn new(sides: &Sides<'a>) -> Self {
        let shared = |key: &Key<'_>| sides.before.steps.contains_key(key) && sides.after.steps.contains_key(key);
        Self { before: bridged(&sides.before, &shared), after: bridged(&sides.after, &shared) }
    }

    /// Kinds of steps that a step waits for only before, and only after the change.
    pub(super) fn differing(&self, key: &Key<'a>) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
        let none = BTreeSet::new();
        let (old, new) = (self.before.get(key).unwrap_or(&none), self.after.get(key).unwrap_or(&none));
        if old == new {
            return None;
        }
        let lost = kinds(old.difference(new).filter(|need| !implied(&self.after, new, need)));
        let won = kinds(new.difference(old).filter(|need| !implied(&self.before, old, need)));
        (!lost.is_empty() || !won.is_empty()).then_some((lost, won))
    }
}

fn kinds<'a, 'b>(needs: impl Iterator<Item = &'b Key<'a>>) -> Vec<&'a str>
where
    'a: 'b,
{
    let kinds: BTreeSet<&str> = needs.filter_map(|(_, rest)| rest.split('/').next()).collect();
    kinds.into_iter().collect()
}

/// Whether a step comes before one of these anyway. In doubt it does.
fn implied<'a>(all: &BTreeMap<Key<'a>, BTreeSet<Key<'a>>>, from: &BTreeSet<Key<'a>>, need: &Key<'a>) -> bool {
    let mut open: Vec<&Key<'_>> = from.iter().collect();
    let mut seen: BTreeSet<&Key<'_>> = open.iter().copied().collect();
    while let Some(step) = open.pop() {
        if step == need || seen.len() > MOST_FOLLOWED {
            return true;
        }
        open.extend(all.get(step).into_iter().flatten().filter(|next| seen.insert(next)));
    }
    false
}

/// The needs of every shared step, over steps that are not shared. A plan lists steps after what they need, so each is
/// looked at once.
fn bridged<'a>(side: &Side<'a>, shared: &impl Fn(&Key<'_>) -> bool) -> BTreeMap<Key<'a>, BTreeSet<Key<'a>>> {
    let mut out: BTreeMap<Key<'_>, BTreeSet<Key<'_>>> = BTreeMap::new();
    for step in &side.plan.steps {
        let Some(key) = side.keys.get(step.address.0.as_str()) else { continue };
        let mut needs = BTreeSet::new();
        for need in succeeding(side, step) {
            if shared(&need) {
                needs.insert(need);
            } else if let Some(farther) = out.get(&need) {
                needs.extend(farther.iter().copied());
            }
        }
        out.insert(*key, needs);
    }
    out
}

fn succeeding<'a>(side: &Side<'a>, step: &'a Step) -> impl Iterator<Item = Key<'a>> {
    let needs = step.needs.iter().filter(|need| need.when != When::Always);
    needs.filter_map(|need| side.keys.get(need.step.0.as_str()).copied())
}
