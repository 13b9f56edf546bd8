//! The way that artifacts of one database take: which jobs make them, and when each copy is in its store and checked.

use super::duration::Times;
use crate::lookup::Lookup;
use schema::plan::Plan;
use schema::step::{Action, Address, ArtifactRef, Extent};
use std::collections::{BTreeMap, BTreeSet};

/// One artifact that a run of a job makes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Made {
    /// The job's place among those that it can meet; by the plan until that is known.
    pub(super) job: usize,
    pub(super) differential: bool,
    /// Seconds from the run's start to the moment that the artifact shows.
    pub(super) taken: i64,
    /// The first is where the backup puts it.
    pub(super) copies: Vec<Copied>,
}

/// A copy of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Copied {
    pub(super) store: usize,
    /// Seconds from the run's start until it is there.
    pub(super) present: i64,
    /// Until it can be relied on: when the last check of it in the run has ended, or when it is there if there is none.
    pub(super) good: i64,
    pub(super) verified: bool,
    /// The place in the same list of the copy that it is made from; the first is made from none.
    pub(super) from: Option<usize>,
}

/// An artifact, and the steps that it comes from.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) backup: usize,
    pub(super) made: Made,
    /// For each copy the step after which it can be relied on.
    pub(super) until: Vec<usize>,
}

/// A database and all that is made of it by jobs with a schedule.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    /// Place of its source in the plan.
    pub(super) source: usize,
    pub(super) database: &'a str,
    pub(super) routes: Vec<Route>,
}

/// Every database that the plan makes artifacts of, by source in the order of the plan.
pub(super) fn units<'a>(plan: &'a Plan) -> Vec<(usize, &'a str)> {
    let sources: BTreeMap<&str, usize> =
        plan.sources.iter().enumerate().map(|(at, source)| (source.name.as_str(), at)).collect();
    let mut out: Vec<(usize, &'a str)> = Vec::new();
    let mut seen: BTreeSet<(usize, &str)> = BTreeSet::new();
    for step in &plan.steps {
        if let Action::Backup { source, database, .. } = &step.action
            && let Some(source) = sources.get(source.as_str())
        {
            let unit = (*source, database.as_str());
            if seen.insert(unit) {
                out.push(unit);
            }
        }
    }
    // By source, and within one in the order of the plan.
    out.sort_by_key(|(source, _)| *source);
    out
}

/// The routes of all, in the order of `units`.
pub(super) fn routes<'a>(plan: &'a Plan, units: &[(usize, &'a str)], times: &Times) -> Vec<Unit<'a>> {
    let jobs: BTreeMap<&str, usize> = plan.jobs.iter().enumerate().map(|(at, job)| (job.name.as_str(), at)).collect();
    let stores: BTreeMap<&str, usize> =
        plan.stores.iter().enumerate().map(|(at, store)| (store.name.as_str(), at)).collect();
    let names: Lookup<(&str, &str), usize> = units
        .iter()
        .enumerate()
        .filter_map(|(at, (source, database))| Some(((plan.sources.get(*source)?.name.as_str(), *database), at)))
        .collect();
    let mut out: Vec<Unit<'a>> =
        units.iter().map(|(source, database)| Unit { source: *source, database, routes: Vec::new() }).collect();
    // Where the route of a backup is: its unit, and its place there.
    let mut of_backup: Lookup<&Address, (usize, usize)> = Lookup::default();
    for (at, step) in plan.steps.iter().enumerate() {
        let Some(job) = jobs.get(step.job.as_str()) else { continue };
        if plan.jobs.get(*job).is_none_or(|job| job.schedule.is_none()) {
            continue;
        }
        if let Action::Backup { source, database, extent, store, .. } = &step.action
            && let Some(unit) = names.get(&(source.as_str(), database.as_str()))
            && let Some(store) = stores.get(store.as_str())
            && let Some(routes) = out.get_mut(*unit).map(|unit| &mut unit.routes)
        {
            of_backup.insert(&step.address, (*unit, routes.len()));
            let present = seconds(times.end(at));
            let first = Copied { store: *store, present, good: present, verified: false, from: None };
            let differential = *extent == Extent::Differential;
            let made = Made { job: *job, differential, taken: seconds(times.start(at)), copies: vec![first] };
            routes.push(Route { backup: at, made, until: vec![at] });
            continue;
        }
        let (Action::Transfer { artifact, .. } | Action::Verify { artifact, .. }) = &step.action else { continue };
        let ArtifactRef::Step { step: backup } = artifact else { continue };
        let Some((unit, route)) = of_backup.get(backup) else { continue };
        let route = out.get_mut(*unit).and_then(|unit| unit.routes.get_mut(*route));
        if let Some(route) = route {
            route.follow(at, &step.action, seconds(times.end(at)), &stores);
        }
    }
    out
}

fn seconds(at: u64) -> i64 {
    // Long beyond any horizon, and safe to add to a time.
    i64::try_from(at).unwrap_or(i64::MAX).min(1 << 40)
}

impl Route {
    /// What another step does to the artifact.
    fn follow(&mut self, step: usize, action: &Action, end: i64, stores: &BTreeMap<&str, usize>) {
        let place = |name: &str, copies: &[Copied]| {
            let store = stores.get(name)?;
            copies.iter().position(|copy| copy.store == *store)
        };
        match action {
            Action::Transfer { from, to, .. } => {
                let from = place(from, &self.made.copies);
                if let Some(store) = stores.get(to.as_str()).filter(|_| from.is_some()) {
                    self.made.copies.push(Copied { store: *store, present: end, good: end, verified: false, from });
                    self.until.push(step);
                }
            }
            Action::Verify { store, .. } => {
                let Some(at) = place(store, &self.made.copies) else { return };
                if let Some((copy, until)) = self.made.copies.get_mut(at).zip(self.until.get_mut(at)) {
                    if !copy.verified || end > copy.good {
                        (copy.good, *until) = (end, step);
                    }
                    copy.verified = true;
                }
            }
            _ => {}
        }
    }
}
