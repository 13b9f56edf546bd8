//! What keeps steps of a run from beginning beside their needs and limits: the job's window, an operator's pause, and
//! what an operator leaves out. It is looked at again and again while the run goes on.

use super::board::{Board, StepId, StepState};
use super::choice::{Choice, consequences, matters};
use super::scheduler::Left;
use super::window::Opening;
use super::{Cancel, Outfit, Run, limits, pause};
use crate::error::{Error, Result};
use schema::event::Event;
use schema::plan::{Closing, Job, LeftOut, Outside, Plan, Window};
use schema::record::Record;
use schema::report::Outcome;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How often it is looked at while nothing else happens.
pub(super) const LOOK: Duration = Duration::from_millis(500);
/// Runs of the past that say how long a step takes.
const PAST: u32 = 5;

/// The gate of one run.
#[derive(Debug)]
pub(super) struct Gate {
    job: String,
    /// State directory.
    state: PathBuf,
    opening: Option<(Opening, Window)>,
    /// How long steps took, in seconds, the longest last: those that the time left is too short for are left out.
    takes: Vec<(f64, StepId)>,
    closed: bool,
    /// The window closed and its job says that what runs is stopped.
    pub(super) stopped: bool,
    paused: bool,
    why: BTreeMap<StepId, String>,
    /// Steps that the window kept from running.
    late: bool,
}

impl Gate {
    pub(super) fn new(job: &str, state: PathBuf, opening: Option<(Opening, Window)>) -> Self {
        Self {
            job: job.to_owned(),
            state,
            opening,
            takes: Vec::new(),
            closed: false,
            stopped: false,
            paused: false,
            why: BTreeMap::new(),
            late: false,
        }
    }

    /// Why a step was left out, when it was.
    pub(super) fn why(&self, id: StepId) -> Option<&str> {
        self.why.get(&id).map(String::as_str)
    }

    /// Nothing of a run that is over is asked for any more.
    pub(super) fn end(&self) {
        pause::clear(&self.state, &self.job);
    }
}

/// The window of a job, unless the operator said that it does not count.
pub(super) fn opening(plan: &Plan, job: &str, choice: &Choice) -> Result<Option<(Opening, Window)>> {
    let window = plan.jobs.iter().find(|known| known.name == job).and_then(|job| job.window.clone());
    window.filter(|_| !choice.any_time).map(|window| Ok((Opening::new(&window)?, window))).transpose()
}

