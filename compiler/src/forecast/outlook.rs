//! What is promised for each database: of all copies, of each copy, and of what is left when a place is lost. Databases
//! with one history are looked at together; each gets its own words.

use super::domain::{self, Failing};
use super::duration::Basis;
use super::flow::{Made, Unit};
use super::history::{self, Flow, History, NEVER, Shelf};
use super::loss::{self, Worst};
use super::restore::{Restore, sum};
use super::size::Size;
use super::storage::Ledger;
use super::world::World;
use super::{DAY, YEAR};
use crate::lookup::Lookup;
use crate::structure::schedule;
use schema::forecast::{CopyOutlook, Fill, Loss, Outlook, Sum, Term};
use schema::step::Action;
use std::collections::{BTreeMap, BTreeSet};

/// The outlook of every database, in the order of the plan, and what stores hold.
pub(super) fn all(world: &mut World<'_>) -> (Vec<Outlook>, Vec<Fill>) {
    let mut alike: BTreeMap<Flow, Vec<usize>> = BTreeMap::new();
    for at in 0..world.units.len() {
        if let Some(flow) = flow(world, at) {
            alike.entry(flow).or_default().push(at);
        }
    }
    let shelves = shelves(world);
    let mut ledger = Ledger::new(world.plan.stores.len(), usize::try_from(YEAR / DAY).unwrap_or_default());
    let mut book = Book {
        failing: domain::all(world.plan),
        pauses: pauses(world),
        busiest: BTreeMap::new(),
        out: world.units.iter().map(|_| None).collect(),
    };
    for (flow, units) in alike {
        let timeline = world.timelines.get(flow.timeline).cloned();
        let history = History::new(&flow, timeline.as_deref(), &shelves);
        let sized = |at: &usize| Some((world.units.get(*at)?.source, *world.bytes.get(*at)?));
        let sized: Vec<_> = units.iter().filter_map(sized).collect();
        ledger.add(&history, world.start, &world.sizes, &sized);
        let mut study = Study::new(&flow, &history, &shelves, world.start);
        // Most come to the same words as well.
        let mut known: Lookup<Likeness, usize> = Lookup::default();
        for unit in units {
            let Some(likeness) = likeness(world, unit, &book.pauses) else { continue };
            let like = known.get(&likeness).and_then(|like| book.out.get(*like)?.as_ref());
            let outlook = match (like, world.units.get(unit)) {
                (Some(like), Some(of)) => Some(Outlook { database: of.database.to_owned(), ..like.clone() }),
                _ => {
                    known.insert(likeness, unit);
                    book.outlook(world, unit, &mut study)
                }
            };
            if let Some(slot) = book.out.get_mut(unit) {
                *slot = outlook;
            }
        }
    }
    let bare = |at: usize, world: &World<'_>| world.units.get(at).map(|unit| nothing(world, unit));
    let found = std::mem::take(&mut book.out).into_iter().enumerate();
    let databases = found.filter_map(|(at, outlook)| outlook.or_else(|| bare(at, world))).collect();
    (databases, ledger.fills(world))
}

/// What makes the outlooks of two databases with one history the same but for their names: source, size, and for each route
/// its job, how its copies come about, and its downtimes.
type Likeness = (usize, Size, Vec<(usize, Vec<usize>, Vec<(u64, usize)>)>);

fn likeness(world: &World<'_>, at: usize, pauses: &BTreeMap<usize, usize>) -> Option<Likeness> {
    let unit = world.units.get(at)?;
    let routes = unit.routes.iter().map(|route| {
        let ways = route.until.iter().map(|step| world.times.way(*step)).collect();
        let stops = stops(world, route.backup, pauses).into_iter();
        let stops = stops.map(|(stop, start)| (world.times.start(stop), world.times.way(start))).collect();
        (route.made.job, ways, stops)
    });
    Some((unit.source, *world.bytes.get(at)?, routes.collect()))
}

