//! A run: the loop between the scheduler, which says what is ready, and the executor, which does it. Each record is in
//! the journal before its effect; observers are told afterwards.

mod anew;
mod announce;
mod backup;
pub mod board;
pub mod cancel;
mod carry;
mod chain;
pub mod choice;
mod drill;
mod executor;
mod finish;
mod gate;
mod index;
mod limits;
mod notify;
mod pass;
pub mod pause;
pub(crate) mod prune;
mod queue;
mod refuse;
mod restore;
mod resume;
pub mod retry;
mod room;
pub mod scheduler;
mod send;
mod service;
pub mod state;
mod tell;
mod timeout;
mod transfer;
mod verify;
pub mod window;
mod workshop;

pub use cancel::Cancel;
pub use choice::Choice;
pub use finish::{Old, finish, old};
pub use notify::tell_missed;
pub use refuse::refuse;
pub use resume::Resume;
pub use workshop::{Outfit, Said};

use crate::error::{Error, Result};
use crate::process::Children;
use board::{Board, StepId};
use executor::{Done, Located, Work};
use gate::Gate;
use retry::Tries;
use scheduler::Scheduler;
use schema::event::Event;
use schema::plan::{Overlap, Plan};
use schema::record::Record;
use schema::report::{Outcome, ProblemKind, Report};
use schema::step::{Action, Address, ArtifactRef, Check, Step};
use state::{Locks, State};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tell::Teller;
use tokio::task::JoinSet;
use workshop::Workshop;

/// Longest wait for the guard of a run that was cut off to start what that run had stopped.
const GUARD_WAIT: Duration = Duration::from_secs(300);

/// Time between two tries to take a lock that another run holds.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// What to run.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub plan: &'a Plan,
    /// `blake3:…` of the canonical JSON of what of the plan lasts.
    pub plan_digest: String,
    pub job: &'a str,
    pub resume: Resume,
    /// State directory.
    pub state: PathBuf,
    /// Steps at once.
    pub limit: usize,
}

/// Runs one job of a plan, exactly as the plan says.
///
/// An error means that the run did not begin or could not be journalled; a run that began and failed is a report.
pub async fn run(request: Request<'_>, outfit: Outfit, cancel: &Cancel) -> Result<Report> {
    run_part(request, Choice::default(), outfit, cancel).await
}

/// The same, but for what an operator leaves out. A run that was cut off is gone on with as it was chosen then.
pub async fn run_part(request: Request<'_>, choice: Choice, mut outfit: Outfit, cancel: &Cancel) -> Result<Report> {
    // What stops the steps of this run alone.
    outfit.cancel = cancel.in_order.child_token();
    refuse::refuse(request.plan, request.job, &outfit.host)?;
    choice::consequences(request.plan, request.job, &choice)?;
    let state = State::open(&request.state)?;
    let job = request.plan.jobs.iter().find(|job| job.name == request.job);
    let opening = gate::opening(request.plan, request.job, &choice)?;
    let owes = owes(&state, request.job)?;
    if !owes {
        gate::pass(opening.as_ref(), job, &outfit, cancel).await?;
    }
    let sources = sources(request.plan, request.job);
    // Held until the run has ended.
    let _locks = locks(&request, &state, &sources, cancel).await?;
    await_the_dead(&state, &outfit.exe, request.job, &sources).await?;
    let begun = resume::begin(&request, &state, &outfit)?;
    let steps: Vec<Step> = begun.plan.steps.iter().filter(|step| step.job == request.job).cloned().collect();
    if steps.is_empty() {
        return Err(Error::permanent("job-unknown", format!("the plan has no job `{}`", request.job)));
    }
    let others = resume::owed_by_others(&state, &begun.run, &sources)?;
    let owed = begun.replay.owed.iter().cloned().chain(others.iter().map(|(source, _)| source.clone())).collect();
    let shop = Workshop::new((begun.run.clone(), begun.resumed), &begun.plan, outfit.clone(), state, owed);
    let gate = Gate::new(request.job, request.state.clone(), opening.clone());
    let mut run = Run::new(Arc::new(shop), &begun.plan, request.job, steps, request.limit, gate, begun.resumed)?;
    resume::take_over(&run.shop, &begun.replay.owed, &others)?;
    for untold in refuse::notifiers(&begun.plan, &run.shop.host) {
        run.shop.observers.tell(&Event::Notice { message: untold, help: None });
    }
    run.recover(&sources).await?;
    service::start_owed(&run.shop, &run.steps).await?;
    if owes {
        // A server that is down is started whatever the time is; the rest has to wait for the window.
        if opening.as_ref().is_some_and(|(opening, _)| !opening.is_open(outfit.world.now())) {
            for source in &begun.replay.owed {
                service::start_again(&run.shop, source).await?;
            }
        }
        gate::pass(opening.as_ref(), job, &outfit, cancel).await?;
    }
    resume::clean_up(&run.shop, &begun).await?;
    let choice = run.chosen(choice, begun.resumed)?;
    run.choose(&begun.plan, &choice)?;
    run.reuse(&begun.replay).await?;
    run.learn()?;
    notify::began(&run.shop, &begun.plan, run.teller.report(Outcome::Skipped), &begun.replay.told).await?;
    let outcome = run.go(cancel).await?;
    resume::clean_up_carried(&run.shop).await;
    run.gate.end();
    let report = run.teller.report(outcome);
    notify::ended(&run.shop, &begun.plan, &report, &begun.replay.told).await?;
    run.shop.record(&Record::RunEnded { outcome })?;
    run.teller.ended(outcome);
    Ok(report)
}

