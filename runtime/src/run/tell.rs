//! What observers are told of a run, and the report that comes of it.

use super::executor::Done;
use super::workshop::Workshop;
use crate::event::Observers;
use schema::event::Event;
use schema::record::Record;
use schema::report::{Outcome, Problem, Report, StepReport};
use schema::step::{Address, Step};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Keeps the report of a run while it tells its observers.
#[derive(Debug)]
pub(super) struct Teller {
    observers: Observers,
    world: std::sync::Arc<dyn crate::world::World>,
    run: String,
    strategy: String,
    job: String,
    order: Vec<Address>,
    began: Instant,
    started: String,
    /// First attempt and number of attempts of steps that were tried.
    tried: BTreeMap<Address, (Instant, u32)>,
    reports: BTreeMap<Address, StepReport>,
}

impl Teller {
    pub(super) fn new(shop: &Workshop, job: &str, steps: &[Step], resumed: bool) -> Self {
        let teller = Self {
            observers: shop.observers.clone(),
            world: shop.world.clone(),
            run: shop.run.clone(),
            strategy: shop.strategy.clone(),
            job: job.to_owned(),
            order: steps.iter().map(|step| step.address.clone()).collect(),
            began: Instant::now(),
            started: shop.world.now().to_string(),
            tried: BTreeMap::new(),
            reports: BTreeMap::new(),
        };
        teller.observers.tell(&Event::RunStarted {
            run: teller.run.clone(),
            strategy: teller.strategy.clone(),
            job: teller.job.clone(),
            steps: u32::try_from(steps.len()).unwrap_or(u32::MAX),
            resumed,
        });
        teller
    }

    pub(super) fn attempt_started(&mut self, step: &Address) {
        let (_, attempts) = self.tried.entry(step.clone()).or_insert_with(|| (Instant::now(), 0));
        *attempts += 1;
        self.observers.tell(&Event::StepStarted { step: step.clone(), attempt: *attempts });
    }

    pub(super) fn retry(&self, step: &Address, wait: Duration, problem: Problem) {
        let after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.observers.tell(&Event::Retry { step: step.clone(), after_ms, problem });
    }

    pub(super) fn cancel_requested(&self, now: bool) {
        self.observers.tell(&Event::CancelRequested { now });
    }

    /// The report of a step that was tried.
    pub(super) fn step_report(&self, step: &Address, ended: Result<&Done, (Outcome, Option<Problem>)>) -> StepReport {
        let (seconds, attempts) =
            self.tried.get(step).map_or((0.0, 0), |(first, attempts)| (first.elapsed().as_secs_f64(), *attempts));
        let (outcome, detail, problem, artifact) = match ended {
            Ok(done) => (done.outcome, done.detail.clone(), None, done.artifact.clone()),
            Err((outcome, problem)) => {
                let detail = problem.as_ref().map_or_else(String::new, |problem| problem.message.clone());
                (outcome, detail, problem, None)
            }
        };
        StepReport { address: step.clone(), outcome, attempts, seconds, detail, problem, artifact }
    }

    /// The report of a step that was not tried.
    pub(super) fn untried(&self, step: &Address, outcome: Outcome, detail: String) -> StepReport {
        StepReport { address: step.clone(), outcome, attempts: 0, seconds: 0.0, detail, problem: None, artifact: None }
    }

    /// A step that needs no attempt in this run.
    pub(super) fn step_ended(
        &mut self,
        step: &Address,
        attempts: u32,
        done: Result<&Done, (Outcome, Option<Problem>)>,
    ) {
        let report = StepReport { attempts, ..self.step_report(step, done) };
        self.tell_step(report);
    }

    /// Tells that a step ended, and keeps its report.
    pub(super) fn tell_step(&mut self, report: StepReport) {
        self.observers.tell(&Event::StepEnded {
            step: report.address.clone(),
            outcome: report.outcome,
            seconds: report.seconds,
            detail: report.detail.clone(),
            problem: report.problem.clone(),
        });
        self.reports.insert(report.address.clone(), report);
    }

    /// The run so far, as data; its steps in the order of the plan.
    pub(super) fn report(&self, outcome: Outcome) -> Report {
        Report {
            run: self.run.clone(),
            strategy: self.strategy.clone(),
            job: self.job.clone(),
            outcome,
            started: self.started.clone(),
            ended: self.world.now().to_string(),
            seconds: self.began.elapsed().as_secs_f64(),
            steps: self.order.iter().filter_map(|step| self.reports.get(step).cloned()).collect(),
        }
    }

    pub(super) fn ended(&self, outcome: Outcome) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.observers.tell(&Event::RunEnded { run: self.run.clone(), outcome, seconds });
    }
}

/// The journal's record of a step that ended.
pub(super) fn step_ended_record(report: &StepReport) -> Record {
    Record::StepEnded {
        step: report.address.clone(),
        outcome: report.outcome,
        attempts: report.attempts,
        seconds: report.seconds,
        detail: report.detail.clone(),
        problem: report.problem.clone(),
        artifact: report.artifact.clone(),
    }
}
