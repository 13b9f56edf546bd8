//! What becomes of one database over time: every artifact, when each copy is there and can be relied on, and when
//! retention removes it. A forecast and a simulation read the same history.

use super::flow::Made;
use super::timeline::Timeline;
use super::world::{Place, Pruned};
use crate::retain::rules::{Line, Point};
use schema::keep::Keep;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Never.
pub(super) const NEVER: i64 = i64::MAX;

/// What a history is made from. Databases for which these are equal share one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flow {
    pub(super) timeline: usize,
    pub(super) made: Vec<Made>,
    /// What stores hold at the start, by time.
    pub(super) initial: Vec<Initial>,
    /// When its source is lost.
    pub(super) ends: i64,
    /// When the machine is lost that runs jobs.
    pub(super) stops: i64,
}

/// An artifact that there is already.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Initial {
    pub(super) taken: i64,
    /// Place in the same list.
    pub(super) parent: Option<usize>,
    pub(super) differential: bool,
    /// Store, whether it was verified there, and when its lock ends.
    pub(super) copies: Vec<(usize, bool, Option<i64>)>,
}

/// An artifact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Artifact {
    pub(super) taken: i64,
    pub(super) differential: bool,
    pub(super) parent: Option<usize>,
    /// When the run of it began.
    pub(super) start: i64,
    /// Place in [`Flow::made`]; none for those that were there already.
    pub(super) made: Option<usize>,
}

/// A copy of an artifact. Times at which something never happens are [`NEVER`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Copy {
    pub(super) present: i64,
    /// From then on it can be relied on, with all of its chain in the same store.
    pub(super) good: i64,
    pub(super) verified: bool,
    pub(super) locked: Option<i64>,
    /// When it is removed, or lost.
    pub(super) gone: i64,
    /// Whether retention removed it.
    pub(super) pruned: bool,
}

const NOWHERE: Copy = Copy { present: NEVER, good: NEVER, verified: false, locked: None, gone: NEVER, pruned: false };

/// Prunes of a store by time: rules, and the run that does it, by timeline, job and start.
pub(super) type Prunes = Rc<Vec<(i64, Keep, (usize, usize), i64)>>;

/// What a store does to copies.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Seconds for which nobody can remove a copy.
    pub(super) immutable: Option<i64>,
    pub(super) prunes: Prunes,
    /// When it is lost with all that it holds.
    pub(super) ends: i64,
}

/// All artifacts of one database by the time that they were taken.
#[derive(Debug)]
pub(super) struct History {
    pub(super) artifacts: Vec<Artifact>,
    /// By store, and then in the order of the artifacts; none for a store that no copy of them gets to.
    pub(super) copies: Vec<Vec<Copy>>,
}

/// When a store is pruned, by all jobs that do it.
pub(super) fn prunes(list: &[Pruned], timelines: &[Rc<Timeline>]) -> Prunes {
    let mut out = Vec::new();
    for pruned in list {
        let Place { timeline, job } = pruned.place;
        let runs = timelines.get(timeline).into_iter().flat_map(|timeline| timeline.began(job));
        out.extend(runs.map(|run| (run.start + pruned.at, pruned.keep, (timeline, job), run.start)));
    }
    out.sort_by_key(|(at, _, place, _)| (*at, *place));
    Rc::new(out)
}

impl History {
    pub(super) fn new(flow: &Flow, timeline: Option<&Timeline>, shelves: &[Shelf]) -> Self {
        let artifacts = artifacts(flow, timeline);
        // In a great strategy most stores have nothing to do with one flow.
        let made = flow.made.iter().flat_map(|made| made.copies.iter().map(|copy| copy.store));
        let initial = flow.initial.iter().flat_map(|initial| initial.copies.iter().map(|(store, ..)| *store));
        let reached: BTreeSet<usize> = made.chain(initial).collect();
        let room = |store: usize| if reached.contains(&store) { vec![NOWHERE; artifacts.len()] } else { Vec::new() };
        let mut copies: Vec<Vec<Copy>> = (0..shelves.len()).map(room).collect();
        let mut there = Vec::new();
        for at in 0..artifacts.len() {
            publish(flow, &artifacts, at, shelves, &mut copies, &mut there);
        }
        for (copies, shelf) in copies.iter_mut().zip(shelves).filter(|(copies, _)| !copies.is_empty()) {
            prune(flow, &artifacts, copies, shelf);
        }
        Self { artifacts, copies }
    }
}

/// All that are made, in the order in which their runs begin. A differential follows what the store of its backup got last.
fn artifacts(flow: &Flow, timeline: Option<&Timeline>) -> Vec<Artifact> {
    let mut out: Vec<Artifact> = flow
        .initial
        .iter()
        .map(|initial| Artifact {
            taken: initial.taken,
            differential: initial.differential,
            parent: initial.parent,
            start: initial.taken,
            made: None,
        })
        .collect();
    let mut runs: Vec<(i64, i64, usize)> = Vec::new();
    for (at, made) in flow.made.iter().enumerate() {
        let began = timeline.into_iter().flat_map(|timeline| timeline.began(made.job));
        runs.extend(began.map(|run| (run.start + made.taken, run.start, at)));
    }
    // A run of rising times by each that is made.
    runs.sort();
    out.reserve(runs.len());
    // The newest artifact, by the store that backups put it in.
    let mut newest: Vec<(usize, usize)> = Vec::new();
    for (at, initial) in flow.initial.iter().enumerate() {
        for (store, ..) in &initial.copies {
            newest.retain(|(home, _)| home != store);
            newest.push((*store, at));
        }
    }
    for (taken, start, at) in runs {
        let Some(made) = flow.made.get(at) else { continue };
        let Some(home) = made.copies.first().map(|copy| copy.store) else { continue };
        let known = newest.iter_mut().find(|(store, _)| *store == home);
        let parent = known.as_ref().map(|(_, newest)| *newest);
        if made.differential && parent.is_none() {
            // There is nothing that it could be a difference to.
            continue;
        }
        let artifact = Artifact {
            taken,
            differential: made.differential,
            parent: parent.filter(|_| made.differential),
            start,
            made: Some(at),
        };
        match known {
            Some(known) => known.1 = out.len(),
            None => newest.push((home, out.len())),
        }
        out.push(artifact);
    }
    out
}