/// What a database's history is made from; `None` when no job with a schedule makes an artifact of it.
pub(super) fn flow(world: &World<'_>, at: usize) -> Option<Flow> {
    let unit = world.units.get(at)?;
    let place = |job: usize| world.places.get(job).copied().flatten();
    let timeline = place(unit.routes.first()?.made.job)?.timeline;
    let made =
        unit.routes.iter().filter_map(|route| Some(Made { job: place(route.made.job)?.job, ..route.made.clone() }));
    Some(Flow { timeline, made: made.collect(), initial: Vec::new(), ends: NEVER, stops: NEVER })
}

/// What each store of the plan does to copies.
pub(super) fn shelves(world: &World<'_>) -> Vec<Shelf> {
    let stores = world.plan.stores.iter().zip(&world.prunes);
    let shelf = |(store, pruned): (&schema::store::Store, &Vec<super::world::Pruned>)| Shelf {
        immutable: store.immutable.map(|time| i64::try_from(time).unwrap_or(NEVER / 4)),
        prunes: history::prunes(pruned, &world.timelines),
        ends: NEVER,
    };
    stores.map(shelf).collect()
}

fn nothing(world: &World<'_>, unit: &Unit<'_>) -> Outlook {
    Outlook {
        source: world.plan.sources.get(unit.source).map(|source| source.name.clone()).unwrap_or_default(),
        database: unit.database.to_owned(),
        rpo: None,
        rto: None,
        restore_downtime: None,
        backup_downtime: Sum::default(),
        downtime_a_month: 0,
        copies: Vec::new(),
        losses: Vec::new(),
    }
}

/// For each stop of a server or database the start that ends it, by place of the steps.
fn pauses(world: &World<'_>) -> BTreeMap<usize, usize> {
    let mut out = BTreeMap::new();
    for (at, step) in world.plan.steps.iter().enumerate() {
        let Action::Start { source, database } = &step.action else { continue };
        for need in &step.needs {
            let Some(stop) = world.steps_by_address.get(need.step.0.as_str()) else { continue };
            let action = world.plan.steps.get(*stop).map(|step| &step.action);
            if matches!(action, Some(Action::Stop { source: of, database: one }) if of == source && one == database) {
                out.insert(*stop, at);
            }
        }
    }
    out
}

/// What databases with one history share.
struct Study<'a> {
    history: &'a History,
    /// Stores that get copies, in the order of the plan.
    stores: Vec<usize>,
    /// Whether every artifact is checked in a store before its run ends.
    verified: BTreeMap<usize, bool>,
    chains: BTreeMap<usize, (u64, u64)>,
    reach: BTreeMap<usize, Option<u64>>,
    /// By the stores that are left.
    worst: BTreeMap<Vec<usize>, Option<Worst>>,
    /// Runs in words, by job and time.
    told: BTreeMap<(usize, i64), String>,
}

