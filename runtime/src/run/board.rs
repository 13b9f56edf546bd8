//! The state of every step, and the one function that changes it.

use schema::report::Outcome;
use schema::step::{Address, Step, When};
use std::collections::BTreeMap;

/// Index of a step in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(usize);

/// Where a step stands. The last five are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Some need has not ended.
    Waiting,
    /// Every need has ended as it must; nothing keeps it but limits.
    Ready,
    /// An attempt is under way. Comes from `Ready` or `BackingOff`.
    Running,
    /// An attempt failed and another will be made. Comes from `Running`.
    BackingOff,
    /// Ended; all of it happened.
    Ok,
    /// Ended; something required did not happen. What needs its success may still run.
    Degraded,
    /// Ended without having happened.
    Failed,
    /// Never tried, because of a need.
    Skipped,
    /// Never tried, or given up, because the operator asked.
    Cancelled,
}

impl StepState {
    #[must_use]
    pub fn is_final(self) -> bool {
        self.outcome().is_some()
    }

    /// The outcome of a final state.
    #[must_use]
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Ok => Some(Outcome::Ok),
            Self::Degraded => Some(Outcome::Degraded),
            Self::Failed => Some(Outcome::Failed),
            Self::Skipped => Some(Outcome::Skipped),
            Self::Cancelled => Some(Outcome::Cancelled),
            Self::Waiting | Self::Ready | Self::Running | Self::BackingOff => None,
        }
    }

    fn may_become(self, next: Self) -> bool {
        match self {
            Self::Waiting => !matches!(next, Self::Waiting | Self::Running | Self::BackingOff),
            // A step that an earlier process of the run ended is over without having been tried by this one; one that is
            // left out is skipped.
            Self::Ready => matches!(next, Self::Running | Self::Cancelled | Self::Skipped | Self::Ok | Self::Degraded),
            Self::Running => !matches!(next, Self::Waiting | Self::Ready | Self::Running | Self::Skipped),
            Self::BackingOff => matches!(next, Self::Running | Self::Failed | Self::Cancelled),
            Self::Ok | Self::Degraded | Self::Failed | Self::Skipped | Self::Cancelled => false,
        }
    }
}

impl From<Outcome> for StepState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ok => Self::Ok,
            Outcome::Degraded => Self::Degraded,
            Outcome::Failed => Self::Failed,
            Outcome::Skipped => Self::Skipped,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}

#[derive(Debug)]
struct Entry {
    address: Address,
    state: StepState,
    needs: Vec<(StepId, When)>,
    needed_by: Vec<StepId>,
}

/// The steps of one job with their states.
#[derive(Debug)]
pub struct Board {
    entries: Vec<Entry>,
    unfinished: usize,
}

impl Board {
    /// All steps waiting. Needs on steps that are not in `steps` are an error of whoever made the plan.
    pub fn new(steps: &[Step]) -> Result<Self, Address> {
        let ids: BTreeMap<&Address, StepId> =
            steps.iter().enumerate().map(|(index, step)| (&step.address, StepId(index))).collect();
        let mut entries = Vec::with_capacity(steps.len());
        for step in steps {
            let find = |address| ids.get(address).copied().ok_or_else(|| Address::clone(address));
            let needs = step.needs.iter().map(|need| Ok((find(&need.step)?, need.when))).collect::<Result<_, _>>()?;
            let (address, needed_by) = (step.address.clone(), Vec::new());
            entries.push(Entry { address, state: StepState::Waiting, needs, needed_by });
        }
        let mut board = Self { unfinished: entries.len(), entries };
        for id in board.ids().collect::<Vec<_>>() {
            for (need, _) in board.needs(id).to_vec() {
                if let Some(entry) = board.entries.get_mut(need.0) {
                    entry.needed_by.push(id);
                }
            }
        }
        Ok(board)
    }

    pub fn ids(&self) -> impl Iterator<Item = StepId> + use<> {
        (0..self.entries.len()).map(StepId)
    }

    #[must_use]
    pub fn index(id: StepId) -> usize {
        id.0
    }

    #[must_use]
    pub fn address(&self, id: StepId) -> Option<&Address> {
        self.entries.get(id.0).map(|entry| &entry.address)
    }

    /// The state of a step; one that is not on the board was never tried.
    #[must_use]
    pub fn state(&self, id: StepId) -> StepState {
        self.entries.get(id.0).map_or(StepState::Skipped, |entry| entry.state)
    }

    #[must_use]
    pub fn needs(&self, id: StepId) -> &[(StepId, When)] {
        self.entries.get(id.0).map_or(&[], |entry| &entry.needs)
    }

    #[must_use]
    pub fn needed_by(&self, id: StepId) -> &[StepId] {
        self.entries.get(id.0).map_or(&[], |entry| &entry.needed_by)
    }

    /// Whether every step has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.unfinished == 0
    }

    /// The only place where a state changes. A change that the states do not allow is ignored and `false`.
    pub fn set(&mut self, id: StepId, next: StepState) -> bool {
        let Some(entry) = self.entries.get_mut(id.0) else { return false };
        let allowed = entry.state.may_become(next);
        debug_assert!(allowed, "{}: {:?} cannot become {next:?}", entry.address, entry.state);
        if allowed {
            entry.state = next;
            self.unfinished -= usize::from(next.is_final());
        }
        allowed
    }
}
