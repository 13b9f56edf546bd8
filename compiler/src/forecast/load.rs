//! What jobs take: their durations, how often they are due, whom they meet, and the scratch room that one step needs.

use super::duration::Basis;
use super::pace::Paces;
use super::timeline::Outcome;
use super::world::World;
use super::{YEAR, calendar::Opening};
use crate::amount::bytes;
use crate::lookup::Lookup;
use schema::forecast::{JobOverlap, Load, Sum, Term};
use schema::source::Engine;
use schema::step::{Action, ArtifactRef, Check, Method};
use std::collections::{BTreeMap, BTreeSet};

/// The loads of jobs with a schedule, in the order of the plan.
pub(super) fn loads(world: &World<'_>) -> Vec<Load> {
    let jobs = world.plan.jobs.iter().enumerate().filter(|(_, job)| job.schedule.is_some());
    jobs.map(|(at, job)| {
        let steps = world.steps.get(at).into_iter().flatten().copied();
        let duration = world.times.last(steps).map(|last| world.times.path(0, last)).unwrap_or_default();
        let gap = world.gaps.get(at).copied().flatten();
        let window = job.window.as_ref().and_then(Opening::new).map(|window| window.length());
        let (runs, skipped) = counts(world, at);
        Load {
            job: job.name.clone(),
            duration,
            shortest_gap: gap.map(|(shortest, _)| shortest),
            longest_gap: gap.map(|(_, longest)| longest),
            window,
            overlaps: overlaps(world, at),
            runs,
            skipped,
        }
    })
    .collect()
}

/// Runs of the year that begin, and those that are left out.
fn counts(world: &World<'_>, job: usize) -> (u64, u64) {
    let Some(place) = world.places.get(job).copied().flatten() else { return (0, 0) };
    let runs = world.timeline(place).and_then(|timeline| timeline.runs.get(place.job)).into_iter().flatten();
    let (mut began, mut skipped) = (0, 0);
    for run in runs.take_while(|run| run.due < world.start + YEAR) {
        match run.outcome {
            Outcome::Ran => began += 1,
            Outcome::Closed | Outcome::Held => skipped += 1,
        }
    }
    (began, skipped)
}

fn overlaps(world: &World<'_>, job: usize) -> Vec<JobOverlap> {
    let found = || -> Option<Vec<JobOverlap>> {
        let place = world.places.get(job).copied().flatten()?;
        let group = world.groups.get(&job)?;
        let timeline = world.timeline(place)?;
        let mine = timeline.met.iter().filter(|(one, ..)| *one == place.job);
        let named = mine.filter_map(|(_, other, source, times)| {
            let other = world.plan.jobs.get(*group.get(*other)?)?.name.clone();
            let source = *world.held_by(group).get(*source)?;
            Some(JobOverlap { job: other, source: world.plan.sources.get(source)?.name.clone(), times: *times })
        });
        Some(named.collect())
    };
    found().unwrap_or_default()
}

/// Most scratch room that one step takes.
pub(super) fn temp(world: &mut World<'_>) -> Sum {
    let mut assumed = std::mem::take(&mut world.assumed);
    let plan = world.plan;
    let named = world.units.iter().zip(&world.bytes);
    let units =
        named.filter_map(|(unit, size)| Some(((plan.sources.get(unit.source)?.name.as_str(), unit.database), *size)));
    let gaps: BTreeMap<&str, u64> =
        plan.jobs.iter().zip(&world.gaps).filter_map(|(job, gap)| Some((job.name.as_str(), (*gap)?.1))).collect();
    // No room depends on how fast it is filled.
    let paces = Paces::default();
    let basis = Basis {
        plan,
        sizes: &world.sizes,
        units: units.collect(),
        paces: &paces,
        rates: Lookup::default(),
        chains: super::world::chains(plan, &gaps),
        gaps,
        places: &world.steps_by_address,
        assumed: &mut assumed,
    };
    let mut most = Sum::default();
    let mut seen: BTreeSet<(&str, &str, bool)> = BTreeSet::new();
    for step in &plan.steps {
        let found = match &step.action {
            Action::Verify { artifact, store, with: Check::Consistency }
                if seen.insert((store, of(artifact), false)) =>
            {
                let (source, full) = basis.full_of(artifact);
                let fetched =
                    Term { amount: full, what: format!("`{source}` fetched from `{store}`: {}", bytes(full)) };
                vec![fetched, Term { amount: full, what: format!("loaded aside for its check: {}", bytes(full)) }]
            }
            Action::Aggregate { artifact, store } if seen.insert((store, of(artifact), true)) => {
                let ((source, chain), (_, full)) = (basis.chain(artifact), basis.full_of(artifact));
                let fetched =
                    Term { amount: chain, what: format!("a chain of `{source}` from `{store}`: {}", bytes(chain)) };
                vec![fetched, Term { amount: full, what: format!("one full of it: {}", bytes(full)) }]
            }
            Action::Backup { source, database, method: Method::Backup, .. } => {
                let has_home =
                    plan.source(source).is_some_and(|it| matches!(&it.engine, Engine::Neo4j(it) if it.work.is_some()));
                let full = basis.full(source, database);
                if has_home {
                    Vec::new()
                } else {
                    vec![Term { amount: full, what: format!("online backup of `{source}`: {}", bytes(full)) }]
                }
            }
            _ => Vec::new(),
        };
        let total = found.iter().map(|term| term.amount).fold(0, u64::saturating_add);
        if total > most.total {
            most = Sum { total, terms: found };
        }
    }
    world.assumed = assumed;
    most
}

/// What an artifact is told apart by.
fn of(artifact: &ArtifactRef) -> &str {
    match artifact {
        ArtifactRef::Step { step } => &step.0,
        ArtifactRef::Stored { id, .. } => id,
        ArtifactRef::Newest { database, .. } => database,
    }
}