/// Whether a run of the job that was cut off stopped a server, and nobody has started it.
fn owes(state: &State, job: &str) -> Result<bool> {
    let unfinished = state.journal.unfinished(job)?;
    let owed = |dead: &crate::journal::Unfinished| crate::journal::replay::replay(&dead.records, &dead.plan.steps).owed;
    Ok(unfinished.as_ref().is_some_and(|dead| !owed(dead).is_empty()))
}

/// Takes the locks. When another run holds one, this one does not begin, or waits, as its job says.
async fn locks(request: &Request<'_>, state: &State, sources: &BTreeSet<&str>, cancel: &Cancel) -> Result<Locks> {
    let job = request.plan.jobs.iter().find(|job| job.name == request.job);
    let waits = job.is_some_and(|job| job.on_overlap == Overlap::Wait);
    loop {
        match state.lock(request.job, sources) {
            Err(error) if waits && error.code == "lock-held" => {}
            taken => return taken,
        }
        tokio::select! {
            () = cancel.in_order.cancelled() => return Err(Error::cancelled()),
            () = tokio::time::sleep(LOCK_WAIT) => {}
        }
    }
}

/// Waits until no child or guard of a dead run is alive on what this run uses: they end, and start what was stopped,
/// within moments of their run's death, and this run must not meet them half-way. The caller holds the locks.
async fn await_the_dead(state: &State, exe: &Path, job: &str, sources: &BTreeSet<&str>) -> Result<()> {
    let subjects = sources.iter().map(|source| format!("source-{source}")).chain([format!("job-{job}")]);
    for subject in subjects {
        Children::new(exe.to_owned(), state.children_lock(&subject)).clear(GUARD_WAIT).await?;
    }
    Ok(())
}

/// The sources that a job's steps use.
fn sources<'a>(plan: &'a Plan, job: &str) -> BTreeSet<&'a str> {
    plan.steps.iter().filter(|step| step.job == job).filter_map(|step| source_of(plan, step)).collect()
}

/// The source whose engine a step uses.
fn source_of<'a>(plan: &'a Plan, step: &'a Step) -> Option<&'a str> {
    match &step.action {
        Action::Preflight { source, .. }
        | Action::Stop { source, .. }
        | Action::Start { source, .. }
        | Action::Copy { source, .. }
        | Action::Backup { source, .. }
        | Action::Stage { source, .. }
        | Action::Inspect { source, .. }
        | Action::Swap { source, .. }
        | Action::Settle { source, .. }
        | Action::Place { source, .. } => Some(source),
        Action::Verify { artifact, with: Check::Consistency, .. } | Action::Aggregate { artifact, .. } => {
            artifact_source(plan, artifact)
        }
        Action::Verify { .. } | Action::Transfer { .. } | Action::Restore { .. } | Action::Prune { .. } => None,
    }
}

fn artifact_source<'a>(plan: &'a Plan, artifact: &'a ArtifactRef) -> Option<&'a str> {
    match artifact {
        ArtifactRef::Stored { source, .. } | ArtifactRef::Newest { source, .. } => Some(source),
        ArtifactRef::Step { step } => {
            plan.steps.iter().find(|other| other.address == *step).and_then(|made| match &made.action {
                Action::Backup { source, .. } => Some(source.as_str()),
                _ => None,
            })
        }
    }
}

