//! All that forecasts and simulations are made from: sizes, times of steps, runs, routes of artifacts, and when stores
//! are pruned. Jobs that can hold each other up are walked through together, and groups that are alike only once.

use super::calendar::{self, Opening};
use super::duration::{Basis, Times};
use super::flow::{self, Unit};
use super::pace::Paces;
use super::rates::Assumed;
use super::size::{Size, Sizes};
use super::timeline::{self, Timeline, Turn};
use super::{BEYOND, DAY, LONG, YEAR};
use crate::lookup::Lookup;
use schema::fact::StoredArtifact;
use schema::keep::Keep;
use schema::plan::{Overlap, Plan, Schedule};
use schema::step::{Action, Address, ArtifactRef, Check, Extent, Step};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Schedules that are due less often than this are looked at for several years.
const RARE: u64 = 60 * DAY as u64;

/// Where a job is among those that it can meet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) timeline: usize,
    pub(super) job: usize,
}

/// A time at which a store is pruned, in each run of a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pruned {
    pub(super) place: Place,
    /// Seconds after the run's start.
    pub(super) at: i64,
    pub(super) keep: Keep,
}

/// The plan, in numbers.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) plan: &'a Plan,
    pub(super) assumed: Assumed,
    pub(super) sizes: Sizes,
    pub(super) units: Vec<Unit<'a>>,
    /// In the order of the units.
    pub(super) bytes: Vec<Size>,
    pub(super) times: Times,
    pub(super) paces: Paces,
    /// Where the steps of each job are.
    pub(super) steps: Vec<Vec<usize>>,
    /// `None`: it has no schedule.
    pub(super) places: Vec<Option<Place>>,
    pub(super) timelines: Vec<Rc<Timeline>>,
    /// Jobs of each timeline's first group, in its order; for words only.
    pub(super) groups: BTreeMap<usize, Vec<usize>>,
    /// By store.
    pub(super) prunes: Vec<Vec<Pruned>>,
    /// Shortest and longest time between two due times, by job.
    pub(super) gaps: Vec<Option<(u64, u64)>>,
    pub(super) start: i64,
    /// Where the steps are.
    pub(super) steps_by_address: Lookup<&'a str, usize>,
    /// The sources that each job holds.
    held: Vec<BTreeSet<usize>>,
}

/// What makes two groups of jobs alike: schedule, window, what overlaps, duration and sources of each.
type Alike = Vec<(usize, Option<(String, String, String)>, bool, i64, Vec<usize>)>;

/// Due times of a schedule, with a number of their own.
type Numbered = (usize, Rc<Vec<i64>>);

impl<'a> World<'a> {
    /// `until` ends schedules; without it they go on for as long as worst cases need.
    pub(super) fn new(plan: &'a Plan, artifacts: &[StoredArtifact], start: i64, until: Option<i64>) -> Self {
        let mut assumed = Assumed::default();
        let units = flow::units(plan);
        let (sizes, bytes) = Sizes::new(plan, artifacts, &units, &mut assumed);
        let gaps = gaps(plan);
        let steps_by_address = plan.steps.iter().enumerate().map(|(at, step)| (step.address.0.as_str(), at)).collect();
        let paces = Paces::new(artifacts);
        let times = times(plan, &units, &bytes, &sizes, &gaps, (&steps_by_address, &paces), &mut assumed);
        let units = flow::routes(plan, &units, &times);
        let jobs: BTreeMap<&str, usize> =
            plan.jobs.iter().enumerate().map(|(at, job)| (job.name.as_str(), at)).collect();
        let mut steps = vec![Vec::new(); plan.jobs.len()];
        for (at, step) in plan.steps.iter().enumerate() {
            if let Some(of_job) = jobs.get(step.job.as_str()).and_then(|job| steps.get_mut(*job)) {
                of_job.push(at);
            }
        }
        let held = held(plan, &steps);
        let (places, timelines, groups) = (vec![None; plan.jobs.len()], Vec::new(), BTreeMap::new());
        let prunes = vec![Vec::new(); plan.stores.len()];
        let mut world = Self {
            plan,
            assumed,
            sizes,
            units,
            bytes,
            times,
            paces,
            steps,
            places,
            timelines,
            groups,
            prunes,
            gaps,
            start,
            steps_by_address,
            held,
        };
        world.walk(until);
        world.find_prunes();
        world
    }

    /// Seconds from a job's start to its end.
    pub(super) fn duration(&self, job: usize) -> u64 {
        let steps = self.steps.get(job).into_iter().flatten();
        steps.map(|step| self.times.end(*step)).max().unwrap_or_default()
    }

