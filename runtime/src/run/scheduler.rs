//! Which steps may start now. Pure and synchronous: it knows needs, limits and states, and nothing of what a step does.

use super::board::{Board, StepId, StepState};
use super::queue::{Class, Queue, ranks};
use schema::report::Outcome;
use schema::step::{Address, Step, When};
use std::collections::{BTreeMap, BTreeSet};

/// What the scheduler must know of a step beside its needs.
#[derive(Clone, Debug, Default)]
pub struct Traits {
    /// Things of which one step at a time may have the use, or as many as [`Limits::of`] says.
    pub uses: BTreeSet<String>,
    /// It puts back what another step changed, so it runs even after the operator asked to stop.
    pub restores_order: bool,
}

/// How much may go on at once.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Steps at once; 0 is taken as 1. Steps that restore order do not count.
    pub steps: usize,
    /// Steps at once that use a thing; one, for a thing that is not named.
    pub of: BTreeMap<String, usize>,
}

/// How a step came to be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It was asked for, or the time for it was over.
    Itself,
    /// All that keeps it from running was left out.
    Behind,
}

/// Decides what runs next.
#[derive(Debug)]
pub struct Scheduler {
    board: Board,
    traits: Vec<Traits>,
    queue: Queue,
    /// Steps at once.
    limit: usize,
    /// Steps that have begun and not ended.
    running: BTreeSet<StepId>,
    /// How many of them count.
    slots: usize,
    /// Needs of each step that have not ended.
    open: Vec<usize>,
    /// Steps that run only when everything before them ended well.
    strict: BTreeSet<StepId>,
    left: BTreeMap<StepId, Left>,
    cancelled: bool,
    closed: bool,
    held: bool,
    ended: Vec<StepId>,
}

impl Scheduler {
    /// `traits` are those of `steps`, in the same order; `limit` is how many run at once.
    pub fn new(steps: &[Step], traits: Vec<Traits>, limit: usize) -> Result<Self, Address> {
        Self::limited(steps, traits, &Limits { steps: limit, of: BTreeMap::new() })
    }