/// The id of the artifact that a backup step makes in a run: two attempts of a step share it.
fn artifact_id(run: &str, step: &Address) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(run.as_bytes()).update(b"\n").update(step.0.as_bytes());
    hasher.finalize().to_hex().chars().take(32).collect()
}

/// The artifact that a step makes or works on.
fn locate(plan: &Plan, run: &str, step: &Step) -> Option<Located> {
    let made = |source: &str, database: &str, address: &Address| Located {
        source: source.to_owned(),
        database: database.to_owned(),
        id: artifact_id(run, address),
        manifest: None,
    };
    match &step.action {
        Action::Backup { source, database, .. } => Some(made(source, database, &step.address)),
        Action::Transfer { artifact, .. } | Action::Verify { artifact, .. } | Action::Restore { artifact, .. } => {
            match artifact {
                // Known only when it is looked for.
                ArtifactRef::Newest { .. } => None,
                ArtifactRef::Stored { source, database, id, manifest } => Some(Located {
                    source: source.clone(),
                    database: database.clone(),
                    id: id.clone(),
                    manifest: Some(manifest.clone()),
                }),
                ArtifactRef::Step { step } => {
                    plan.steps.iter().find(|other| other.address == *step).and_then(|other| match &other.action {
                        Action::Backup { source, database, .. } => Some(made(source, database, step)),
                        _ => None,
                    })
                }
            }
        }
        _ => None,
    }
}

/// What comes back from a task of the loop.
enum Came {
    /// An attempt ended.
    Ended(StepId, Result<Done>),
    /// A wait between attempts is over.
    Woke(StepId),
}

/// A run under way.
struct Run {
    shop: Arc<Workshop>,
    scheduler: Scheduler,
    steps: Vec<Step>,
    artifacts: Vec<Option<Located>>,
    /// `source-<name>` or `job-<name>`: whose children a step's processes are.
    subjects: Vec<String>,
    tries: BTreeMap<StepId, Tries>,
    /// Name of the newest attempt of each step that was tried.
    attempts: BTreeMap<StepId, String>,
    tasks: JoinSet<Came>,
    tasked: BTreeMap<tokio::task::Id, StepId>,
    teller: Teller,
    gate: Gate,
}

impl Run {
    fn new(
        shop: Arc<Workshop>,
        plan: &Plan,
        job: &str,
        steps: Vec<Step>,
        limit: usize,
        gate: Gate,
        resumed: bool,
    ) -> Result<Self> {
        let source = |step: &Step| source_of(plan, step).map(|source| format!("source-{source}"));
        let (traits, limits) = limits::limits(plan, &steps, limit);
        let mut scheduler = Scheduler::limited(&steps, traits, &limits).map_err(|need| {
            Error::permanent("plan-incomplete", format!("a step needs `{need}`, which is not in the plan"))
        })?;
        limits::order(&mut scheduler, &steps);
        let artifacts = steps.iter().map(|step| locate(plan, &shop.run, step)).collect();
        let subjects = steps.iter().map(|step| source(step).unwrap_or_else(|| format!("job-{job}"))).collect();
        shop.record(&Record::RunStarted { resumed })?;
        let teller = Teller::new(&shop, job, &steps, resumed);
        Ok(Self {
            shop,
            scheduler,
            steps,
            artifacts,
            subjects,
            tries: BTreeMap::new(),
            attempts: BTreeMap::new(),
            tasks: JoinSet::new(),
            tasked: BTreeMap::new(),
            teller,
            gate,
        })
    }

    /// What the operator chose for this run: now, or when it was begun.
    fn chosen(&self, choice: Choice, resumed: bool) -> Result<Choice> {
        let records = if resumed { self.shop.state.journal.records(&self.shop.run)? } else { Vec::new() };
        let known = records.into_iter().rev().find_map(|record| match record {
            Record::Chosen { only, skip, any_time } => Some(Choice { only, skip, any_time }),
            _ => None,
        });
        match known {
            Some(known) => Ok(known),
            None if choice == Choice::default() => Ok(choice),
            None => {
                let Choice { only, skip, any_time } = choice.clone();
                self.shop.record(&Record::Chosen { only, skip, any_time })?;
                Ok(choice)
            }
        }
    }

    fn step(&self, id: StepId) -> Result<&Step> {
        self.steps.get(Board::index(id)).ok_or_else(|| Error::permanent("plan-incomplete", "a step has no place"))
    }

