//! How long steps take, and when each begins and ends within its job: along the longest path of needs. Steps of one kind
//! on one source and store share what there is to read and write by, so each is reckoned to end when all of them have.

use super::pace::Paces;
use super::rates::{Assumed, Figure};
use super::size::{Size, Sizes};
use crate::amount::{bytes, rate};
use crate::lookup::Lookup;
use schema::forecast::{Sum, Term};
use schema::plan::Plan;
use schema::source::{Engine, Source};
use schema::step::{Action, ArtifactRef, Check, Extent, Method, Step};
use schema::store::Store;
use std::collections::BTreeMap;

/// When a step runs within its job, in seconds after the job's start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timed {
    pub(super) start: u64,
    pub(super) end: u64,
    /// Seconds that it takes when nothing runs beside it.
    pub(super) alone: u64,
    /// The step that it waited for longest.
    after: Option<usize>,
    class: usize,
    /// The same for all steps that come about alike: the same classes at the same times, back to the job's start.
    pub(super) way: usize,
}

/// The words on a class, in pieces: made into a text only once for all that are alike.
type Label<'a> = [&'a str; 7];

/// Steps that are alike and run side by side.
#[derive(Debug, Default)]
struct Class {
    label: String,
    steps: u64,
    bytes: u64,
    /// Bytes per second; none moves no bytes.
    rate: Option<u64>,
    /// Seconds beside the bytes of each.
    fixed: u64,
    /// Whether they run one after the other, so that each takes only its own time.
    chained: bool,
}

/// The times of all steps of a plan.
#[derive(Debug)]
pub(super) struct Times {
    /// In the order of the plan.
    pub(super) steps: Vec<Timed>,
    classes: Vec<Class>,
}

/// What is known of a step: what it moves, how fast, and which others are like it.
struct Work<'a> {
    label: Label<'a>,
    bytes: u64,
    rate: Option<u64>,
    fixed: u64,
    chained: bool,
}

/// All that durations are reckoned from.
pub(super) struct Basis<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sizes: &'a Sizes,
    /// By source and database.
    pub(super) units: Lookup<(&'a str, &'a str), Size>,
    /// Longest time between two times at which a job is due, by job.
    pub(super) gaps: BTreeMap<&'a str, u64>,
    /// What was timed of copies.
    pub(super) paces: &'a Paces,
    /// Seconds between two full ones of a source that has differentials.
    pub(super) chains: BTreeMap<&'a str, u64>,
    /// Where the steps are, by address.
    pub(super) places: &'a Lookup<&'a str, usize>,
    /// How fast stores are, as far as that was asked: many steps have one.
    pub(super) rates: Lookup<String, u64>,
    pub(super) assumed: &'a mut Assumed,
}

/// Steps at once, as a run has it when nobody says otherwise.
pub(super) const AT_ONCE: u64 = 2;

