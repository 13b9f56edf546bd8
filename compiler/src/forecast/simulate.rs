//! What a plan does from a time on: the same runs, artifacts and deletions that a forecast takes its worst cases from,
//! one by one, with what stores hold at the start and what is lost on the way.

use super::DAY;
use super::domain::{self, Failing};
use super::history::{Artifact, Copy, Flow, History, Initial, NEVER, Shelf};
use super::outlook;
use super::storage::Ledger;
use super::timeline::Outcome;
use super::world::World;
use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::forecast::Domain;
use schema::plan::Plan;
use schema::simulate::{self as told, Copied, Failed, JobRuns, Left, Level, Point, RunOutcome, Simulation};
use schema::step::Extent;
use std::collections::BTreeMap;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Simulate {
    pub from: Timestamp,
    /// Seconds; at most ten years are looked at.
    pub span: u64,
    pub failures: Vec<Failure>,
}

/// Something that is lost for good at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub domain: Domain,
    pub name: String,
    pub at: Timestamp,
}

/// Longest time that is looked at.
const LONGEST: u64 = 3_653 * 86_400;

impl Failure {
    /// Reads `site=dc-1`, `host=…`, `zone=site/zone`, `provider=…`, `account=…` or `store=…`.
    ///
    /// # Errors
    /// When the text is none of these, with what to say instead.
    pub fn parse(text: &str, at: Timestamp) -> Result<Self, String> {
        let domains = [
            ("host", Domain::Host),
            ("zone", Domain::Zone),
            ("site", Domain::Site),
            ("provider", Domain::Provider),
            ("account", Domain::Account),
            ("store", Domain::Store),
        ];
        let said = text.split_once('=').filter(|(_, name)| !name.is_empty());
        let found = said.and_then(|(word, name)| {
            let (_, domain) = domains.into_iter().find(|(known, _)| *known == word)?;
            Some(Self { domain, name: name.to_owned(), at })
        });
        let words: Vec<&str> = domains.iter().map(|(word, _)| *word).collect();
        found.ok_or_else(|| format!("`{text}` is none of {}, with `=` and a name", words.join(", ")))
    }
}

/// Every run, artifact and deletion from a time on. `artifacts` are what stores hold then.
///
/// # Errors
/// When a failure is of something that the plan does not have, with what it has.
pub fn simulate(plan: &Plan, artifacts: &[StoredArtifact], options: &Simulate) -> Result<Simulation, String> {
    let from = options.from.as_second();
    let to = from + i64::try_from(options.span.min(LONGEST)).unwrap_or_default();
    let losses = Losses::new(plan, &options.failures)?;
    let world = World::new(plan, artifacts, from, Some(to));
    let shelves: Vec<Shelf> =
        outlook::shelves(&world).into_iter().enumerate().map(|(store, shelf)| losses.shelf(store, shelf)).collect();
    let initial = initial(plan, artifacts, from);
    let mut alike: BTreeMap<Flow, Vec<usize>> = BTreeMap::new();
    for (at, unit) in world.units.iter().enumerate() {
        let of_runs = outlook::flow(&world, at);
        let mut flow = of_runs.unwrap_or(Flow { timeline: usize::MAX, ..Flow::default() });
        let source = plan.sources.get(unit.source).map_or("", |source| source.name.as_str());
        flow.initial = initial.get(&(source, unit.database)).cloned().unwrap_or_default();
        (flow.ends, flow.stops) = (losses.source(unit.source), losses.runner);
        alike.entry(flow).or_default().push(at);
    }
    let mut groups: Vec<(Flow, Vec<usize>)> = alike.into_iter().collect();
    groups.sort_by_key(|(_, units)| units.first().copied());
    let days = usize::try_from((to - from + DAY - 1) / DAY).unwrap_or_default();
    let mut ledger = Ledger::new(plan.stores.len(), days);
    let mut failures = losses.told();
    let mut histories = Vec::new();
    for (flow, units) in groups {
        let timeline = world.timelines.get(flow.timeline).cloned();
        let history = History::new(&flow, timeline.as_deref(), &shelves);
        let sized = |at: &usize| Some((world.units.get(*at)?.source, *world.bytes.get(*at)?));
        ledger.add(&history, from, &world.sizes, &units.iter().filter_map(sized).collect::<Vec<_>>());
        for failure in &mut failures {
            failure.left.push(left(plan, &history, failure.at));
        }
        histories.push(told(&world, &units, &history, to));
    }
    let level =
        |(at, store): (usize, &schema::store::Store)| Level { store: store.name.clone(), days: ledger.level(at) };
    Ok(Simulation {
        format: told::FORMAT,
        strategy: plan.strategy.clone(),
        from,
        to,
        failures,
        jobs: runs(&world, &losses, to),
        histories,
        stores: plan.stores.iter().enumerate().map(level).collect(),
    })
}