    /// Finishes or reverts swaps that were cut off, before anything else touches a source.
    async fn recover(&self, sources: &BTreeSet<&str>) -> Result<()> {
        for source in sources {
            let address = Address(format!("recover/{source}"));
            let attempt = resume::recovery(&self.shop.run);
            let context = self.shop.context(&address, &attempt, &format!("source-{source}"), true)?;
            let recovered = self.shop.engine(source)?.recover(&context).await;
            self.shop.state.clear_scratch(&attempt);
            if let Some(recovered) = recovered? {
                context.observers.notice(recovered.message, None);
            }
        }
        Ok(())
    }

    /// Takes over what a cut-off run published, after looking at it again.
    async fn reuse(&mut self, replay: &crate::journal::replay::Replay) -> Result<()> {
        for id in self.scheduler.board().ids().collect::<Vec<_>>() {
            let step = self.step(id)?;
            let Some(done) = replay.done.get(&step.address) else { continue };
            let artifact = self.artifacts.get(Board::index(id)).and_then(Option::as_ref);
            if resume::still_there(&self.shop, step, artifact).await {
                let done = Done {
                    outcome: done.outcome,
                    detail: format!("{}; done before the run was cut off, and read back", done.detail),
                    artifact: done.artifact.clone(),
                };
                let address = step.address.clone();
                self.teller.step_ended(&address, 0, Ok(&done));
                self.scheduler.already(id, done.outcome);
            }
        }
        self.skip_needless()
    }

    /// A source need not be looked at, nor its server stopped, when nothing that needs it is left to do. Last steps first,
    /// so that a look that is only for a stop goes with it.
    fn skip_needless(&mut self) -> Result<()> {
        for id in self.scheduler.board().ids().collect::<Vec<_>>().into_iter().rev() {
            let step = self.step(id)?;
            let board = self.scheduler.board();
            let needed_by = board.needed_by(id);
            let waits = |next: &StepId| {
                self.step(*next).is_ok_and(|step| !matches!(step.action, Action::Start { .. }))
                    && !board.state(*next).is_final()
            };
            let needless = matches!(step.action, Action::Stop { .. } | Action::Preflight { .. })
                && !needed_by.is_empty()
                && !needed_by.iter().any(waits)
                && !board.state(id).is_final();
            if needless {
                let address = step.address.clone();
                let done = Done::ok("not needed: everything that it is for was done before the run was cut off");
                self.teller.step_ended(&address, 0, Ok(&done));
                self.scheduler.already(id, done.outcome);
            }
        }
        Ok(())
    }

    /// The loop.
    async fn go(&mut self, cancel: &Cancel) -> Result<Outcome> {
        let mut cancelled = false;
        let mut looks = tokio::time::interval(gate::LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if !cancelled {
                self.look()?;
            }
            for id in self.scheduler.start() {
                self.attempt(id)?;
            }
            self.tell_untried()?;
            if self.scheduler.is_over() {
                return Ok(self.outcome());
            }
            tokio::select! {
                biased;
                () = cancel.now.cancelled() => {
                    self.teller.cancel_requested(true);
                    return Err(Error::cancelled());
                }
                () = cancel.in_order.cancelled(), if !cancelled => {
                    cancelled = true;
                    self.shop.record(&Record::CancelRequested)?;
                    self.teller.cancel_requested(false);
                    self.scheduler.cancel();
                }
                Some(came) = self.tasks.join_next_with_id() => self.came(came, cancelled)?,
                _ = looks.tick() => {}
            }
        }
    }

    /// Begins an attempt: first the record, then the task.
    fn attempt(&mut self, id: StepId) -> Result<()> {
        let attempt = attempt_name();
        let step = self.step(id)?.clone();
        self.shop.record(&Record::AttemptStarted { step: step.address.clone(), attempt: attempt.clone() })?;
        self.attempts.insert(id, attempt.clone());
        self.teller.attempt_started(&step.address);
        let subject = self.subjects.get(Board::index(id)).cloned().unwrap_or_default();
        let restores_order = matches!(step.action, Action::Start { .. } | Action::Settle { .. });
        let limit = step.timeout.map(Duration::from_secs).filter(|_| !restores_order);
        let work = Work {
            address: step.address,
            action: step.action,
            attempt,
            artifact: self.artifacts.get(Board::index(id)).cloned().flatten(),
        };
        let shop = self.shop.clone();
        let handle = self.tasks.spawn(async move {
            let done = match shop.context(&work.address, &work.attempt, &subject, restores_order) {
                Ok(context) => timeout::within(limit, &context.cancel, executor::perform(&shop, &work, &context)).await,
                Err(error) => Err(error),
            };
            shop.state.clear_scratch(&work.attempt);
            Came::Ended(id, done)
        });
        self.tasked.insert(handle.id(), id);
        Ok(())
    }