/// Puts the copies of an artifact where its run puts them. `there` is only room to note which of them are made.
fn publish(
    flow: &Flow,
    artifacts: &[Artifact],
    at: usize,
    shelves: &[Shelf],
    copies: &mut [Vec<Copy>],
    there: &mut Vec<bool>,
) {
    let Some(artifact) = artifacts.get(at) else { return };
    let Some(made) = artifact.made.and_then(|made| flow.made.get(made)) else {
        for (store, verified, locked) in flow.initial.get(at).into_iter().flat_map(|initial| &initial.copies) {
            let present = artifact.taken;
            let good = if *verified { present } else { NEVER };
            let copy = Copy { present, good, verified: *verified, locked: *locked, ..NOWHERE };
            put(artifacts, at, *store, copy, shelves, copies);
        }
        return;
    };
    there.clear();
    there.resize(made.copies.len(), false);
    for (place, copied) in made.copies.iter().enumerate() {
        let Some(shelf) = shelves.get(copied.store) else { continue };
        let present = artifact.start + copied.present;
        let source = match copied.from {
            None => present < flow.ends,
            Some(from) => {
                let source = made.copies.get(from).and_then(|from| shelves.get(from.store));
                there.get(from).copied().unwrap_or(false) && source.is_some_and(|shelf| present < shelf.ends)
            }
        };
        if !source || present >= shelf.ends.min(flow.stops) {
            continue;
        }
        if let Some(there) = there.get_mut(place) {
            *there = true;
        }
        let locked = shelf.immutable.map(|time| present.saturating_add(time));
        let good = artifact.start + copied.good;
        let copy = Copy { present, good, verified: copied.verified, locked, ..NOWHERE };
        put(artifacts, at, copied.store, copy, shelves, copies);
    }
}

/// A copy, which is good when all before it in its chain are.
fn put(artifacts: &[Artifact], at: usize, store: usize, copy: Copy, shelves: &[Shelf], copies: &mut [Vec<Copy>]) {
    let Some((artifact, shelf)) = artifacts.get(at).zip(shelves.get(store)) else { return };
    let parent = artifact.parent.and_then(|parent| copies.get(store)?.get(parent)).map_or(NEVER, |parent| parent.good);
    let good = if artifact.differential { copy.good.max(parent) } else { copy.good };
    if let Some(slot) = copies.get_mut(store).and_then(|copies| copies.get_mut(at)) {
        *slot = Copy { good, gone: shelf.ends, ..copy };
    }
}

/// Lets the rules of a store work, prune after prune.
fn prune(flow: &Flow, artifacts: &[Artifact], copies: &mut [Copy], shelf: &Shelf) {
    if shelf.prunes.is_empty() {
        return;
    }
    let there = copies.iter().enumerate().filter(|(_, copy)| copy.present < NEVER);
    let mut coming: Vec<(i64, usize)> = there.map(|(at, copy)| (copy.present, at)).collect();
    coming.sort_unstable();
    let mut coming = coming.into_iter().peekable();
    let mut points: Vec<Point> = artifacts.iter().zip(&*copies).map(|(artifact, copy)| point(artifact, copy)).collect();
    let mut line = Line::default();
    for (at, keep, by, run) in shelf.prunes.iter().take_while(|(at, ..)| *at < shelf.ends) {
        while let Some((_, next)) = coming.next_if(|(present, _)| present <= at) {
            line.put(&points, next);
        }
        // What the running run has made never justifies a deletion.
        let own = own(flow, artifacts, line.end(), *by, *run);
        for place in &own {
            line.forget(*place);
            if let Some(point) = points.get_mut(*place) {
                point.verified = NEVER;
            }
        }
        line.judge(&points, keep, *at, |_, _| ());
        line.drop_rest(|place| {
            if let Some(copy) = copies.get_mut(place) {
                (copy.gone, copy.pruned) = (*at, true);
            }
        });
        for place in own {
            if let Some(((slot, artifact), copy)) =
                points.get_mut(place).zip(artifacts.get(place)).zip(copies.get(place))
            {
                *slot = point(artifact, copy);
            }
        }
    }
}

fn point(artifact: &Artifact, copy: &Copy) -> Point {
    Point {
        taken: artifact.taken,
        differential: artifact.differential,
        parent: artifact.parent,
        verified: if copy.verified { copy.good } else { NEVER },
        locked_until: copy.locked,
    }
}

/// What a run of a job has made, of the artifacts before an end.
fn own(flow: &Flow, artifacts: &[Artifact], end: usize, by: (usize, usize), run: i64) -> Vec<usize> {
    let is_by = |made: &Made| (flow.timeline, made.job) == by;
    if !flow.made.iter().any(is_by) {
        return Vec::new();
    }
    let first = artifacts.partition_point(|artifact| artifact.taken < run);
    let of_run = |place: &usize| {
        let artifact = artifacts.get(*place).filter(|artifact| artifact.start == run);
        artifact.and_then(|artifact| flow.made.get(artifact.made?)).is_some_and(is_by)
    };
    (first..end).filter(of_run).collect()
}
