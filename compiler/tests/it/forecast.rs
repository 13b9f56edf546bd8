//! The forecast and the simulation against the truth: a walk through every minute of the same time, written for the test
//! alone, over random strategies. And the words and sums that every forecast must have.

mod truth;

use crate::case::facts;
use crate::expected::read;
use compiler::forecast::{REFERENCE, Simulate, YEAR, due, gaps, simulate};
use compiler::structure::schedule;
use compiler::{Text, check, plan, render};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use schema::forecast::{Forecast, Sum};
use schema::plan::Plan;
use std::cell::Cell;
use truth::{Case, truth};

/// Random strategies that are compared; unoptimised, each takes a fifth of a second.
const CASES: u32 = if cfg!(debug_assertions) { 160 } else { 400 };

pub(crate) fn planned(text: &str) -> Plan {
    let text = Text { name: "strategy.kdl".to_owned(), text: text.to_owned() };
    let checked = check(std::slice::from_ref(&text), &facts());
    let told: Vec<String> = checked.diagnostics.iter().map(|it| format!("{}: {it}", it.code())).collect();
    let checked = checked.value.unwrap_or_else(|| panic!("{told:?}\n{}", text.text));
    plan(&checked, &facts(), None).value.unwrap()
}

/// The forecast is what the truth is, or more by a minute at most, which is what the truth is looked at by; runs,
/// deletions and bytes are the same.
#[test]
fn forecasts_hold() {
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, max_shrink_iters: 0, ..Config::with_cases(CASES) });
    let (cases, waits, removed) = (Cell::new(0_u32), Cell::new(0_u64), Cell::new(0_usize));
    let done = runner.run(&truth::case(), |case| {
        let (copies, pruned) = compared(&case)?;
        cases.set(cases.get() + 1);
        waits.set(waits.get() + copies);
        removed.set(removed.get() + pruned);
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
    assert!(
        cases.get() >= CASES && waits.get() > u64::from(CASES) && removed.get() > 300,
        "{} cases, {} worst waits, {} deletions",
        cases.get(),
        waits.get(),
        removed.get()
    );
}

/// How many worst waits and deletions were compared.
fn compared(case: &Case) -> Result<(u64, usize), TestCaseError> {
    let text = case.text();
    let plan = planned(&text);
    let forecast = plan.forecast.as_ref().unwrap();
    let truth = truth(case, plan.workload.change_rate.unwrap());
    let outlook = &forecast.databases[0];
    let mut waits = 0;
    let mut safe = |what: &str, told: Option<u64>, true_wait: Option<i64>| {
        waits += u64::from(true_wait.is_some());
        match (told, true_wait) {
            (Some(told), Some(wait)) => {
                let told = i64::try_from(told).unwrap();
                prop_assert!((0..=60).contains(&(told - wait)), "{what}: {told} is told, {wait} is true\n{text}");
            }
            (told, wait) => prop_assert!(wait.is_none(), "{what}: {told:?} is told, {wait:?} is true\n{text}"),
        }
        Ok(())
    };
    safe("all", outlook.rpo.as_ref().map(|rpo| rpo.total), truth.worst[2])?;
    for (store, name) in ["vault", "cloud"].iter().enumerate() {
        let copy = outlook.copies.iter().find(|copy| copy.store == **name);
        let told = copy.and_then(|copy| copy.rpo.as_ref()).map(|rpo| rpo.total);
        safe(name, told, truth.worst[store])?;
        let fill = forecast.stores.iter().find(|fill| fill.store == **name).unwrap();
        prop_assert_eq!((fill.month, fill.year), truth.bytes[store], "bytes in {}\n{}", name, text);
        prop_assert!(fill.peak >= fill.year && fill.peak >= fill.month);
    }
    for load in &forecast.jobs {
        let number = case.names().iter().position(|name| *name == load.job);
        if let Some(number) = number {
            prop_assert_eq!((load.runs, load.skipped), truth.runs[number], "runs of {}\n{}", load.job, text);
        }
    }
    let from = Timestamp::from_second(REFERENCE).unwrap();
    let options = Simulate { from, span: u64::try_from(truth::END - REFERENCE).unwrap(), failures: Vec::new() };
    let simulation = simulate(&plan, &[], &options).unwrap();
    let mut told = Vec::new();
    for point in simulation.histories.iter().flat_map(|history| &history.points) {
        told.extend(
            point.copies.iter().map(|copy| (copy.store, point.taken, copy.present, copy.restorable, copy.gone)),
        );
    }
    told.sort_unstable();
    let pruned = truth.copies.iter().filter(|copy| copy.4.is_some()).count();
    let differs = told.iter().zip(&truth.copies).find(|(told, truth)| told != truth);
    prop_assert!(told.len() == truth.copies.len() && differs.is_none(), "{:?}\n{}", differs, text);
    Ok((waits, pruned))
}

/// The times of fast days are those that the reader of cron lines finds, in zones that are hard.
#[test]
fn due_times_are_those_of_the_cron_line() {
    let lines = [
        "30 2 * * *",
        "*/30 * * * *",
        "0 0 * * *",
        "15 1,3 * * Sun",
        "0 12 L * *",
        "0 9 * * Mon#1",
        "30 23 15W * *",
        "5 0 1 1 *",
        "0 8-18/2 * * 1-5",
        "0 4 13 * Fri",
        "59 23 31 * *",
        "* 3 * * *",
        "0 0 29 2 *",
        "*/7 */5 */3 * *",
    ];
    let zones = [
        "UTC",
        "Europe/Stockholm",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Havana",
        "Asia/Beirut",
        "Africa/Casablanca",
        "America/St_Johns",
        "Asia/Kathmandu",
    ];
    // Clocks have gone forward at midnight in Havana and Beirut.
    for start in [REFERENCE, 1_329_000_000] {
        for line in lines {
            for zone in zones {
                let end = start + 120 * 86_400;
                let after = Timestamp::from_second(start - 1).unwrap();
                let times = schedule::times(line, zone, after).map(|time| time.timestamp().as_second());
                let wanted: Vec<i64> = times.take_while(|at| *at < end).collect();
                assert_eq!(due(line, zone, start, end), wanted, "{line} in {zone}");
            }
        }
    }
}

#[test]
fn the_longest_gap_is_that_of_the_local_time() {
    let hours =
        |line: &str, zone: &str| gaps(line, zone).map(|(shortest, longest)| (shortest / 3_600, longest / 3_600));
    assert_eq!(hours("0 1 * * Sun", "Europe/Stockholm"), Some((167, 169)));
    assert_eq!(hours("0 0 1 * *", "UTC"), Some((28 * 24, 31 * 24)));
    assert_eq!(hours("0 0 1 1 *", "UTC"), Some((365 * 24, 366 * 24)));
    assert_eq!(hours("0 0 29 2 *", "UTC"), Some((1_461 * 24, 1_461 * 24)));
}

/// Every sum of every example adds up, and says something in each term.
#[test]
fn sums_add_up() {
    for example in ["01-quickstart", "02-neo4j-community", "03-enterprise-gfs"] {
        let text = Text { name: "strategy.kdl".to_owned(), text: read(&format!("examples/{example}/strategy.kdl")) };
        let facts = crate::case::of_example(example);
        let plan = plan(&check(&[text], &facts).value.unwrap(), &facts, None).value.unwrap();
        let forecast = plan.forecast.as_ref().unwrap();
        let sums = sums(forecast);
        assert!(sums.len() > 5, "{example}");
        for sum in sums {
            assert_eq!(sum.total, sum.terms.iter().map(|term| term.amount).sum::<u64>(), "{sum:?}");
            assert!(sum.terms.iter().all(|term| !term.what.is_empty() && term.amount > 0), "{sum:?}");
        }
        for fill in &forecast.stores {
            assert_eq!(fill.year, fill.by.iter().map(|term| term.amount).sum::<u64>());
        }
        assert!(!render::forecast_table(&plan).is_empty());
    }
}

fn sums(forecast: &Forecast) -> Vec<&Sum> {
    let databases = forecast.databases.iter().flat_map(|it| {
        let own = [it.rpo.as_ref(), it.rto.as_ref(), it.restore_downtime.as_ref(), Some(&it.backup_downtime)];
        let copies = it.copies.iter().flat_map(|copy| [copy.rpo.as_ref(), copy.rto.as_ref()]);
        let losses = it.losses.iter().flat_map(|loss| [loss.rpo.as_ref(), loss.rto.as_ref()]);
        own.into_iter().chain(copies).chain(losses).flatten()
    });
    databases.chain(forecast.jobs.iter().map(|load| &load.duration)).chain([&forecast.temp]).collect()
}

/// What is drawn is one well-formed picture with a name and a description, and without scripts.
#[test]
fn the_chart_is_a_picture_that_says_what_it_shows() {
    let plan = planned(&truth::sample().text());
    let from = Timestamp::from_second(REFERENCE).unwrap();
    let options = Simulate { from, span: u64::try_from(YEAR).unwrap(), failures: Vec::new() };
    let svg = render::chart(&simulate(&plan, &[], &options).unwrap());
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for part in ["role=\"img\"", "<title id=\"title\">", "<desc id=\"desc\">", "prefers-color-scheme:dark"] {
        assert_eq!(svg.matches(part).count(), 1, "{part}");
    }
    assert!(!svg.contains("<script") && svg.len() < 60_000, "{}", svg.len());
}
