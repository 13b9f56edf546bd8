//! Ready steps in the order in which they should begin, kept apart by what they wait for: a step that cannot begin is
//! looked at again only when something that it waits for is free. It knows nothing of needs and states.

use super::board::{Board, StepId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What goes first, whatever else is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Puts back what another step changed. Needs no slot: something is down until it has run.
    Order,
    /// Stands between a change and what puts it back: the sooner it ends, the sooner that begins.
    Between,
    Other,
}

/// Order of beginning: by class, then the longest way to the end of the run first, then as in the plan.
pub(super) type Key = (Class, Reverse<u32>, StepId);

/// Something that so many steps at a time may have the use of.
#[derive(Debug)]
struct Thing {
    limit: usize,
    used: usize,
    /// Ready steps that found it in use. Their first one is back among the ready ones whenever it is free.
    parked: BTreeSet<Key>,
}

/// The ready steps of a run.
#[derive(Debug)]
pub(super) struct Queue {
    ready: BTreeSet<Key>,
    things: Vec<Thing>,
    /// By step.
    uses: Vec<Vec<usize>>,
    keys: Vec<Key>,
}

impl Queue {
    /// `uses`, `classes` and `ranks` are by step. A thing without a limit of its own is for one step at a time.
    pub(super) fn new<'a>(
        uses: impl Iterator<Item = &'a BTreeSet<String>>,
        limits: &BTreeMap<String, usize>,
        classes: impl Iterator<Item = Class>,
        ranks: Vec<u32>,
        ids: impl Iterator<Item = StepId>,
    ) -> Self {
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        let mut things = Vec::new();
        let mut number = |name: &'a String| {
            *known.entry(name.as_str()).or_insert_with(|| {
                let limit = limits.get(name).copied().unwrap_or(1).max(1);
                things.push(Thing { limit, used: 0, parked: BTreeSet::new() });
                things.len() - 1
            })
        };
        let uses = uses.map(|uses| uses.iter().map(&mut number).collect()).collect();
        let keys = classes.zip(ranks).zip(ids).map(|((class, rank), id)| (class, Reverse(rank), id)).collect();
        Self { ready: BTreeSet::new(), things, uses, keys }
    }

    /// A step is ready.
    pub(super) fn add(&mut self, id: StepId) {
        if let Some(key) = self.keys.get(Board::index(id)) {
            self.ready.insert(*key);
        }
    }

    /// A step is of another class than it was; `ready` is whether it was added before and has not begun.
    pub(super) fn reclass(&mut self, id: StepId, class: Class, ready: bool) {
        let Some(key) = self.keys.get_mut(Board::index(id)) else { return };
        let old = std::mem::replace(key, (class, key.1, id));
        if ready && self.ready.remove(&old) {
            self.ready.insert(*key);
        }
    }

    pub(super) fn class(&self, id: StepId) -> Class {
        self.keys.get(Board::index(id)).map_or(Class::Other, |key| key.0)
    }

    /// The step that should begin next, if what it uses is free.
    pub(super) fn first(&self) -> Option<Key> {
        self.ready.first().copied()
    }

    /// Takes the first step out: it begins, and has the use of its things, or waits for one that is in use (`false`).
    pub(super) fn claim(&mut self, key: Key) -> bool {
        self.ready.remove(&key);
        let uses = self.uses.get(Board::index(key.2)).map(Vec::as_slice).unwrap_or_default();
        let in_use = |thing: &&usize| self.things.get(**thing).is_some_and(|thing| thing.used >= thing.limit);
        let busy = uses.iter().find(in_use).copied();
        if let Some(thing) = busy.and_then(|busy| self.things.get_mut(busy)) {
            thing.parked.insert(key);
        } else {
            for thing in uses {
                if let Some(thing) = self.things.get_mut(*thing) {
                    thing.used += 1;
                }
            }
        }
        self.wake(key.2);
        busy.is_none()
    }

    /// Takes the first step out for good: it is over already.
    pub(super) fn forget(&mut self, key: Key) {
        self.ready.remove(&key);
        self.wake(key.2);
    }

    /// A step that had begun is over, and gives back what it used.
    pub(super) fn release(&mut self, id: StepId) {
        for thing in self.uses.get(Board::index(id)).map(Vec::as_slice).unwrap_or_default() {
            if let Some(thing) = self.things.get_mut(*thing) {
                thing.used = thing.used.saturating_sub(1);
            }
        }
        self.wake(id);
    }

    /// The next step for each thing of `id` that is free.
    fn wake(&mut self, id: StepId) {
        for thing in self.uses.get(Board::index(id)).map(Vec::as_slice).unwrap_or_default() {
            if let Some(thing) = self.things.get_mut(*thing)
                && thing.used < thing.limit
                && let Some(next) = thing.parked.pop_first()
            {
                self.ready.insert(next);
            }
        }
    }
}

/// How many steps each step has before it to the end of the run on the longest way, itself counted.
pub(super) fn ranks(board: &Board) -> Vec<u32> {
    let mut ranks: Vec<u32> = board.ids().map(|_| 1).collect();
    let mut open: Vec<usize> = board.ids().map(|id| board.needed_by(id).len()).collect();
    let mut ends: Vec<StepId> = board.ids().filter(|id| board.needed_by(*id).is_empty()).collect();
    while let Some(end) = ends.pop() {
        let rank = ranks.get(Board::index(end)).copied().unwrap_or_default();
        for (need, _) in board.needs(end) {
            let at = Board::index(*need);
            if let (Some(known), Some(open)) = (ranks.get_mut(at), open.get_mut(at)) {
                *known = (*known).max(rank.saturating_add(1));
                *open = open.saturating_sub(1);
                if *open == 0 {
                    ends.push(*need);
                }
            }
        }
    }
    ranks
}