impl Times {
    pub(super) fn new(basis: &mut Basis<'_>) -> Self {
        let plan = basis.plan;
        let mut classes: Vec<Class> = Vec::new();
        let mut known: Lookup<(&str, &str, Label<'_>), usize> = Lookup::default();
        let mut members: Vec<(usize, u64)> = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let work = basis.work(step);
            let key = (step.job.as_str(), step.host.as_str(), work.label);
            let at = *known.entry(key).or_insert_with(|| {
                classes.push(Class {
                    label: work.label.concat(),
                    rate: work.rate,
                    fixed: work.fixed,
                    chained: work.chained,
                    ..Class::default()
                });
                classes.len() - 1
            });
            if let Some(class) = classes.get_mut(at) {
                class.steps += 1;
                class.bytes = class.bytes.saturating_add(work.bytes);
                // The slowest of them, where some were timed.
                class.rate = class.rate.min(work.rate);
            }
            members.push((at, work.bytes));
        }
        if classes.iter().any(|class| class.steps > 1 && !class.chained) {
            basis.assumed.take(Figure::StepsAtOnce);
        }
        let mut steps: Vec<Timed> = Vec::with_capacity(plan.steps.len());
        let mut ways: Lookup<(usize, u64, u64, Option<usize>), usize> = Lookup::default();
        for (step, (class, own)) in plan.steps.iter().zip(members) {
            let mut timed = Timed { class, ..Timed::default() };
            for need in &step.needs {
                let Some(at) = basis.places.get(need.step.0.as_str()) else { continue };
                let end = steps.get(*at).map_or(0, |needed| needed.end);
                if timed.after.is_none() || end > timed.start {
                    (timed.start, timed.after) = (end, Some(*at));
                }
            }
            if let Some(class) = classes.get(class) {
                timed.end = timed.start.saturating_add(class.seconds(own));
                timed.alone = class.alone(own);
            }
            let before = timed.after.and_then(|at| steps.get(at)).map(|before| before.way);
            let next = ways.len();
            timed.way = *ways.entry((class, timed.start, timed.end, before)).or_insert(next);
            steps.push(timed);
        }
        Self { steps, classes }
    }

    /// When the last step of a job ends, and which one that is.
    pub(super) fn last(&self, of_job: impl Iterator<Item = usize>) -> Option<usize> {
        of_job.max_by_key(|at| (self.steps.get(*at).map_or(0, |step| step.end), std::cmp::Reverse(*at)))
    }

    pub(super) fn end(&self, step: usize) -> u64 {
        self.steps.get(step).map_or(0, |step| step.end)
    }

    pub(super) fn start(&self, step: usize) -> u64 {
        self.steps.get(step).map_or(0, |step| step.start)
    }

    /// See [`Timed::way`].
    pub(super) fn way(&self, step: usize) -> usize {
        self.steps.get(step).map_or(0, |step| step.way)
    }

    /// What there is between a time within the job and the end of a step, along the longest path.
    pub(super) fn path(&self, from: u64, step: usize) -> Sum {
        let mut terms: Vec<(usize, u64, u64)> = Vec::new();
        let mut at = Some(step);
        while let Some(timed) = at.and_then(|at| self.steps.get(at)).filter(|timed| timed.end > from) {
            let seconds = timed.end - timed.start.max(from);
            match terms.iter_mut().find(|(class, ..)| *class == timed.class) {
                Some((_, amount, count)) => (*amount, *count) = (*amount + seconds, *count + 1),
                None => terms.push((timed.class, seconds, 1)),
            }
            at = timed.after;
        }
        let terms = terms.into_iter().rev().filter(|(_, amount, _)| *amount > 0).map(|(class, amount, count)| {
            let what = self.classes.get(class).map(|class| class.told(count)).unwrap_or_default();
            Term { amount, what }
        });
        let terms: Vec<Term> = terms.collect();
        Sum { total: terms.iter().map(|term| term.amount).sum(), terms }
    }
}

impl Class {
    /// Seconds that one of them takes, which has so many bytes itself.
    fn seconds(&self, own: u64) -> u64 {
        let (bytes, turns) = if self.chained { (own, 1) } else { (self.bytes, self.steps.div_ceil(AT_ONCE)) };
        let moving = self.rate.map_or(0, |rate| bytes.div_ceil(rate.max(1)));
        moving.saturating_add(self.fixed.saturating_mul(turns))
    }

    /// Seconds that one of them takes when no other one runs.
    fn alone(&self, own: u64) -> u64 {
        self.rate.map_or(0, |rate| own.div_ceil(rate.max(1))).saturating_add(self.fixed)
    }

    /// In words, when so many of them are on the path one after the other.
    fn told(&self, count: u64) -> String {
        let Some(per_second) = self.rate.filter(|_| self.bytes > 0) else {
            return if count > 1 { format!("{}, {count} times", self.label) } else { self.label.clone() };
        };
        let how = if self.chained && self.steps > 1 { "together " } else { "" };
        let each = match self.steps {
            1 => String::new(),
            steps => format!(" in {steps} steps"),
        };
        format!("{}: {how}{}{each} at {}", self.label, bytes(self.bytes), rate(per_second))
    }
}