/// Everything that is lost, and when.
struct Losses {
    all: Vec<(Failing, i64)>,
    runner: i64,
}

impl Losses {
    fn new(plan: &Plan, failures: &[Failure]) -> Result<Self, String> {
        let known = domain::all(plan);
        let mut all = Vec::new();
        for failure in failures {
            let found = known.iter().find(|it| it.domain == failure.domain && it.name == failure.name);
            let Some(found) = found else {
                let names = known.iter().filter(|it| it.domain == failure.domain);
                let names: Vec<String> = names.map(|it| format!("`{}`", it.name)).collect();
                let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return Err(format!(
                    "the plan has no such place as `{}`; of its kind there are: {there}",
                    failure.name
                ));
            };
            all.push((found.clone(), failure.at.as_second()));
        }
        all.sort_by_key(|(_, at)| *at);
        let runner = all.iter().find(|(failing, _)| failing.runner).map_or(NEVER, |(_, at)| *at);
        Ok(Self { all, runner })
    }

    fn source(&self, source: usize) -> i64 {
        self.all.iter().find(|(failing, _)| failing.whole.contains(&source)).map_or(NEVER, |(_, at)| *at)
    }

    fn shelf(&self, store: usize, shelf: Shelf) -> Shelf {
        let ends = self.all.iter().find(|(failing, _)| failing.stores.contains(&store)).map_or(NEVER, |(_, at)| *at);
        let prunes = shelf.prunes.iter().filter(|(at, ..)| *at < self.runner).copied().collect();
        Shelf { ends, prunes: std::rc::Rc::new(prunes), ..shelf }
    }

    fn told(&self) -> Vec<Failed> {
        let failed = |(failing, at): &(Failing, i64)| Failed {
            domain: failing.domain,
            name: failing.name.clone(),
            at: *at,
            left: Vec::new(),
        };
        self.all.iter().map(failed).collect()
    }
}

/// When it was taken, a copy, and the place of its store.
type Stored<'a> = (i64, &'a StoredArtifact, usize);

/// What stores hold at the start, by source and database.
fn initial<'a>(plan: &Plan, artifacts: &'a [StoredArtifact], from: i64) -> BTreeMap<(&'a str, &'a str), Vec<Initial>> {
    let stores: BTreeMap<&str, usize> =
        plan.stores.iter().enumerate().map(|(at, store)| (store.name.as_str(), at)).collect();
    let mut groups: BTreeMap<(&str, &str), Vec<Stored<'_>>> = BTreeMap::new();
    for artifact in artifacts {
        let time = artifact.taken.parse::<Timestamp>().ok().map(Timestamp::as_second).filter(|at| *at < from);
        let Some((taken, store)) = time.zip(stores.get(artifact.store.as_str())) else { continue };
        groups.entry((&artifact.source, &artifact.database)).or_default().push((taken, artifact, *store));
    }
    let one = |mut copies: Vec<Stored<'_>>| {
        copies.sort_by(|one, other| (one.0, &one.1.id, one.2).cmp(&(other.0, &other.1.id, other.2)));
        let (mut out, mut places): (Vec<Initial>, BTreeMap<&str, usize>) = (Vec::new(), BTreeMap::new());
        for (taken, artifact, store) in copies {
            let locked = artifact.locked_until.as_ref();
            let locked = locked.map(|until| until.parse::<Timestamp>().map_or(NEVER, Timestamp::as_second));
            let parent = artifact.parent.as_ref().and_then(|parent| places.get(parent.as_str()).copied());
            let at = *places.entry(artifact.id.as_str()).or_insert_with(|| {
                let differential = artifact.parent.is_some();
                out.push(Initial { taken, parent, differential, copies: Vec::new() });
                out.len() - 1
            });
            if let Some(initial) = out.get_mut(at) {
                initial.copies.push((store, artifact.verified, locked));
            }
        }
        out
    };
    groups.into_iter().map(|(key, copies)| (key, one(copies))).collect()
}