    /// The runs that a job can meet, and its place among them.
    pub(super) fn timeline(&self, place: Place) -> Option<&Rc<Timeline>> {
        self.timelines.get(place.timeline)
    }

    /// Walks through the runs of every group of jobs.
    fn walk(&mut self, until: Option<i64>) {
        let held = self.held.clone();
        let mut dues: BTreeMap<(&str, &str, i64), Numbered> = BTreeMap::new();
        let mut known: BTreeMap<Alike, usize> = BTreeMap::new();
        for group in groups(self.plan, &held) {
            let end = until.unwrap_or_else(|| self.horizon(&group));
            let (mut turns, mut alike): (Vec<Turn>, Alike) = (Vec::new(), Vec::new());
            let mut local: BTreeMap<usize, usize> = BTreeMap::new();
            for job in &group {
                let Some((of, schedule)) = self.plan.jobs.get(*job).and_then(|of| Some((of, of.schedule.as_ref()?)))
                else {
                    continue;
                };
                let Schedule { cron, timezone } = schedule;
                let count = dues.len();
                let (id, due) = dues
                    .entry((cron, timezone, end))
                    .or_insert_with(|| (count, Rc::new(calendar::due(cron, timezone, self.start, end))));
                let sources = held.get(*job).into_iter().flatten().map(|source| {
                    let next = local.len();
                    *local.entry(*source).or_insert(next)
                });
                let sources: Vec<usize> = sources.collect();
                let duration = i64::try_from(self.duration(*job)).unwrap_or(i64::MAX / 4);
                let window = of.window.as_ref().map(|it| (it.from.clone(), it.to.clone(), it.timezone.clone()));
                alike.push((*id, window, of.on_overlap == Overlap::Wait, duration, sources.clone()));
                let window = of.window.as_ref().and_then(Opening::new);
                turns.push(Turn { due: Rc::clone(due), window, overlap: of.on_overlap, duration, sources });
            }
            let timeline = match known.get(&alike) {
                Some(known) => *known,
                None => {
                    self.timelines.push(Rc::new(timeline::walk(&turns, self.start + YEAR)));
                    known.insert(alike, self.timelines.len() - 1);
                    self.timelines.len() - 1
                }
            };
            for (place, job) in group.iter().enumerate() {
                if let Some(slot) = self.places.get_mut(*job) {
                    *slot = Some(Place { timeline, job: place });
                }
                self.groups.insert(*job, group.clone());
            }
        }
    }

    /// The sources of a group, as its timeline counts them.
    pub(super) fn held_by(&self, group: &[usize]) -> Vec<usize> {
        let mut out = Vec::new();
        for source in group.iter().filter_map(|job| self.held.get(*job)).flatten() {
            if !out.contains(source) {
                out.push(*source);
            }
        }
        out
    }

    /// When a group of jobs need no longer be looked at.
    fn horizon(&self, group: &[usize]) -> i64 {
        let rare = |job: &usize| self.gaps.get(*job).copied().flatten().is_none_or(|(_, longest)| longest > RARE);
        self.start + if group.iter().any(rare) { LONG } else { YEAR + BEYOND }
    }

    fn find_prunes(&mut self) {
        let stores: BTreeMap<&str, usize> =
            self.plan.stores.iter().enumerate().map(|(at, store)| (store.name.as_str(), at)).collect();
        for (job, steps) in self.steps.iter().enumerate() {
            let Some(place) = self.places.get(job).copied().flatten() else { continue };
            for step in steps {
                let action = self.plan.steps.get(*step).map(|step| &step.action);
                let Some(Action::Prune { store, keep, .. }) = action else { continue };
                let list = stores.get(store.as_str()).and_then(|store| self.prunes.get_mut(*store));
                if let Some(list) = list {
                    let at = i64::try_from(self.times.end(*step)).unwrap_or(i64::MAX / 4);
                    list.push(Pruned { place, at, keep: *keep });
                }
            }
        }
    }
}

fn gaps(plan: &Plan) -> Vec<Option<(u64, u64)>> {
    let mut known: BTreeMap<(&str, &str), Option<(u64, u64)>> = BTreeMap::new();
    let of = |schedule: &'_ Schedule| calendar::span(&schedule.cron, &schedule.timezone);
    let jobs = plan.jobs.iter().map(|job| {
        let schedule = job.schedule.as_ref()?;
        *known.entry((&schedule.cron, &schedule.timezone)).or_insert_with(|| of(schedule))
    });
    jobs.collect()
}

