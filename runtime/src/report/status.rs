//! How backups stand: each database with its newest point, its way back and its copies; stores; runs that were due.

use super::{Due, Seen};
use crate::journal::Ran;
use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::forecast::Outlook;
use schema::manifest::LaterFact;
use schema::plan::{Exception, Plan};
use schema::report::Outcome;
use schema::source::Engine;
use schema::status::{
    CheckSeen, CopyStatus, DatabaseStatus, FORMAT, JobStatus, Measured, Point, RunSeen, Spread, Status, StoreStatus,
    Trouble, Verdict,
};
use schema::step::Action;
use std::collections::BTreeSet;

/// A run may begin a little before it is due, where another clock started it, and this much later than it was asked for.
const EARLY: i64 = 60;
const LATE: i64 = 600;

/// Judges what was read. `due` are the jobs with a schedule.
#[must_use]
pub fn status(plan: &Plan, seen: &Seen, due: &[Due], now: Timestamp) -> Status {
    let look = Look { plan, seen, now };
    let mut status = Status {
        format: FORMAT,
        strategy: plan.strategy.clone(),
        environment: plan.environment.clone(),
        at: told(now),
        as_of: told(seen.remembered.unwrap_or(now)),
        asked: seen.remembered.is_none(),
        objectives: plan.objectives,
        databases: look.names().iter().map(|(source, database)| look.database(source, database)).collect(),
        stores: plan.stores.iter().map(|store| look.store(store)).collect(),
        jobs: look.jobs(due),
        ..Status::default()
    };
    let mut problems = Vec::new();
    for database in &status.databases {
        look.judge_database(database, &mut problems);
    }
    for store in status.stores.iter().filter(|store| !store.reachable) {
        let why = store.why.clone().unwrap_or_default();
        problems.push(trouble("store-unreachable", &store.name, Verdict::Unknown, format!("it cannot be read: {why}")));
    }
    for job in &status.jobs {
        look.judge_job(job, due, &mut problems);
    }
    status.verdict = problems.iter().map(|problem| problem.verdict).max().unwrap_or_default();
    status.problems = problems;
    status
}

fn trouble(code: &str, about: &str, verdict: Verdict, message: String) -> Trouble {
    Trouble { code: code.to_owned(), about: about.to_owned(), verdict, message }
}

/// A time in whole seconds.
pub(super) fn told(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Seconds from one time to a later one.
fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

/// A fact as it is told.
pub(super) fn check(fact: &LaterFact) -> CheckSeen {
    let drill = fact.drill.as_ref().filter(|_| fact.ok);
    // A part of a second counts as one: nothing is faster than it was.
    let took = drill.map(|drill| (drill.fetch + drill.load + drill.check + drill.queries).div_ceil(1000));
    CheckSeen {
        with: fact.with.clone(),
        artifact: fact.id.clone(),
        ok: fact.ok,
        at: fact.at.clone(),
        run: fact.run.clone(),
        seconds: took,
        detail: fact.detail.clone(),
    }
}

pub(super) fn run(ran: &Ran) -> RunSeen {
    RunSeen {
        run: ran.run.clone(),
        job: ran.job.clone(),
        started: ran.started.clone(),
        ended: ran.ended.clone(),
        outcome: ran.outcome,
    }
}

struct Look<'a> {
    plan: &'a Plan,
    seen: &'a Seen,
    now: Timestamp,
}

