//! Which steps may start now. Pure and synchronous: it knows needs, limits and states, and nothing of what a step does.

use super::board::{Board, StepId, StepState};
use schema::report::Outcome;
use schema::step::{Address, Step, When};
use std::collections::BTreeSet;

/// What the scheduler must know of a step beside its needs.
#[derive(Clone, Debug, Default)]
pub struct Traits {
    /// Things of which one step at a time may have the use.
    pub uses: BTreeSet<String>,
    /// It puts back what another step changed, so it runs even after the operator asked to stop.
    pub restores_order: bool,
}

/// Decides what runs next.
#[derive(Debug)]
pub struct Scheduler {
    board: Board,
    traits: Vec<Traits>,
    /// Steps at once.
    limit: usize,
    running: BTreeSet<StepId>,
    held: BTreeSet<String>,
    cancelled: bool,
    ended: Vec<StepId>,
}

impl Scheduler {
    /// `traits` are those of `steps`, in the same order.
    pub fn new(steps: &[Step], traits: Vec<Traits>, limit: usize) -> Result<Self, Address> {
        let board = Board::new(steps)?;
        let mut scheduler = Self {
            board,
            traits,
            limit: limit.max(1),
            running: BTreeSet::new(),
            held: BTreeSet::new(),
            cancelled: false,
            ended: Vec::new(),
        };
        for id in scheduler.board.ids().collect::<Vec<_>>() {
            scheduler.decide(id);
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

    /// Starts every step that may start now, and returns them.
    pub fn start(&mut self) -> Vec<StepId> {
        let mut started = Vec::new();
        for id in self.board.ids() {
            if self.running.len() >= self.limit {
                break;
            }
            let uses = self.uses(id);
            if self.board.state(id) == StepState::Ready && uses.is_disjoint(&self.held) {
                self.held.extend(uses);
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
            for used in self.uses(id) {
                self.held.remove(&used);
            }
        }
        self.close(id, outcome.into());
    }

    /// A step need not be done: an earlier run ended it.
    pub fn already(&mut self, id: StepId, outcome: Outcome) {
        self.close(id, outcome.into());
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

    /// Steps that ended without having run since the last call, in the order of their end.
    pub fn take_ended(&mut self) -> Vec<StepId> {
        std::mem::take(&mut self.ended)
    }

    /// The need that kept a step from running.
    #[must_use]
    pub fn cause(&self, id: StepId) -> Option<&Address> {
        let unmet = |(need, when): &&(StepId, When)| !meets(self.board.state(*need), *when);
        let needs = self.board.needs(id);
        needs.iter().find(unmet).or(needs.first()).and_then(|(need, _)| self.board.address(*need))
    }

    fn uses(&self, id: StepId) -> BTreeSet<String> {
        self.traits.get(Board::index(id)).map(|traits| traits.uses.clone()).unwrap_or_default()
    }

    fn restores_order(&self, id: StepId) -> bool {
        self.traits.get(Board::index(id)).is_some_and(|traits| traits.restores_order)
    }

    /// A step ends without having run.
    fn pass_over(&mut self, id: StepId, state: StepState) {
        self.ended.push(id);
        self.close(id, state);
    }

    fn close(&mut self, id: StepId, state: StepState) {
        if !self.board.set(id, state) {
            return;
        }
        for next in self.board.needed_by(id).to_vec() {
            self.decide(next);
        }
    }

    /// Moves a waiting step on when all that it needs has ended.
    fn decide(&mut self, id: StepId) {
        if self.board.state(id) != StepState::Waiting {
            return;
        }
        let needs: Vec<_> = self.board.needs(id).iter().map(|(need, when)| (self.board.state(*need), *when)).collect();
        if !needs.iter().all(|(state, _)| state.is_final()) {
            return;
        }
        let unmet = |(state, when): &&(StepState, When)| !meets(*state, *when);
        let ran = |state: &StepState| !matches!(state, StepState::Skipped | StepState::Cancelled);
        let mut follows = needs.iter().filter(|(_, when)| *when == When::Always).map(|(state, _)| state).peekable();
        let nothing_to_follow = follows.peek().is_some() && !follows.any(ran);
        match needs.iter().find(unmet) {
            Some((StepState::Cancelled, _)) => self.pass_over(id, StepState::Cancelled),
            Some(_) => self.pass_over(id, StepState::Skipped),
            None if nothing_to_follow => self.pass_over(id, StepState::Skipped),
            None if self.cancelled && !self.restores_order(id) => self.pass_over(id, StepState::Cancelled),
            None => {
                self.board.set(id, StepState::Ready);
            }
        }
    }
}

/// Whether a step that ended so is what a need wants.
fn meets(state: StepState, when: When) -> bool {
    match when {
        When::Ok => state == StepState::Ok,
        When::Success => matches!(state, StepState::Ok | StepState::Degraded),
        When::Always => true,
    }
}