impl<'a> Basis<'a> {
    fn work(&mut self, step: &'a Step) -> Work<'a> {
        let fixed = self.assumed.take(Figure::Step);
        let plain = |label: Label<'a>, fixed: u64, chained: bool| Work { label, bytes: 0, rate: None, fixed, chained };
        match &step.action {
            Action::Preflight { source, .. } => plain(["look at `", source, "`", "", "", "", ""], fixed, false),
            Action::Stop { source, database } => {
                let what = if database.is_some() { "stop of a database of `" } else { "stop of `" };
                let article = if database.is_some() { "a " } else { "" };
                plain([article, what, source, "`", "", "", ""], self.assumed.take(Figure::Stop), true)
            }
            Action::Start { source, database } => {
                let what = if database.is_some() { "start of a database of `" } else { "start of `" };
                let article = if database.is_some() { "a " } else { "" };
                plain([article, what, source, "`", "", "", ""], self.starts(source), true)
            }
            Action::Backup { source, database, method, extent, store } => {
                let (size, chained) = (self.unit(source, database), self.is_chained(step, source, database, *method));
                let (bytes, what) = match extent {
                    Extent::Full => (self.sizes.at_last(size.full), noun(*method)),
                    Extent::Differential => (self.differential(&step.job, size), "differential"),
                };
                // What was timed was read and written.
                let rate = size.pace.unwrap_or_else(|| self.reading(*method).min(self.store_rate(store)));
                let rate = Some(rate.max(1));
                Work { label: [what, " of `", source, "` into `", store, "`", ""], bytes, rate, fixed, chained }
            }
            Action::Copy { source, database, into, .. } => {
                let bytes = self.sizes.at_last(self.unit(source, database).full).saturating_mul(2);
                let rate = Some(self.assumed.take(Figure::Dump).min(self.assumed.take(Figure::Load)));
                Work { label: ["copy of `", source, "` into `", into, "`", "", ""], bytes, rate, fixed, chained: true }
            }
            Action::Transfer { artifact, from, to, bandwidth } => {
                let (source, bytes) = self.artifact(artifact);
                let timed = self.paces.of(artifact_of(artifact, self), to, |pace| pace.moved);
                let rate = timed.unwrap_or_else(|| self.store_rate(from).min(self.store_rate(to)));
                let rate = rate.min(bandwidth.unwrap_or(u64::MAX)).max(1);
                let label = ["transfer of `", source, "` from `", from, "` to `", to, "`"];
                Work { label, bytes, rate: Some(rate), fixed, chained: false }
            }
            _ => self.check(step, fixed),
        }
    }

    /// Steps on what stores hold.
    fn check(&mut self, step: &'a Step, fixed: u64) -> Work<'a> {
        match &step.action {
            Action::Aggregate { artifact, store } => {
                let (source, chain) = self.chain(artifact);
                let label = ["one full of a chain of `", source, "`, from `", store, "`", "", ""];
                let rate = Some(self.store_rate(store));
                Work { label, bytes: chain.saturating_mul(2), rate, fixed, chained: false }
            }
            Action::Verify { artifact, store, with: Check::Digest } => {
                let (source, bytes) = self.artifact(artifact);
                let label = ["digests of `", source, "` in `", store, "`", "", ""];
                let timed = self.paces.of(artifact_of(artifact, self), store, |pace| pace.checked);
                let rate = Some(timed.unwrap_or_else(|| self.store_rate(store)));
                Work { label, bytes, rate, fixed, chained: false }
            }
            Action::Verify { artifact, store, with: Check::Consistency } => {
                let (source, bytes) = self.full_of(artifact);
                let timed = self.paces.of(artifact_of(artifact, self), store, |pace| pace.inspected);
                let rate = timed.unwrap_or_else(|| {
                    let fetch = self.store_rate(store);
                    in_turn(&[fetch, self.assumed.take(Figure::Load), self.assumed.take(Figure::Check)])
                });
                let label = ["consistency of `", source, "` in `", store, "`", "", ""];
                Work { label, bytes, rate: Some(rate), fixed, chained: false }
            }
            Action::Restore { artifact, store, target, check, .. } => {
                let (source, bytes) = self.chain(artifact);
                let timed = self.paces.of(artifact_of(artifact, self), store, |pace| pace.drilled);
                let rate = timed.unwrap_or_else(|| {
                    let mut rates = vec![self.store_rate(store), self.assumed.take(Figure::Load)];
                    rates.extend(check.then(|| self.assumed.take(Figure::Check)));
                    in_turn(&rates)
                });
                let label = ["drill of `", source, "` from `", store, "` into `", target, "`"];
                Work { label, bytes, rate: Some(rate), fixed, chained: true }
            }
            Action::Prune { store, .. } => {
                let label = ["prune of `", store, "`", "", "", "", ""];
                Work { label, bytes: 0, rate: None, fixed: fixed.saturating_mul(12), chained: false }
            }
            other => {
                let label = [other.kind(), "", "", "", "", "", ""];
                Work { label, bytes: 0, rate: None, fixed, chained: false }
            }
        }
    }

    /// Bytes of a database at the end of the year.
    pub(super) fn full(&self, source: &str, database: &str) -> u64 {
        self.sizes.at_last(self.unit(source, database).full)
    }

    fn unit(&self, source: &str, database: &str) -> Size {
        self.units.get(&(source, database)).copied().unwrap_or_default()
    }

    fn source(&self, name: &str) -> Option<&Source> {
        self.plan.source(name)
    }

    /// How fast a method reads.
    fn reading(&mut self, method: Method) -> u64 {
        match method {
            Method::Archive => self.assumed.take(Figure::Archive),
            Method::Dump => self.assumed.take(Figure::Dump),
            Method::Backup => self.assumed.take(Figure::Online).min(self.network()),
            Method::Command => self.assumed.take(Figure::Command),
        }
    }

    pub(super) fn network(&mut self) -> u64 {
        match self.plan.resources.network {
            Some(network) => network.max(1),
            None => self.assumed.take(Figure::Network),
        }
    }

    /// How fast a store is read or written.
    pub(super) fn store_rate(&mut self, name: &str) -> u64 {
        if let Some(known) = self.rates.get(name) {
            return *known;
        }
        let here = self.plan.runner.as_ref().map(|runner| runner.host.as_str());
        let is_here =
            |store: &Store| store.plugin.name == "fs" && (store.host.is_none() || store.host.as_deref() == here);
        let disk = self.assumed.take(Figure::Disk);
        let rate = if self.plan.store(name).is_some_and(is_here) { disk } else { disk.min(self.network()) };
        let most = self.plan.store(name).and_then(|store| store.bandwidth);
        let rate = rate.min(most.unwrap_or(u64::MAX));
        self.rates.insert(name.to_owned(), rate);
        rate
    }

    pub(super) fn starts(&mut self, source: &str) -> u64 {
        let control = match self.source(source).map(|source| &source.engine) {
            Some(Engine::Neo4j(neo4j)) => neo4j.control.as_ref(),
            _ => None,
        };
        let within = control.map(|control| control.ready_within);
        within.unwrap_or_else(|| self.assumed.take(Figure::Start))
    }

    /// Bytes of one differential: since the last run but one, for one run may have been left out.
    fn differential(&self, job: &str, size: Size) -> u64 {
        let gap = self.gaps.get(job).copied().unwrap_or_default();
        size.change.saturating_mul(gap.saturating_mul(2)).min(self.sizes.at_last(size.full).max(size.change))
    }

    /// Source and bytes of an artifact.
    fn artifact(&self, artifact: &'a ArtifactRef) -> (&'a str, u64) {
        match self.made(artifact) {
            Some((step, Action::Backup { source, database, extent: Extent::Differential, .. })) => {
                (source, self.differential(&step.job, self.unit(source, database)))
            }
            _ => self.full_of(artifact),
        }
    }

    /// Source and bytes of the database that an artifact is of.
    pub(super) fn full_of(&self, artifact: &'a ArtifactRef) -> (&'a str, u64) {
        let (source, database) = match (artifact, self.made(artifact)) {
            (_, Some((_, Action::Backup { source, database, .. }))) => (source, database),
            (ArtifactRef::Stored { source, database, .. } | ArtifactRef::Newest { source, database, .. }, _) => {
                (source, database)
            }
            _ => return ("", 0),
        };
        (source, self.sizes.at_last(self.unit(source, database).full))
    }

    /// Source and bytes of an artifact with its chain at its longest.
    pub(super) fn chain(&self, artifact: &'a ArtifactRef) -> (&'a str, u64) {
        let (source, full) = self.full_of(artifact);
        let is_full = match (artifact, self.made(artifact)) {
            (ArtifactRef::Newest { full, .. }, _) => *full,
            (_, Some((_, Action::Backup { extent, .. }))) => *extent == Extent::Full,
            _ => false,
        };
        if is_full {
            return (source, full);
        }
        let between = self.chains.get(source).copied().unwrap_or_default();
        let database = match (artifact, self.made(artifact)) {
            (_, Some((_, Action::Backup { database, .. }))) => database,
            (ArtifactRef::Newest { database, .. } | ArtifactRef::Stored { database, .. }, _) => database,
            _ => return (source, full),
        };
        let changed = self.unit(source, database).change.saturating_mul(between);
        (source, full.saturating_add(changed))
    }

    fn made(&self, artifact: &ArtifactRef) -> Option<(&'a Step, &'a Action)> {
        let ArtifactRef::Step { step } = artifact else { return None };
        let step = self.plan.steps.get(*self.places.get(step.0.as_str())?)?;
        Some((step, &step.action))
    }

    /// Whether the database is stopped alone: then the next one is stopped only when it is back.
    fn is_chained(&self, step: &Step, source: &str, database: &str, method: Method) -> bool {
        method == Method::Dump
            && step.needs.iter().any(|need| {
                let needed = self.places.get(need.step.0.as_str()).and_then(|at| self.plan.steps.get(*at));
                matches!(needed.map(|step| &step.action), Some(Action::Stop { source: of, database: Some(one) }) if of == source && one == database)
            })
    }
}

/// Source and database of an artifact.
fn artifact_of<'a>(artifact: &'a ArtifactRef, basis: &Basis<'a>) -> (&'a str, &'a str) {
    match (artifact, basis.made(artifact)) {
        (_, Some((_, Action::Backup { source, database, .. })))
        | (ArtifactRef::Stored { source, database, .. } | ArtifactRef::Newest { source, database, .. }, _) => {
            (source, database)
        }
        _ => ("", ""),
    }
}

/// What comes out of a method.
fn noun(method: Method) -> &'static str {
    match method {
        Method::Archive => "archive",
        Method::Dump => "dump",
        Method::Backup => "online backup",
        Method::Command => "output",
    }
}

/// The rate at which bytes pass when each of these is done one after the other.
pub(super) fn in_turn(rates: &[u64]) -> u64 {
    // Seconds for a tebibyte, so that nothing is lost to rounding.
    let whole = 1_u64 << 40;
    let seconds = rates.iter().map(|rate| whole.div_ceil((*rate).max(1))).fold(0, u64::saturating_add);
    (whole / seconds.max(1)).max(1)
}