impl<'a> Study<'a> {
    fn new(flow: &Flow, history: &'a History, shelves: &[Shelf], start: i64) -> Self {
        let copied = || flow.made.iter().flat_map(|made| &made.copies);
        let stores: BTreeSet<usize> = copied().map(|copy| copy.store).collect();
        let checked = |store: &usize| copied().filter(|copy| copy.store == *store).all(|copy| copy.verified);
        let reach = |store: &usize| {
            let prunes: Vec<i64> = shelves.get(*store)?.prunes.iter().map(|(at, ..)| *at).collect();
            loss::reach(history, *store, &prunes, start + YEAR - 31 * DAY, start + YEAR)
        };
        Self {
            history,
            verified: stores.iter().map(|store| (*store, checked(store))).collect(),
            chains: stores.iter().map(|store| (*store, loss::chains(history, *store))).collect(),
            reach: stores.iter().map(|store| (*store, reach(store))).collect(),
            stores: stores.into_iter().collect(),
            worst: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    fn worst(&mut self, left: &[usize]) -> Option<Worst> {
        let history = self.history;
        *self.worst.entry(left.to_vec()).or_insert_with(|| loss::worst(history, left))
    }

    /// A run of a job in words.
    fn told(&mut self, world: &World<'_>, job: usize, at: i64) -> String {
        let Some(of) = world.plan.jobs.get(job) else { return String::new() };
        let words = || {
            let zone = of.schedule.as_ref().map_or("UTC", |schedule| schedule.timezone.as_str());
            let time =
                jiff::Timestamp::from_second(at).ok().zip(schedule::zone(zone)).map(|(at, zone)| at.to_zoned(zone));
            let time = time.map(|time| time.strftime("%a %Y-%m-%d %H:%M").to_string()).unwrap_or_default();
            format!("{} on {time}", of.name)
        };
        self.told.entry((job, at)).or_insert_with(words).clone()
    }

    /// What a worst wait is made of: the time between two artifacts, and what the second one still takes.
    fn wait(&mut self, world: &World<'_>, unit: &Unit<'_>, worst: Worst) -> Sum {
        let history = self.history;
        let (Some(before), Some(after)) = (history.artifacts.get(worst.before), history.artifacts.get(worst.after))
        else {
            return Sum::default();
        };
        if worst.before == worst.after {
            return sum(vec![Term { amount: worst.total, what: "due less than twice in nine years".to_owned() }]);
        }
        let route = |made: Option<usize>| made.and_then(|made| unit.routes.get(made));
        let mut told = |at: i64, made: Option<usize>| {
            route(made).map(|route| self.told(world, route.made.job, at)).unwrap_or_default()
        };
        let gap = u64::try_from(after.taken - before.taken).unwrap_or_default();
        let what =
            format!("longest wait: from {} to {}", told(before.taken, before.made), told(after.taken, after.made));
        let mut terms = vec![Term { amount: gap, what }];
        let copy = route(after.made).and_then(|route| {
            let at = route.made.copies.iter().position(|copy| copy.store == worst.store)?;
            Some((route, *route.until.get(at)?))
        });
        if let Some((route, until)) = copy {
            let from = u64::try_from(route.made.taken).unwrap_or_default();
            terms.extend(world.times.path(from, until).terms);
        }
        let known = terms.iter().map(|term| term.amount).fold(0, u64::saturating_add);
        if worst.total > known {
            let what = "until the chain that it needs is there as well".to_owned();
            terms.push(Term { amount: worst.total - known, what });
        }
        Sum { total: worst.total, terms }
    }
}

/// What outlooks are written from and into.
struct Book {
    failing: Vec<Failing>,
    pauses: BTreeMap<usize, usize>,
    /// Most runs within 30 days, by timeline and job.
    busiest: BTreeMap<(usize, usize), u64>,
    out: Vec<Option<Outlook>>,
}

impl Book {
    fn outlook(&mut self, world: &mut World<'_>, at: usize, study: &mut Study<'_>) -> Option<Outlook> {
        let unit = world.units.get(at)?;
        let database = unit.database;
        let mut out = nothing(world, unit);
        (out.backup_downtime, out.downtime_a_month) = self.downtime(world, unit);
        let mut assumed = std::mem::take(&mut world.assumed);
        let (source, size) = (world.plan.sources.get(unit.source)?, *world.bytes.get(at)?);
        let places = Lookup::default();
        let basis = &mut Basis {
            plan: world.plan,
            sizes: &world.sizes,
            units: Lookup::default(),
            gaps: BTreeMap::new(),
            chains: BTreeMap::new(),
            places: &places,
            paces: &world.paces,
            rates: Lookup::default(),
            assumed: &mut assumed,
        };
        let mut restore = Restore { basis };
        for store in study.stores.clone() {
            let of_plan = world.plan.stores.get(store)?;
            let worst = study.worst(&[store]);
            let chain = study.chains.get(&store).copied().unwrap_or_default();
            let rto = worst.map(|_| restore.time((source, database), of_plan, size, chain));
            let full_rto = worst.map(|_| restore.time((source, database), of_plan, size, (1, 0)).total);
            out.copies.push(CopyOutlook {
                store: of_plan.name.clone(),
                rpo: worst.map(|worst| study.wait(world, unit, worst)),
                rto,
                full_rto,
                chain: chain.0,
                reach: study.reach.get(&store).copied().flatten(),
                verified: study.verified.get(&store).copied().unwrap_or(false),
            });
        }
        let all = study.stores.clone();
        out.rpo = study.worst(&all).map(|worst| study.wait(world, unit, worst));
        out.rto = best(&out.copies).and_then(|copy| copy.rto.clone());
        out.restore_downtime = out.rto.as_ref().map(|_| restore.exchange(source));
        for failing in &self.failing {
            out.losses.extend(loss_of(world, unit, failing, study, &out.copies));
        }
        world.assumed = assumed;
        Some(out)
    }

    /// Longest downtime of one backup, and of all in 30 days.
    fn downtime(&mut self, world: &World<'_>, unit: &Unit<'_>) -> (Sum, u64) {
        let mut by_job: BTreeMap<usize, (u64, Sum)> = BTreeMap::new();
        for route in &unit.routes {
            for (stop, start) in stops(world, route.backup, &self.pauses) {
                let from = world.times.start(stop);
                let down = world.times.path(from, start);
                let entry = by_job.entry(route.made.job).or_default();
                entry.0 = entry.0.saturating_add(down.total);
                if entry.1.total < down.total {
                    entry.1 = down;
                }
            }
        }
        let mut month = 0_u64;
        for (job, (seconds, _)) in &by_job {
            let Some(place) = world.places.get(*job).copied().flatten() else { continue };
            let runs = *self.busiest.entry((place.timeline, place.job)).or_insert_with(|| {
                let starts = world.timeline(place).into_iter().flat_map(|timeline| timeline.began(place.job));
                busiest(&starts.map(|run| run.start).collect::<Vec<_>>())
            });
            month = month.saturating_add(runs.saturating_mul(*seconds));
        }
        let longest = by_job.into_values().map(|(_, sum)| sum).max_by_key(|sum| sum.total);
        (longest.unwrap_or_default(), month)
    }
}

/// The downtimes that a backup is in.
fn stops(world: &World<'_>, backup: usize, pauses: &BTreeMap<usize, usize>) -> Vec<(usize, usize)> {
    let needs = world.plan.steps.get(backup).into_iter().flat_map(|step| &step.needs);
    let of = |need: &schema::step::Need| {
        let stop = world.steps_by_address.get(need.step.0.as_str())?;
        Some((*stop, *pauses.get(stop)?))
    };
    needs.filter_map(of).collect()
}

/// Most of these times within 30 days.
fn busiest(times: &[i64]) -> u64 {
    let (mut from, mut most) = (0, 0);
    for (to, at) in times.iter().enumerate() {
        while times.get(from).is_some_and(|first| at - first >= 30 * DAY) {
            from += 1;
        }
        most = most.max(to + 1 - from);
    }
    u64::try_from(most).unwrap_or(u64::MAX)
}

/// The copy that is restored from soonest.
fn best(copies: &[CopyOutlook]) -> Option<&CopyOutlook> {
    copies.iter().filter(|copy| copy.rto.is_some()).min_by_key(|copy| copy.rto.as_ref().map(|rto| rto.total))
}

/// What is left of a database when something is lost; `None` when that does not concern it.
fn loss_of(
    world: &World<'_>,
    unit: &Unit<'_>,
    failing: &Failing,
    study: &mut Study<'_>,
    copies: &[CopyOutlook],
) -> Option<Loss> {
    let hit = study.stores.iter().any(|store| failing.stores.contains(store));
    if !hit && !failing.sources.contains(&unit.source) {
        return None;
    }
    let left: Vec<usize> = study.stores.iter().copied().filter(|store| !failing.stores.contains(store)).collect();
    let names: Vec<String> =
        left.iter().filter_map(|store| Some(world.plan.stores.get(*store)?.name.clone())).collect();
    let of_left: Vec<CopyOutlook> = copies.iter().filter(|copy| names.contains(&copy.store)).cloned().collect();
    let worst = study.worst(&left);
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    let one = |amount: u64, what: String| Sum { total: amount, terms: vec![Term { amount, what }] };
    let rpo = worst.map(|worst| match left.as_slice() {
        [_] => one(worst.total, format!("as for {listed} alone")),
        _ if !hit => one(worst.total, "as when no copy is lost".to_owned()),
        _ => one(worst.total, format!("longest wait for a newer copy in {listed}")),
    });
    let rto = best(&of_left).and_then(|copy| {
        let total = copy.rto.as_ref()?.total;
        Some(one(total, format!("as from `{}`", copy.store)))
    });
    Some(Loss { domain: failing.domain, name: failing.name.clone(), left: names, rpo, rto })
}
