//! Which runs there are, and when each begins: schedules, windows, and jobs that hold each other up.
//!
//! * A run that is due while its window is closed is left out. One that has begun goes to its end.
//! * A job holds its sources from its start to its end. A run that is due meanwhile, of this job or of another one on
//!   one of these sources, is left out or waits, as its job says; of runs of one job only one waits.
//! * When a job ends, those that wait begin in the order in which they were due, if their window is still open; then
//!   what is due at that moment. What is due at one moment begins in the order of the plan.

use super::calendar::Opening;
use schema::plan::Overlap;
use std::rc::Rc;

/// A scheduled job, as far as it meets others.
#[derive(Debug)]
pub(super) struct Turn {
    /// When it is due, rising.
    pub(super) due: Rc<Vec<i64>>,
    pub(super) window: Option<Opening>,
    pub(super) overlap: Overlap,
    /// Seconds from its start to its end.
    pub(super) duration: i64,
    /// What it holds.
    pub(super) sources: Vec<usize>,
}

/// What became of a run that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It began.
    Ran,
    /// Its window was closed.
    Closed,
    /// Another run was at work on the same source, or waited already.
    Held,
}

/// A run that was due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) due: i64,
    /// When it began, or when it was left out.
    pub(super) start: i64,
    pub(super) outcome: Outcome,
}

/// All runs of jobs that can meet.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// By job, each in the order of due times.
    pub(super) runs: Vec<Vec<Run>>,
    /// How often a due run of one job met one of another: job, other, source, times.
    pub(super) met: Vec<(usize, usize, usize, u64)>,
}

impl Timeline {
    /// The runs of one job that began, by start.
    pub(super) fn began(&self, job: usize) -> impl Iterator<Item = &Run> {
        self.runs.get(job).into_iter().flatten().filter(|run| run.outcome == Outcome::Ran)
    }
}

struct Yard<'a> {
    turns: &'a [Turn],
    counted: i64,
    /// When the running run of each job ends.
    until: Vec<Option<i64>>,
    /// The run of each job that waits, by its place among the runs of the job.
    waiting: Vec<Option<usize>>,
    out: Timeline,
}

/// Walks through all due times; counts who meets whom before `counted`.
pub(super) fn walk(turns: &[Turn], counted: i64) -> Timeline {
    let none = || vec![None; turns.len()];
    let runs = turns.iter().map(|turn| Vec::with_capacity(turn.due.len())).collect();
    let out = Timeline { runs, met: Vec::new() };
    let mut yard = Yard { turns, counted, until: none(), waiting: vec![None; turns.len()], out };
    let mut next = vec![0_usize; turns.len()];
    loop {
        let due =
            next.iter().zip(turns).enumerate().filter_map(|(job, (next, turn))| Some((*turn.due.get(*next)?, job)));
        let due = due.min();
        let ends = yard.until.iter().flatten().min().copied();
        match (due, ends) {
            (None, None) => return yard.out,
            (Some((at, job)), ends) if ends.is_none_or(|end| end > at) => {
                yard.due(job, at);
                if let Some(next) = next.get_mut(job) {
                    *next += 1;
                }
            }
            (_, Some(end)) => yard.ended(end),
            (Some(_), None) => return yard.out,
        }
    }
}

impl Yard<'_> {
    fn due(&mut self, job: usize, at: i64) {
        let Some(turn) = self.turns.get(job) else { return };
        let open = turn.window.as_ref().is_none_or(|window| window.is_open(at));
        let busy = open && self.meets(job, at < self.counted);
        let outcome = match (open, busy) {
            (false, _) => Outcome::Closed,
            (true, true) => Outcome::Held,
            (true, false) => Outcome::Ran,
        };
        let waits = busy && turn.overlap == Overlap::Wait && self.waiting.get(job).is_some_and(Option::is_none);
        let Some(runs) = self.out.runs.get_mut(job) else { return };
        runs.push(Run { due: at, start: at, outcome });
        let place = runs.len() - 1;
        if outcome == Outcome::Ran {
            self.begin(job, at);
        } else if let Some(waiting) = self.waiting.get_mut(job).filter(|_| waits) {
            *waiting = Some(place);
        }
    }

    /// Whether a job cannot begin now; counts those that it meets.
    fn meets(&mut self, job: usize, counts: bool) -> bool {
        let mut met = false;
        for other in 0..self.turns.len() {
            let Some(source) = self.blocks(job, other) else { continue };
            met = true;
            if let Some(source) = source.filter(|_| counts) {
                match self.out.met.iter_mut().find(|(one, two, of, _)| (*one, *two, *of) == (job, other, source)) {
                    Some((.., times)) => *times += 1,
                    None => self.out.met.push((job, other, source, 1)),
                }
            }
        }
        met
    }

    /// Whether `other` is at work and keeps `job` from beginning: by itself, or by a source.
    fn blocks(&self, job: usize, other: usize) -> Option<Option<usize>> {
        self.until.get(other).copied().flatten()?;
        if job == other {
            return Some(None);
        }
        let theirs = &self.turns.get(other)?.sources;
        let ours = &self.turns.get(job)?.sources;
        ours.iter().find(|source| theirs.contains(source)).map(|source| Some(*source))
    }

    fn begin(&mut self, job: usize, at: i64) {
        let duration = self.turns.get(job).map_or(0, |turn| turn.duration);
        if let Some(until) = self.until.get_mut(job) {
            *until = Some(at.saturating_add(duration));
        }
    }

    /// All that end now have ended; those that wait and can begin, do.
    fn ended(&mut self, at: i64) {
        for until in self.until.iter_mut().filter(|until| **until == Some(at)) {
            *until = None;
        }
        let due = |job: usize, place: usize| self.out.runs.get(job).and_then(|runs| runs.get(place)).map(|run| run.due);
        let waiting = self.waiting.iter().enumerate().filter_map(|(job, place)| Some((due(job, (*place)?)?, job)));
        let mut waiting: Vec<(i64, usize)> = waiting.collect();
        waiting.sort_unstable();
        for (_, job) in waiting {
            if (0..self.turns.len()).any(|other| self.blocks(job, other).is_some()) {
                continue;
            }
            let open = self.turns.get(job).and_then(|turn| turn.window.as_ref()).is_none_or(|it| it.is_open(at));
            let place = self.waiting.get_mut(job).and_then(Option::take);
            let run = place.and_then(|place| self.out.runs.get_mut(job)?.get_mut(place));
            if let Some(run) = run {
                (run.start, run.outcome) = (at, if open { Outcome::Ran } else { Outcome::Closed });
            }
            if open {
                self.begin(job, at);
            }
        }
    }
}
