//! What the strategy's limits mean to the scheduler: which things a step has the use of, how many at a time may, and
//! which steps put back what others changed.

use super::board::StepId;
use super::refuse::stores;
use super::scheduler::{Limits, Scheduler, Traits};
use super::source_of;
use schema::plan::Plan;
use schema::step::{Action, Address, ArtifactRef, Step};
use std::collections::BTreeMap;

/// Traits of steps, in their order, and the limits that they are under. `at_once` is how many steps run at once.
pub(super) fn limits(plan: &Plan, steps: &[Step], at_once: usize) -> (Vec<Traits>, Limits) {
    let mut of = BTreeMap::new();
    let mut limit = |name: String, most: Option<u32>| {
        most.map(|most| of.insert(name, usize::try_from(most).unwrap_or(usize::MAX)));
    };
    plan.sources.iter().for_each(|source| limit(about(&source.name), source.parallel));
    plan.stores.iter().for_each(|store| limit(at(&store.name), store.parallel));
    let makers: BTreeMap<&Address, &str> = steps.iter().filter_map(maker).collect();
    let traits = steps.iter().map(|step| {
        let engine = source_of(plan, step);
        let subject = engine.or_else(|| subject(step, &makers));
        let shared = subject.map(about).into_iter().chain(stores(&step.action).into_iter().map(at));
        let engine = engine.map(|source| format!("source-{source}"));
        Traits {
            uses: shared.filter(|thing| of.contains_key(thing)).chain(engine).collect(),
            restores_order: matches!(step.action, Action::Start { .. } | Action::Settle { .. }),
        }
    });
    (traits.collect(), Limits { steps: at_once, of })
}

/// Tells the scheduler what is put back by what, and what must not be done after a doubt.
pub(super) fn order(scheduler: &mut Scheduler, steps: &[Step]) {
    for (change, back) in pairs(scheduler, steps) {
        scheduler.owe(change, back);
    }
    let ids: Vec<StepId> = scheduler.board().ids().collect();
    for (id, step) in ids.into_iter().zip(steps) {
        if matches!(step.action, Action::Prune { .. }) {
            scheduler.demand_ok(id);
        }
    }
}

/// Each step that changes something, and the one that puts it back.
pub(super) fn pairs(scheduler: &Scheduler, steps: &[Step]) -> Vec<(StepId, StepId)> {
    let mut open: BTreeMap<(&str, Option<&str>, bool), StepId> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (id, step) in scheduler.board().ids().zip(steps) {
        match &step.action {
            Action::Stop { source, database } => {
                open.insert((source, database.as_deref(), false), id);
            }
            Action::Swap { source, database, .. } => {
                open.insert((source, Some(database), true), id);
            }
            Action::Start { source, database } => {
                pairs.extend(open.remove(&(source, database.as_deref(), false)).map(|stop| (stop, id)));
            }
            Action::Settle { source, database, .. } => {
                pairs.extend(open.remove(&(source, Some(database), true)).map(|swap| (swap, id)));
            }
            _ => {}
        }
    }
    pairs
}

fn about(source: &str) -> String {
    format!("about-{source}")
}

fn at(store: &str) -> String {
    format!("store-{store}")
}

/// A step that makes an artifact, and of what.
fn maker(step: &Step) -> Option<(&Address, &str)> {
    match &step.action {
        Action::Backup { source, .. } => Some((&step.address, source)),
        _ => None,
    }
}

/// The source of the artifact that a step works on.
fn subject<'a>(step: &'a Step, makers: &BTreeMap<&Address, &'a str>) -> Option<&'a str> {
    let (Action::Transfer { artifact, .. } | Action::Verify { artifact, .. } | Action::Restore { artifact, .. }) =
        &step.action
    else {
        return None;
    };
    match artifact {
        ArtifactRef::Stored { source, .. } | ArtifactRef::Newest { source, .. } => Some(source),
        ArtifactRef::Step { step } => makers.get(step).copied(),
    }
}