    fn came(&mut self, came: Result<(tokio::task::Id, Came), tokio::task::JoinError>, cancelled: bool) -> Result<()> {
        let task = match &came {
            Ok((task, _)) => *task,
            Err(error) => error.id(),
        };
        let id = self.tasked.remove(&task);
        match came {
            Ok((_, Came::Woke(id))) => {
                self.scheduler.again(id);
                self.attempt(id)
            }
            Ok((_, Came::Ended(id, ended))) => self.ended(id, ended, cancelled),
            Err(error) => {
                let id = id.ok_or_else(|| Error::permanent("panic", error.to_string()))?;
                let panic = Error::permanent("panic", format!("the step's code failed: {error}"))
                    .help("This is a fault of Backstay: please report it.");
                self.ended(id, Err(panic), cancelled)
            }
        }
    }

    /// An attempt ended: the step is over, or waits for its next attempt.
    fn ended(&mut self, id: StepId, mut ended: Result<Done>, cancelled: bool) -> Result<()> {
        if self.gate.stopped && !cancelled {
            ended = ended.map_err(|error| if error.kind == ProblemKind::Cancelled { gate::stopped() } else { error });
        }
        if let Err(error) = &ended
            && !cancelled
            && let Some(wait) = self.tries.entry(id).or_default().next(error)
        {
            return self.back_off(id, error, wait);
        }
        let (address, origin) = self.step(id).map(|step| (step.address.clone(), step.origin.clone()))?;
        let problem = ended.as_ref().err().map(|error| {
            let mut problem = error.problem();
            problem.message = self.shop.secrets.redact(&problem.message);
            problem.origin = Some(origin);
            problem
        });
        let outcome = match &ended {
            Ok(done) => done.outcome,
            Err(error) if error.kind == ProblemKind::Cancelled => Outcome::Cancelled,
            Err(_) => Outcome::Failed,
        };
        let result = ended.as_ref().map_err(|_| (outcome, problem));
        let report = self.teller.step_report(&address, result);
        self.shop.record(&tell::step_ended_record(&report))?;
        self.teller.tell_step(report);
        self.scheduler.end(id, outcome);
        Ok(())
    }

    fn back_off(&mut self, id: StepId, error: &Error, wait: Duration) -> Result<()> {
        let step = self.step(id)?.clone();
        let mut problem = error.problem();
        problem.origin = Some(step.origin);
        self.shop.record(&Record::AttemptEnded {
            step: step.address.clone(),
            attempt: self.attempts.get(&id).cloned().unwrap_or_default(),
            outcome: Outcome::Failed,
            problem: Some(problem.clone()),
        })?;
        self.teller.retry(&step.address, wait, problem);
        self.scheduler.back_off(id);
        let cancel = self.shop.cancel.clone();
        let handle = self.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(wait) => Came::Woke(id),
                () = cancel.cancelled() => Came::Ended(id, Err(Error::cancelled())),
            }
        });
        self.tasked.insert(handle.id(), id);
        Ok(())
    }

    /// Records and tells steps that will not be tried.
    fn tell_untried(&mut self) -> Result<()> {
        for id in self.scheduler.take_ended() {
            let address = self.step(id)?.address.clone();
            let outcome = self.scheduler.board().state(id).outcome().unwrap_or(Outcome::Skipped);
            let itself = self.scheduler.left_out(id) == Some(scheduler::Left::Itself);
            let detail = match (outcome, self.gate.why(id).filter(|_| itself), self.scheduler.cause(id)) {
                (_, Some(why), _) => why.to_owned(),
                (Outcome::Skipped, _, Some(cause)) => format!("not tried, because of {cause}"),
                _ => "not tried".to_owned(),
            };
            let report = self.teller.untried(&address, outcome, detail);
            self.shop.record(&tell::step_ended_record(&report))?;
            self.teller.tell_step(report);
        }
        Ok(())
    }
}

/// A name that no other attempt of any run has.
fn attempt_name() -> String {
    format!("a-{}", uuid::Uuid::new_v4().simple())
}