/// Lets a run begin when its window is open; when it is closed, waits or fails, as the strategy says.
pub(super) async fn pass(
    gate: Option<&(Opening, Window)>,
    job: Option<&Job>,
    outfit: &Outfit,
    cancel: &Cancel,
) -> Result<()> {
    let Some(((opening, window), job)) = gate.zip(job) else { return Ok(()) };
    let mut told = false;
    while !opening.is_open(outfit.world.now()) {
        let error = closed(opening, window, job, outfit.world.now());
        if window.outside == Outside::Fail {
            return Err(error);
        }
        if !told {
            told = true;
            outfit.observers.tell(&Event::Notice {
                message: format!("{}; waiting for it", error.message),
                help: Some("Ctrl-C ends the wait; nothing has begun.".to_owned()),
            });
        }
        tokio::select! {
            () = cancel.in_order.cancelled() => return Err(Error::cancelled()),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}

fn closed(opening: &Opening, window: &Window, job: &Job, now: jiff::Timestamp) -> Error {
    let next = opening.next_change(now).map(|at| format!(" and opens {}", opening.shown(at))).unwrap_or_default();
    let (from, to) = (&window.from, &window.to);
    let message = format!("the window of job `{}`, {from} to {to}, is closed{next} ({})", job.name, job.origin);
    Error::permanent("window-closed", message).help(
        "Run it then, say `outside=\"wait\"` in the window, or use `--any-time` when it must be done now; nothing was touched.",
    )
}

impl Run {
    /// Leaves out what the operator does not want.
    pub(super) fn choose(&mut self, plan: &Plan, choice: &Choice) -> Result<()> {
        let comes_to = consequences(plan, &self.gate.job, choice)?;
        for (address, why) in comes_to.left_out {
            let id = self.scheduler.board().ids().find(|id| self.scheduler.board().address(*id) == Some(&address));
            if let Some(id) = id {
                self.gate.why.insert(id, format!("left out: {why}"));
                self.scheduler.leave_out(id);
            }
        }
        Ok(())
    }

    /// Learns how long steps take, so that none begins that the window is too short for. A stop is as long as the whole
    /// downtime that it begins.
    pub(super) fn learn(&mut self) -> Result<()> {
        if self.gate.opening.is_none() {
            return Ok(());
        }
        let past = self.shop.state.journal.durations(&self.gate.job, PAST)?;
        let takes = |id: StepId| self.step(id).ok().and_then(|step| past.get(&step.address)).copied();
        let mut all: BTreeMap<StepId, f64> =
            self.scheduler.board().ids().filter_map(|id| Some((id, takes(id)?))).collect();
        for (change, back) in limits::pairs(&self.scheduler, &self.steps) {
            let inside = self.scheduler.between(change, back);
            let whole = inside.into_iter().chain([change, back]).filter_map(takes).sum();
            all.insert(change, whole);
            all.remove(&back);
        }
        self.gate.takes = all.into_iter().map(|(id, takes)| (takes, id)).collect();
        self.gate.takes.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Ok(())
    }

    /// Looks at the clock, and whether the run is to be paused.
    pub(super) fn look(&mut self) -> Result<()> {
        self.look_at_window();
        self.look_at_pause()
    }

    fn look_at_window(&mut self) {
        let now = self.shop.world.now();
        let Some((opening, window)) = self.gate.opening.clone().filter(|_| !self.gate.closed) else { return };
        if !opening.is_open(now) {
            self.close(&opening, &window, now);
            return;
        }
        let Some(end) = opening.next_change(now) else { return };
        let rest = end.duration_since(now).as_secs_f64();
        while let Some((takes, id)) = self.gate.takes.pop_if(|(takes, _)| *takes > rest) {
            if matches!(self.scheduler.board().state(id), StepState::Waiting | StepState::Ready) {
                let took = Duration::from_secs_f64(takes.min(1e9)).as_secs();
                let until = opening.shown(end);
                let why = format!("left out: it took {took} s before, and the window closes {until}");
                self.gate.why.insert(id, why);
                self.gate.late = true;
                self.scheduler.leave_out(id);
            }
        }
    }

    fn close(&mut self, opening: &Opening, window: &Window, now: jiff::Timestamp) {
        self.gate.closed = true;
        self.gate.stopped = window.closing == Closing::Stop;
        let next = opening.next_change(now).map(|at| format!("; it opens {}", opening.shown(at))).unwrap_or_default();
        let why = format!("left out: the window closed at {}{next}", window.to);
        for id in self.scheduler.board().ids() {
            if matches!(self.scheduler.board().state(id), StepState::Waiting | StepState::Ready) {
                self.gate.why.entry(id).or_insert_with(|| why.clone());
            }
        }
        self.gate.late |= self.gate.why.values().any(|known| *known == why);
        let running = match window.closing {
            Closing::Finish => "what runs goes on to its end",
            Closing::Stop => "what runs is stopped in order",
        };
        let message = format!("the window of job `{}` closed at {}: {running}", self.gate.job, window.to);
        let help = "Nothing else begins, but what was stopped is started again.".to_owned();
        self.shop.observers.tell(&Event::Notice { message, help: Some(help) });
        self.scheduler.close();
        if self.gate.stopped {
            self.shop.cancel.cancel();
        }
    }

    fn look_at_pause(&mut self) -> Result<()> {
        let asked = pause::is_asked_for(&self.gate.state, &self.gate.job, &self.shop.run);
        if asked == self.gate.paused {
            return Ok(());
        }
        self.shop.record(if asked { &Record::Paused } else { &Record::Continued })?;
        self.gate.paused = asked;
        self.scheduler.hold(asked);
        self.shop.observers.tell(&if asked { Event::Paused } else { Event::Continued });
        Ok(())
    }

    /// The run's outcome: its worst step's. A step that was left out is as bad as what left it out says.
    pub(super) fn outcome(&self) -> Outcome {
        let all = self.scheduler.board().ids().filter_map(|id| self.weight(id));
        let worse = |outcome: &Outcome| match outcome {
            Outcome::Ok => 0,
            Outcome::Degraded => 1,
            Outcome::Skipped | Outcome::Cancelled => 2,
            Outcome::Failed => 3,
        };
        all.max_by_key(worse).unwrap_or(Outcome::Ok)
    }

    /// What the end of a step makes of the run.
    fn weight(&self, id: StepId) -> Option<Outcome> {
        let outcome = self.scheduler.board().state(id).outcome()?;
        if outcome != Outcome::Skipped {
            return Some(outcome);
        }
        let matters = self.steps.get(Board::index(id)).is_some_and(|step| matters(&step.action));
        let window = self.gate.opening.as_ref().map(|(_, window)| window.left_out).filter(|_| self.gate.late);
        // What was left out because something is degraded makes nothing worse than that.
        let degraded = self.cause(id) == Some(StepState::Degraded);
        Some(match (self.scheduler.left_out(id), window) {
            (None, _) if degraded => Outcome::Degraded,
            (None, _) | (Some(_), Some(LeftOut::Fail)) => Outcome::Failed,
            (Some(_), Some(LeftOut::Degrade)) => Outcome::Degraded,
            (Some(Left::Itself | Left::Behind), None) if matters => Outcome::Degraded,
            (Some(Left::Itself | Left::Behind), None) => Outcome::Ok,
        })
    }
}

impl Run {
    /// How the step ended that kept another one from running.
    fn cause(&self, id: StepId) -> Option<StepState> {
        let cause = self.scheduler.cause(id)?;
        let board = self.scheduler.board();
        let at = self.steps.iter().position(|step| step.address == *cause)?;
        board.ids().nth(at).map(|cause| board.state(cause))
    }
}

/// What became of a step that ran when the window closed.
pub(super) fn stopped() -> Error {
    Error::permanent("window-closed", "stopped, because the window closed")
        .help("Open the window for longer, or say `closing=\"finish\"` in it.")
}