/// What is left of a history right after something is lost.
fn left(plan: &Plan, history: &History, at: i64) -> Left {
    let stores = plan.stores.iter().enumerate();
    let good = stores.filter_map(|(store, of_plan)| {
        let copies = history.copies.get(store)?.iter().zip(&history.artifacts);
        let there = copies.filter(|(copy, _)| copy.good <= at && copy.gone > at).map(|(_, artifact)| artifact.taken);
        Some((there.max()?, std::cmp::Reverse(store), of_plan))
    });
    let newest = good.max_by_key(|(taken, store, _)| (*taken, *store));
    Left {
        newest: newest.map(|(taken, ..)| taken),
        store: newest.map(|(_, _, store)| store.name.clone()),
        loss: newest.and_then(|(taken, ..)| u64::try_from(at - taken).ok()),
    }
}

fn told(world: &World<'_>, units: &[usize], history: &History, to: i64) -> told::History {
    let name = |at: &usize| {
        let unit = world.units.get(*at)?;
        Some(format!("{}:{}", world.plan.sources.get(unit.source)?.name, unit.database))
    };
    let routes = units.first().and_then(|at| world.units.get(*at)).map_or(&[][..], |unit| &unit.routes);
    let job = |artifact: &Artifact| Some(world.plan.jobs.get(routes.get(artifact.made?)?.made.job)?.name.clone());
    let mut points = Vec::with_capacity(history.artifacts.len());
    for (at, artifact) in history.artifacts.iter().enumerate() {
        let of = |(store, copies): (usize, &Vec<Copy>)| {
            let copy = copies.get(at).filter(|copy| copy.present < to)?;
            let before_end = |at: i64| Some(at).filter(|at| *at < to);
            Some(Copied {
                store: u32::try_from(store).ok()?,
                present: copy.present,
                restorable: before_end(copy.good).filter(|good| *good < copy.gone),
                gone: before_end(copy.gone),
                pruned: copy.pruned && copy.gone < to,
            })
        };
        let copies: Vec<Copied> = history.copies.iter().enumerate().filter_map(of).collect();
        if !copies.is_empty() {
            let extent = if artifact.differential { Extent::Differential } else { Extent::Full };
            points.push(Point { taken: artifact.taken, extent, job: job(artifact), copies });
        }
    }
    told::History { databases: units.iter().filter_map(name).collect(), points }
}

fn runs(world: &World<'_>, losses: &Losses, to: i64) -> Vec<JobRuns> {
    let jobs = world.plan.jobs.iter().enumerate();
    let of = |(at, job): (usize, &schema::plan::Job)| {
        let place = world.places.get(at).copied().flatten()?;
        let runs = world.timeline(place)?.runs.get(place.job)?;
        let duration = i64::try_from(world.duration(at)).unwrap_or(i64::MAX / 4);
        let sources = world.held_by(&[at]);
        let sources = sources.iter().map(|source| losses.source(*source)).max().unwrap_or(NEVER);
        let lost = losses.runner.min(sources);
        let run = |run: &super::timeline::Run| {
            let outcome = match run.outcome {
                _ if run.start >= lost => RunOutcome::Lost,
                Outcome::Ran => RunOutcome::Ran,
                Outcome::Closed => RunOutcome::WindowClosed,
                Outcome::Held => RunOutcome::HeldUp,
            };
            let end = if outcome == RunOutcome::Ran { run.start.saturating_add(duration) } else { run.start };
            told::Run { due: run.due, start: run.start, end, outcome }
        };
        Some(JobRuns { job: job.name.clone(), runs: runs.iter().filter(|run| run.due < to).map(run).collect() })
    };
    jobs.filter_map(of).collect()
}