fn times<'a>(
    plan: &'a Plan,
    units: &[(usize, &'a str)],
    bytes: &[Size],
    sizes: &'a Sizes,
    gaps: &[Option<(u64, u64)>],
    (places, paces): (&'a Lookup<&'a str, usize>, &'a Paces),
    assumed: &'a mut Assumed,
) -> Times {
    let gaps: BTreeMap<&str, u64> =
        plan.jobs.iter().zip(gaps).filter_map(|(job, gap)| Some((job.name.as_str(), (*gap)?.1))).collect();
    let named = units
        .iter()
        .zip(bytes)
        .filter_map(|((source, database), size)| Some(((plan.sources.get(*source)?.name.as_str(), *database), *size)));
    let units = named.collect();
    let chains = chains(plan, &gaps);
    Times::new(&mut Basis { plan, sizes, units, gaps, chains, places, paces, rates: Lookup::default(), assumed })
}

/// Seconds between two full ones, by source, for those that have differentials.
pub(super) fn chains<'a>(plan: &'a Plan, gaps: &BTreeMap<&str, u64>) -> BTreeMap<&'a str, u64> {
    let (mut fulls, mut chained): (BTreeMap<&str, u64>, BTreeSet<&str>) = (BTreeMap::new(), BTreeSet::new());
    for step in &plan.steps {
        let Action::Backup { source, extent, .. } = &step.action else { continue };
        let gap = gaps.get(step.job.as_str());
        match (extent, gap) {
            (Extent::Full, Some(gap)) => {
                let least = fulls.entry(source).or_insert(*gap);
                *least = (*least).min(*gap);
            }
            (Extent::Differential, Some(_)) => {
                chained.insert(source);
            }
            _ => {}
        }
    }
    fulls.retain(|source, _| chained.contains(source));
    fulls
}

/// The sources that each job holds while it runs: those whose engine its steps use.
fn held(plan: &Plan, steps: &[Vec<usize>]) -> Vec<BTreeSet<usize>> {
    let sources: BTreeMap<&str, usize> =
        plan.sources.iter().enumerate().map(|(at, source)| (source.name.as_str(), at)).collect();
    let made: Lookup<&Address, &str> =
        plan.steps.iter().filter_map(|step| Some((&step.address, of_source(step)?))).collect();
    let of_artifact = |artifact: &'_ ArtifactRef| -> Option<usize> {
        let name = match artifact {
            ArtifactRef::Step { step } => made.get(step).copied(),
            ArtifactRef::Stored { source, .. } | ArtifactRef::Newest { source, .. } => {
                sources.get_key_value(source.as_str()).map(|(name, _)| *name)
            }
        };
        sources.get(name?).copied()
    };
    let held = |at: &usize| {
        let step = plan.steps.get(*at)?;
        match &step.action {
            Action::Verify { artifact, with: Check::Consistency, .. } | Action::Aggregate { artifact, .. } => {
                of_artifact(artifact)
            }
            _ => sources.get(of_source(step)?).copied(),
        }
    };
    steps.iter().map(|steps| steps.iter().filter_map(held).collect()).collect()
}

fn of_source(step: &Step) -> Option<&str> {
    match &step.action {
        Action::Preflight { source, .. }
        | Action::Stop { source, .. }
        | Action::Start { source, .. }
        | Action::Copy { source, .. }
        | Action::Backup { source, .. } => Some(source),
        _ => None,
    }
}

/// Jobs with a schedule that can hold each other up, directly or by others; each group in the order of the plan.
fn groups(plan: &Plan, held: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    // Each source points to the first job that holds it, and each job to an earlier one of its group, or to itself.
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    let mut lead: Vec<usize> = (0..plan.jobs.len()).collect();
    let root = |lead: &[usize], mut at: usize| {
        while let Some(next) = lead.get(at).copied().filter(|next| *next != at) {
            at = next;
        }
        at
    };
    let scheduled: Vec<usize> =
        plan.jobs.iter().enumerate().filter(|(_, job)| job.schedule.is_some()).map(|(at, _)| at).collect();
    for job in &scheduled {
        for source in held.get(*job).into_iter().flatten() {
            let other = *first.entry(*source).or_insert(*job);
            let (one, two) = (root(&lead, *job), root(&lead, other));
            if let Some(slot) = lead.get_mut(one.max(two)) {
                *slot = one.min(two);
            }
        }
    }
    let mut out: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for job in scheduled {
        out.entry(root(&lead, job)).or_default().push(job);
    }
    out.into_values().collect()
}
