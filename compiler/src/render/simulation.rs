//! A simulation for people: what ran, what was kept and removed, what stores hold, and what is left when something is lost.

use super::forecast::aligned;
use crate::amount::{bytes, exactly, time};
use jiff::Timestamp;
use schema::forecast::Domain;
use schema::simulate::{Copied, History, RunOutcome, Simulation};
use schema::step::Extent;
use std::fmt::Write;

/// How many databases of one history are named.
const NAMED: usize = 3;

/// The table. `events` adds every run, restorable point and deletion, by time, in UTC.
#[must_use]
pub fn simulation(simulation: &Simulation, events: bool) -> String {
    let mut out = format!("`{}` from {} to {}\n", simulation.strategy, utc(simulation.from), utc(simulation.to));
    jobs(simulation, &mut out);
    points(simulation, &mut out);
    stores(simulation, &mut out);
    failures(simulation, &mut out);
    if events {
        every(simulation, &mut out);
    }
    out
}

/// The databases of a history, in a few words.
pub(super) fn named(history: &History) -> String {
    match history.databases.as_slice() {
        all if all.len() <= NAMED => all.join(", "),
        [first, rest @ ..] => format!("{first} and {} more like it", rest.len()),
        [] => String::new(),
    }
}

pub(super) fn domain(domain: Domain) -> &'static str {
    match domain {
        Domain::Host => "host",
        Domain::Zone => "zone",
        Domain::Site => "site",
        Domain::Provider => "provider",
        Domain::Account => "account",
        Domain::Store => "store",
    }
}

pub(super) fn utc(at: i64) -> String {
    let time = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(jiff::tz::TimeZone::UTC);
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

fn jobs(simulation: &Simulation, out: &mut String) {
    let head = ["job", "runs", "window closed", "held up", "lost"].map(str::to_owned);
    let row = |job: &schema::simulate::JobRuns| {
        let count = |outcome: RunOutcome| job.runs.iter().filter(|run| run.outcome == outcome).count().to_string();
        let [ran, closed, held, lost] =
            [RunOutcome::Ran, RunOutcome::WindowClosed, RunOutcome::HeldUp, RunOutcome::Lost].map(count);
        [job.job.clone(), ran, closed, held, lost]
    };
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(simulation.jobs.iter().map(row)).collect();
    let _ = write!(out, "\n{}", aligned(&rows));
}

fn points(simulation: &Simulation, out: &mut String) {
    let head = ["database", "store", "copies made", "removed", "lost", "restorable at the end", "newest", "oldest"];
    let mut rows = vec![head.map(str::to_owned)];
    for history in &simulation.histories {
        for (at, store) in simulation.stores.iter().enumerate() {
            let copies = || {
                let of_store = move |copy: &&Copied| usize::try_from(copy.store).is_ok_and(|store| store == at);
                history
                    .points
                    .iter()
                    .flat_map(move |point| point.copies.iter().filter(of_store).map(move |copy| (point.taken, copy)))
            };
            if copies().next().is_none() {
                continue;
            }
            let good = || copies().filter(|(_, copy)| copy.gone.is_none() && copy.restorable.is_some());
            let count = |is: fn(&Copied) -> bool| copies().filter(|(_, copy)| is(copy)).count().to_string();
            let when = |at: Option<i64>| at.map_or_else(|| "–".to_owned(), utc);
            rows.push([
                named(history),
                store.store.clone(),
                copies().count().to_string(),
                count(|copy| copy.pruned),
                count(|copy| copy.gone.is_some() && !copy.pruned),
                good().count().to_string(),
                when(good().map(|(taken, _)| taken).max()),
                when(good().map(|(taken, _)| taken).min()),
            ]);
        }
    }
    let _ = write!(out, "\n{}", aligned(&rows));
}

fn stores(simulation: &Simulation, out: &mut String) {
    let head = ["store", "after a month", "at the end", "at most"].map(str::to_owned);
    let row = |level: &schema::simulate::Level| {
        let at = |day: usize| level.days.get(day).map_or_else(|| "–".to_owned(), |held| bytes(*held));
        let most = bytes(level.days.iter().copied().max().unwrap_or_default());
        [level.store.clone(), at(29), at(level.days.len().wrapping_sub(1)), most]
    };
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(simulation.stores.iter().map(row)).collect();
    let _ = write!(out, "\n{}", aligned(&rows));
}

fn failures(simulation: &Simulation, out: &mut String) {
    for failed in &simulation.failures {
        let _ = writeln!(out, "\nWhen {} {} is lost at {}", domain(failed.domain), failed.name, utc(failed.at));
        let rows = simulation.histories.iter().zip(&failed.left).map(|(history, left)| {
            let what = match (&left.store, left.newest, left.loss) {
                (Some(store), Some(newest), Some(loss)) => {
                    format!("loses {}; newest: {}, in {store}", exactly(loss), utc(newest))
                }
                _ => "everything is lost".to_owned(),
            };
            [named(history), what]
        });
        out.push_str(&aligned(&rows.collect::<Vec<[String; 2]>>()));
    }
}

/// Every event, by time; of events at one time those that end something come first.
fn every(simulation: &Simulation, out: &mut String) {
    let mut events: Vec<(i64, u8, String)> = Vec::new();
    for job in &simulation.jobs {
        for run in &job.runs {
            let what = match run.outcome {
                RunOutcome::Ran => {
                    format!("run of {} begins, for {}", job.job, time(u64::try_from(run.end - run.start).unwrap_or(0)))
                }
                RunOutcome::WindowClosed => format!("run of {} is left out: its window is closed", job.job),
                RunOutcome::HeldUp => format!("run of {} is left out: another one is at work", job.job),
                RunOutcome::Lost => format!("run of {} fails: what it needs is lost", job.job),
            };
            events.push((run.start, 3, what));
        }
    }
    for history in &simulation.histories {
        let databases = named(history);
        for point in &history.points {
            let extent = if point.extent == Extent::Full { "full" } else { "differential" };
            for copy in &point.copies {
                let store = usize::try_from(copy.store).ok().and_then(|at| simulation.stores.get(at));
                let store = store.map_or("", |level| level.store.as_str());
                let what = format!("{extent} of {databases} taken {}, in {store}", utc(point.taken));
                if let Some(at) = copy.gone {
                    events.push((at, 1, format!("{} {what}", if copy.pruned { "removed:" } else { "lost:" })));
                }
                if let Some(at) = copy.restorable.filter(|at| *at >= simulation.from) {
                    events.push((at, 2, format!("restorable: {what}")));
                }
            }
        }
    }
    for failed in &simulation.failures {
        events.push((failed.at, 0, format!("{} {} is lost", domain(failed.domain), failed.name)));
    }
    events.sort();
    out.push('\n');
    for (at, _, what) in events {
        let _ = writeln!(out, "  {}  {what}", utc(at));
    }
}