    /// The same, with limits on things.
    pub fn limited(steps: &[Step], traits: Vec<Traits>, limits: &Limits) -> Result<Self, Address> {
        let board = Board::new(steps)?;
        let class = |traits: &Traits| if traits.restores_order { Class::Order } else { Class::Other };
        let uses = traits.iter().map(|traits| &traits.uses);
        let queue = Queue::new(uses, &limits.of, traits.iter().map(class), ranks(&board), board.ids());
        let mut scheduler = Self {
            open: board.ids().map(|id| board.needs(id).len()).collect(),
            board,
            traits,
            queue,
            limit: limits.steps.max(1),
            running: BTreeSet::new(),
            slots: 0,
            strict: BTreeSet::new(),
            left: BTreeMap::new(),
            cancelled: false,
            closed: false,
            held: false,
            ended: Vec::new(),
        };
        for id in scheduler.board.ids().filter(|id| scheduler.board.needs(*id).is_empty()).collect::<Vec<_>>() {
            scheduler.decide_all(vec![id]);
        }
        Ok(scheduler)
    }

    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.board.is_over()
    }

    /// Says that `back` puts back what `change` changed. What stands between the two goes before other steps, and is
    /// gone on with while the run is held: nothing is left down.
    pub fn owe(&mut self, change: StepId, back: StepId) {
        for id in between(&self.board, change, back) {
            if self.queue.class(id) == Class::Other {
                let ready = self.board.state(id) == StepState::Ready;
                self.queue.reclass(id, Class::Between, ready);
            }
        }
    }

    /// The steps between a change and what puts it back, both left out of it.
    #[must_use]
    pub fn between(&self, change: StepId, back: StepId) -> BTreeSet<StepId> {
        between(&self.board, change, back)
    }

    /// Says that this step runs only when all that it needs, and all that those needed, ended ok: degraded is not enough.
    pub fn demand_ok(&mut self, id: StepId) {
        self.strict.insert(id);
    }

    /// Starts every step that may start now, and returns them.
    pub fn start(&mut self) -> Vec<StepId> {
        let mut started = Vec::new();
        while let Some(key) = self.queue.first() {
            let (class, _, id) = key;
            let no_slot = class != Class::Order && self.slots >= self.limit;
            let waits = self.held && class == Class::Other;
            if self.board.state(id) != StepState::Ready {
                self.queue.forget(key);
            } else if no_slot || waits {
                break;
            } else if self.queue.claim(key) {
                self.slots += usize::from(class != Class::Order);
                self.running.insert(id);
                self.board.set(id, StepState::Running);
                started.push(id);
            }
        }
        started
    }

    /// An attempt failed; another follows. The step keeps its place and what it uses.
    pub fn back_off(&mut self, id: StepId) {
        self.board.set(id, StepState::BackingOff);
    }

    /// The next attempt begins.
    pub fn again(&mut self, id: StepId) {
        self.board.set(id, StepState::Running);
    }

    /// A step ended by itself.
    pub fn end(&mut self, id: StepId, outcome: Outcome) {
        if self.running.remove(&id) {
            self.slots -= usize::from(self.queue.class(id) != Class::Order);
            self.queue.release(id);
        }
        self.close_step(id, outcome.into());
    }

    /// A step need not be done: an earlier run ended it.
    pub fn already(&mut self, id: StepId, outcome: Outcome) {
        self.close_step(id, outcome.into());
    }

    /// A step is not to be done in this run. What cannot be done without it is skipped.
    pub fn leave_out(&mut self, id: StepId) {
        if matches!(self.board.state(id), StepState::Waiting | StepState::Ready) {
            self.left.insert(id, Left::Itself);
            self.pass_over(id, StepState::Skipped);
        }
    }

    /// Whether a step that was skipped was left out, and not kept from running by a failure.
    #[must_use]
    pub fn left_out(&self, id: StepId) -> Option<Left> {
        self.left.get(&id).copied()
    }

    /// No step begins while this holds but those that put things back in order, and what they wait for.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// No step begins any more but those that put things back in order.
    pub fn cancel(&mut self) {
        self.cancelled = true;
        for id in self.board.ids().collect::<Vec<_>>() {
            if self.board.state(id) == StepState::Ready && !self.restores_order(id) {
                self.pass_over(id, StepState::Cancelled);
            }
        }
    }

    /// The same, because the time is over: steps are left out, not cancelled, and those that run go on.
    pub fn close(&mut self) {
        self.closed = true;
        for id in self.board.ids().collect::<Vec<_>>() {
            if self.board.state(id) == StepState::Ready && !self.restores_order(id) {
                self.leave_out(id);
            }
        }
    }

    /// Steps that ended without having run since the last call, in the order of their end.
    pub fn take_ended(&mut self) -> Vec<StepId> {
        std::mem::take(&mut self.ended)
    }

    /// The need that kept a step from running.
    #[must_use]
    pub fn cause(&self, id: StepId) -> Option<&Address> {
        let needs = self.board.needs(id);
        let unmet = needs.iter().find(|(need, when)| !meets(self.board.state(*need), *when));
        let unmet = unmet.map(|(need, _)| *need).or_else(|| self.doubtful(id));
        unmet.or(needs.first().map(|(need, _)| *need)).and_then(|need| self.board.address(need))
    }

    fn restores_order(&self, id: StepId) -> bool {
        self.traits.get(Board::index(id)).is_some_and(|traits| traits.restores_order)
    }

    /// A step ends without having run.
    fn pass_over(&mut self, id: StepId, state: StepState) {
        self.ended.push(id);
        self.close_step(id, state);
    }

    /// A step is over, and so may be what waits for it. Not recursive: a chain may have any length.
    fn close_step(&mut self, id: StepId, state: StepState) {
        if self.board.set(id, state) {
            let next = self.settled(id);
            self.decide_all(next);
        }
    }

    /// The steps for which this one was the last need that had not ended.
    fn settled(&mut self, id: StepId) -> Vec<StepId> {
        let mut settled = Vec::new();
        for next in self.board.needed_by(id) {
            if let Some(open) = self.open.get_mut(Board::index(*next)) {
                *open = open.saturating_sub(1);
                if *open == 0 {
                    settled.push(*next);
                }
            }
        }
        settled
    }

    /// Moves waiting steps on when all that they need has ended.
    fn decide_all(&mut self, mut ids: Vec<StepId>) {
        ids.reverse();
        while let Some(id) = ids.pop() {
            if self.board.state(id) != StepState::Waiting {
                continue;
            }
            let next = self.decide(id);
            if !self.board.set(id, next) {
                continue;
            }
            if next == StepState::Ready {
                self.queue.add(id);
            } else {
                self.ended.push(id);
                let mut settled = self.settled(id);
                settled.reverse();
                ids.append(&mut settled);
            }
        }
    }

    /// What a step becomes whose needs have all ended.
    fn decide(&mut self, id: StepId) -> StepState {
        let needs = self.board.needs(id);
        let unmet = |(need, when): &&(StepId, When)| !meets(self.board.state(*need), *when);
        let is_left = |(need, _): &(StepId, When)| self.left.contains_key(need);
        let ran =
            |(need, _): &&(StepId, When)| !matches!(self.board.state(*need), StepState::Skipped | StepState::Cancelled);
        // What only comes after something that was left out is none the worse for it; what would put it back is needless.
        let tidies = self.restores_order(id);
        let follows = || needs.iter().filter(|(_, when)| *when == When::Always);
        let (next, left) = match needs.iter().find(unmet).map(|(need, _)| self.board.state(*need)) {
            Some(StepState::Cancelled) => (StepState::Cancelled, None),
            Some(_) => {
                let left = needs.iter().filter(unmet).all(is_left);
                (StepState::Skipped, left.then_some(Left::Behind))
            }
            None if follows().next().is_some()
                && !follows().any(|need| ran(&need))
                && (tidies || !follows().all(is_left)) =>
            {
                let left = follows().all(is_left);
                (StepState::Skipped, left.then_some(Left::Behind))
            }
            None if self.doubtful(id).is_some() => (StepState::Skipped, None),
            None if tidies => (StepState::Ready, None),
            None if self.cancelled => (StepState::Cancelled, None),
            None if self.closed => (StepState::Skipped, Some(Left::Itself)),
            None => (StepState::Ready, None),
        };
        if let Some(left) = left {
            self.left.insert(id, left);
        }
        next
    }

    /// What makes a strict step not run though its needs are met: the first step before it that did not end ok.
    fn doubtful(&self, id: StepId) -> Option<StepId> {
        let needs = |id: StepId| {
            let needs = self.board.needs(id).iter().filter(|(_, when)| *when == When::Success);
            needs.map(|(need, _)| *need).collect()
        };
        let before = self.strict.contains(&id).then(|| reach(id, needs))?;
        before.into_iter().find(|need| self.board.state(*need) != StepState::Ok)
    }
}

/// Steps that come after `change` and before `back`. Steps stand in an order in which they could run one by one, so
/// nothing outside of the two need be looked at.
fn between(board: &Board, change: StepId, back: StepId) -> BTreeSet<StepId> {
    let inside = |id: &StepId| change < *id && *id < back;
    let after = reach(change, |id| board.needed_by(id).iter().copied().filter(inside).collect());
    let before = reach(back, |id| board.needs(id).iter().map(|(need, _)| *need).filter(inside).collect());
    after.intersection(&before).copied().collect()
}

/// Everything that can be got to from a step, itself left out.
fn reach(from: StepId, next: impl Fn(StepId) -> Vec<StepId>) -> BTreeSet<StepId> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(id) = open.pop() {
        open.extend(next(id).into_iter().filter(|id| seen.insert(*id)));
    }
    seen.remove(&from);
    seen
}

/// Whether a step that ended so is what a need wants.
fn meets(state: StepState, when: When) -> bool {
    match when {
        When::Ok => state == StepState::Ok,
        When::Success => matches!(state, StepState::Ok | StepState::Degraded),
        When::Always => true,
    }
}