impl<'a> Look<'a> {
    /// Every database that a job backs up, as far as it is known by name.
    fn names(&self) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> = Vec::new();
        for step in &self.plan.steps {
            let Action::Backup { source, database, .. } = &step.action else { continue };
            let found: Vec<&str> = if database.contains(['*', '?']) {
                // What a pattern stands for is known by what it has made.
                let of = self.seen.artifacts.iter().filter(|copy| copy.source == *source);
                of.map(|copy| copy.database.as_str()).collect()
            } else {
                vec![database]
            };
            for database in found {
                let name = (source.clone(), database.to_owned());
                if !out.contains(&name) {
                    out.push(name);
                }
            }
        }
        out
    }

    fn reachable(&self, store: &str) -> bool {
        !self.seen.unreachable.iter().any(|(name, _)| name == store)
    }

    fn copies_of(&self, source: &'a str, database: &'a str) -> impl Iterator<Item = &'a StoredArtifact> {
        let all = self.seen.artifacts.iter();
        all.filter(move |copy| copy.source == source && copy.database == database)
    }

    fn outlook(&self, source: &str, database: &str) -> Option<&'a Outlook> {
        let all = &self.plan.forecast.as_ref()?.databases;
        all.iter().find(|outlook| outlook.source == source && outlook.database == database)
    }

    fn database(&self, source: &'a str, database: &'a str) -> DatabaseStatus {
        let outlook = self.outlook(source, database);
        let newest = self.newest(source, database);
        let objectives = self.plan.objectives;
        let age = newest.as_ref().and_then(|point| time(&point.taken)).map(|taken| between(taken, self.now));
        let copies: Vec<CopyStatus> = self.stores_of(source, database, outlook);
        // What is in a store that is away may be newer than all that can be seen.
        let away = newest.is_none() && copies.iter().any(|copy| !copy.reachable);
        let rpo = Measured {
            is: age,
            at: Some(told(self.seen.remembered.unwrap_or(self.now))),
            target: objectives.rpo,
            worst: outlook.and_then(|outlook| Some(outlook.rpo.as_ref()?.total)),
            verdict: judged(age, objectives.rpo, if away { Verdict::Unknown } else { Verdict::Missed }),
        };
        let drill = copies.iter().filter_map(|copy| copy.last_drill.as_ref()).filter(|drill| drill.ok);
        let drill = drill.max_by(|one, other| one.at.cmp(&other.at));
        let seconds = drill.and_then(|drill| drill.seconds);
        let rto = Measured {
            is: seconds,
            at: drill.map(|drill| drill.at.clone()),
            target: objectives.rto,
            worst: outlook.and_then(|outlook| Some(outlook.rto.as_ref()?.total)),
            verdict: judged(seconds, objectives.rto, Verdict::Unknown),
        };
        let spread = self.spread(source, newest.as_ref(), &copies);
        let (source, database) = (source.to_owned(), database.to_owned());
        DatabaseStatus { source, database, newest, rpo, rto, spread, copies }
    }

    /// The newest artifact that can be had now, with all copies of it.
    fn newest(&self, source: &'a str, database: &'a str) -> Option<Point> {
        let sound = || self.copies_of(source, database).filter(|copy| !copy.damaged && self.reachable(&copy.store));
        let key = |copy: &&StoredArtifact| (time(&copy.taken), copy.id.clone());
        let newest = sound().max_by(|one, other| key(one).cmp(&key(other)))?;
        let same = sound().filter(|copy| copy.id == newest.id);
        let stores = same.map(|copy| copy.store.clone()).collect();
        Some(Point { artifact: newest.id.clone(), taken: newest.taken.clone(), stores, size: newest.size })
    }

    fn stores_of(&self, source: &'a str, database: &'a str, outlook: Option<&Outlook>) -> Vec<CopyStatus> {
        let promised: BTreeSet<&str> =
            outlook.into_iter().flat_map(|outlook| &outlook.copies).map(|copy| copy.store.as_str()).collect();
        let held: BTreeSet<&str> = self.copies_of(source, database).map(|copy| copy.store.as_str()).collect();
        let stores = self.plan.stores.iter().map(|store| store.name.as_str());
        let stores = stores.filter(|store| promised.contains(store) || held.contains(store));
        stores.map(|store| self.copy(source, database, store)).collect()
    }

    fn copy(&self, source: &'a str, database: &'a str, store: &str) -> CopyStatus {
        let here: Vec<&StoredArtifact> = self.copies_of(source, database).filter(|copy| copy.store == *store).collect();
        let sound = here.iter().filter(|copy| !copy.damaged);
        let newest = sound.max_by(|one, other| time(&one.taken).cmp(&time(&other.taken)));
        let ids: BTreeSet<&str> = here.iter().map(|copy| copy.id.as_str()).collect();
        let facts = || {
            let of = self.seen.facts.iter().filter(|(place, fact)| place == store && ids.contains(fact.id.as_str()));
            of.map(|(_, fact)| fact)
        };
        let last = |drill: bool| {
            let of = facts().filter(|fact| (fact.with == "drill") == drill);
            of.max_by(|one, other| one.at.cmp(&other.at)).map(check)
        };
        CopyStatus {
            store: store.to_owned(),
            reachable: self.reachable(store),
            artifacts: here.len() as u64,
            damaged: here.iter().filter(|copy| copy.damaged).count() as u64,
            newest: newest.map(|copy| copy.taken.clone()),
            age: newest.and_then(|copy| time(&copy.taken)).map(|taken| between(taken, self.now)),
            verified: newest.is_some_and(|copy| copy.verified),
            last_check: last(false),
            last_drill: last(true),
        }
    }

    /// Counted as the policy counts, but by what is there.
    fn spread(&self, source: &str, newest: Option<&Point>, copies: &[CopyStatus]) -> Spread {
        // A store whose newest copy is older than the objective allows does not protect what there is to protect.
        let target = self.plan.objectives.rpo;
        let counts = |copy: &&CopyStatus| {
            let fresh = match (target, copy.age) {
                (Some(target), Some(age)) => age <= target,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            copy.reachable && (fresh || newest.is_some_and(|point| point.stores.contains(&copy.store)))
        };
        let good: Vec<&CopyStatus> = copies.iter().filter(counts).collect();
        let stores = good.iter().filter_map(|copy| self.plan.store(&copy.store));
        let sites: BTreeSet<String> =
            stores.clone().filter_map(|store| store.site.clone()).chain(self.live(source)).collect();
        let media: BTreeSet<String> = stores.filter_map(|store| store.media.clone()).collect();
        Spread {
            copies: 1 + good.len() as u64,
            sites: sites.into_iter().collect(),
            media: media.into_iter().collect(),
            verified: good.iter().filter(|copy| copy.verified).count() as u64,
        }
    }

    /// The sites of the live data, where they are said.
    fn live(&self, source: &str) -> Vec<String> {
        let runner = self.plan.runner.as_ref().and_then(|runner| runner.site.clone());
        match self.plan.source(source).map(|source| &source.engine) {
            Some(Engine::Neo4j(neo4j)) if neo4j.servers.iter().any(|server| server.site.is_some()) => {
                neo4j.servers.iter().filter_map(|server| server.site.clone()).collect()
            }
            _ => runner.into_iter().collect(),
        }
    }

    fn store(&self, store: &schema::store::Store) -> StoreStatus {
        let held = self.seen.artifacts.iter().filter(|copy| copy.store == store.name);
        let why = self.seen.unreachable.iter().find(|(name, _)| *name == store.name).map(|(_, why)| why.clone());
        StoreStatus {
            name: store.name.clone(),
            reachable: why.is_none(),
            why,
            artifacts: held.clone().count() as u64,
            size: held.map(|copy| copy.size).sum(),
            site: store.site.clone(),
            media: store.media.clone(),
        }
    }

    fn jobs(&self, due: &[Due]) -> Vec<JobStatus> {
        let first = self.seen.runs.iter().filter_map(|ran| time(&ran.started)).min();
        let one = |job: &schema::plan::Job| {
            let runs: Vec<&Ran> = self.seen.runs.iter().filter(|ran| ran.job == job.name).collect();
            let due = due.iter().find(|due| due.job == job.name);
            if due.is_none() && runs.is_empty() {
                return None;
            }
            let past = due.map(|due| due.past.as_slice()).unwrap_or_default();
            Some(JobStatus {
                job: job.name.clone(),
                last: runs.last().map(|ran| run(ran)),
                next: due.and_then(|due| due.next).map(told),
                missed: uncovered(past, &runs, first, self.now).into_iter().map(told).collect(),
            })
        };
        self.plan.jobs.iter().filter_map(one).collect()
    }

    fn judge_database(&self, database: &DatabaseStatus, out: &mut Vec<Trouble>) {
        let about = format!("{}:{}", database.source, database.database);
        let mut tell = |code: &str, verdict, message: String| out.push(trouble(code, &about, verdict, message));
        if database.newest.is_none() {
            // Where a store is away, it may be there.
            let away = database.copies.iter().any(|copy| !copy.reachable);
            let verdict = if away { Verdict::Unknown } else { Verdict::Missed };
            tell("nothing-restorable", verdict, "there is no copy that can be restored now".to_owned());
        } else if database.rpo.verdict == Verdict::Missed {
            let (is, target) = (database.rpo.is.unwrap_or(0), database.rpo.target.unwrap_or(0));
            let message = format!("the newest copy is {} old, and `rpo` is {}", spelled(is), spelled(target));
            tell("rpo-missed", Verdict::Missed, message);
        }
        match (database.rto.verdict, database.rto.is) {
            (Verdict::Missed, Some(is)) => {
                let target = database.rto.target.unwrap_or(0);
                let message = format!("the last drill took {}, and `rto` is {}", spelled(is), spelled(target));
                tell("rto-missed", Verdict::Missed, message);
            }
            (Verdict::Unknown, _) => {
                tell("rto-unmeasured", Verdict::Unknown, "no drill has measured the way back".to_owned());
            }
            _ => {}
        }
        for copy in database.copies.iter().filter(|copy| self.newest_is_damaged(database, &copy.store)) {
            tell("copy-damaged", Verdict::Missed, format!("the newest copy in `{}` is damaged", copy.store));
        }
        for copy in &database.copies {
            if let Some(drill) = copy.last_drill.as_ref().filter(|drill| !drill.ok) {
                let message = format!("the last drill from `{}` failed: {}", copy.store, drill.detail);
                tell("drill-failed", Verdict::Missed, message);
            }
        }
        let today = self.now.strftime("%Y-%m-%d").to_string();
        for requirement in &self.plan.requirements {
            let is = match requirement.what.as_str() {
                "copies" => database.spread.copies,
                "sites" => database.spread.sites.len() as u64,
                "media" => database.spread.media.len() as u64,
                "verified" => database.spread.verified,
                _ => continue,
            };
            let is_meant = |it: &Exception| it.what == requirement.what && it.holds(&today);
            let excused = self.plan.exceptions.iter().any(is_meant);
            if is < requirement.min && !excused {
                let (what, min) = (&requirement.what, requirement.min);
                tell(
                    &format!("{what}-too-few"),
                    Verdict::Missed,
                    format!("{is} of {min} required {what} are there now"),
                );
            }
        }
    }

    /// An older copy that is damaged is told in its table only: a newer one does its work.
    fn newest_is_damaged(&self, database: &DatabaseStatus, store: &str) -> bool {
        let of = |copy: &&StoredArtifact| {
            copy.source == database.source && copy.database == database.database && copy.store == store
        };
        let newest =
            self.seen.artifacts.iter().filter(of).max_by(|one, other| time(&one.taken).cmp(&time(&other.taken)));
        newest.is_some_and(|copy| copy.damaged)
    }

    fn judge_job(&self, job: &JobStatus, due: &[Due], out: &mut Vec<Trouble>) {
        let last_due = due
            .iter()
            .find(|due| due.job == job.job)
            .and_then(|due| due.past.iter().rev().find(|due| between(**due, self.now) > LATE.unsigned_abs()).copied());
        if let (Some(last), Some(at)) = (job.missed.last(), last_due)
            && *last == told(at)
        {
            let message = format!("it was due at {last} and did not begin");
            out.push(trouble("run-missed", &job.job, Verdict::Missed, message));
        }
        let Some(last) = &job.last else { return };
        if matches!(last.outcome, Some(Outcome::Failed | Outcome::Cancelled | Outcome::Skipped)) {
            let outcome = last.outcome.map(|outcome| outcome.to_string()).unwrap_or_default();
            out.push(trouble(
                "run-failed",
                &job.job,
                Verdict::Missed,
                format!("its last run {outcome} ({})", last.started),
            ));
        }
    }
}

/// Seconds with every unit that they have: `1d 1h`.
fn spelled(seconds: u64) -> String {
    let units = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts: Vec<String> =
        units.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// `otherwise` is the verdict where something is wanted and nothing was measured.
fn judged(is: Option<u64>, target: Option<u64>, otherwise: Verdict) -> Verdict {
    match (is, target) {
        (_, None) => Verdict::Fine,
        (None, Some(_)) => otherwise,
        (Some(is), Some(target)) if is > target => Verdict::Missed,
        (Some(_), Some(_)) => Verdict::Fine,
    }
}

/// When a job was due and no run of it began. Times before the first run of all are not judged: the journal of this machine
/// begins there.
pub(crate) fn missed(due: &Due, runs: &[Ran], now: Timestamp) -> Vec<Timestamp> {
    let runs: Vec<&Ran> = runs.iter().filter(|ran| ran.job == due.job).collect();
    let first = runs.iter().filter_map(|ran| time(&ran.started)).min();
    uncovered(&due.past, &runs, first, now)
}

/// Due times in which no run began, before the next one was due.
fn uncovered(past: &[Timestamp], runs: &[&Ran], first: Option<Timestamp>, now: Timestamp) -> Vec<Timestamp> {
    let Some(first) = first else { return Vec::new() };
    let began: Vec<i64> = runs.iter().filter_map(|ran| Some(time(&ran.started)?.as_second())).collect();
    let mut out = Vec::new();
    for (at, due) in past.iter().enumerate() {
        let due_at = due.as_second();
        let until = past.get(at + 1).map_or(i64::MAX, |next| next.as_second() - EARLY);
        let late = now.as_second() - due_at > LATE;
        if *due >= first && late && !began.iter().any(|began| (due_at - EARLY..until).contains(began)) {
            out.push(*due);
        }
    }
    out
}
