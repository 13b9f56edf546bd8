//! Databases of one source whose figure is not what is wanted, so that a thousand of them are one finding; and how long
//! schedules wait. Rules ask this.

use super::{Subject, figures};
use crate::model::{Engine, Job, Source, Statement, Strategy};
use schema::forecast::{Outlook, Sum};
use std::collections::BTreeSet;

/// Databases of one source that miss what is wanted.
#[derive(Debug)]
pub(super) struct Missed<'a> {
    pub(super) source: &'a str,
    /// The worst one first, then in the order of the plan.
    pub(super) databases: Vec<&'a str>,
    /// That of the worst.
    pub(super) sum: &'a Sum,
}

/// Whose figure is more than so much, by source, in the order of the plan.
pub(super) fn missed<'a>(
    subject: &Subject<'a>,
    figure: impl Fn(&'a Outlook) -> Option<&'a Sum>,
    most: u64,
) -> Vec<Missed<'a>> {
    let mut out: Vec<Missed<'a>> = Vec::new();
    for outlook in &subject.forecast.databases {
        let Some(sum) = figure(outlook).filter(|sum| sum.total > most) else { continue };
        let database = outlook.database.as_str();
        // Databases of one source stand together.
        match out.last_mut().filter(|missed| missed.source == outlook.source) {
            None => out.push(Missed { source: &outlook.source, databases: vec![database], sum }),
            Some(missed) if sum.total > missed.sum.total => {
                missed.databases.push(database);
                let last = missed.databases.len().saturating_sub(1);
                missed.databases.swap(0, last);
                missed.sum = sum;
            }
            Some(missed) => missed.databases.push(database),
        }
    }
    out
}

impl Missed<'_> {
    /// `` `orders` and `system` of `graph` ``, or the source alone where that is its only database.
    #[must_use]
    pub(super) fn names(&self, subject: &Subject<'_>) -> String {
        let is_one = subject.strategy.source(self.source).is_some_and(|source| match &source.engine {
            Engine::Files(files) => files.on.is_empty(),
            Engine::Command(command) => command.databases.is_empty(),
            Engine::Neo4j(_) => false,
        });
        if is_one {
            return format!("`{}`", self.source);
        }
        format!("{} of `{}`", figures::names(&self.databases), self.source)
    }
}

/// Most times of one schedule that are looked at: what is due more often is left to the forecast.
const MOST: usize = 50_000;

/// Whether objectives about data are about a source: files are when there is no database beside them.
pub(super) fn is_about_data(source: &Source, strategy: &Strategy) -> bool {
    let is_database = |source: &Source| !matches!(source.engine, Engine::Files(_));
    is_database(source) || !strategy.sources.iter().any(is_database)
}

/// Sources whose data can be lost for longer than so many seconds, or without bound: only of these are schedules to be looked
/// at, for nothing waits for less than its schedules do.
pub(super) fn in_doubt<'a>(subject: &Subject<'a>, most: u64) -> Vec<&'a Source> {
    let is_more = |outlook: &&Outlook| outlook.rpo.as_ref().is_none_or(|sum| sum.total > most);
    let doubtful: BTreeSet<&str> =
        subject.forecast.databases.iter().filter(is_more).map(|outlook| outlook.source.as_str()).collect();
    // What no job backs up is in no forecast.
    let known: BTreeSet<&str> = subject.forecast.databases.iter().map(|outlook| outlook.source.as_str()).collect();
    let strategy = subject.strategy;
    let is_meant = |source: &&Source| {
        let name = source.name.value.as_str();
        (doubtful.contains(name) || !known.contains(name)) && is_about_data(source, strategy)
    };
    strategy.sources.iter().filter(is_meant).collect()
}

/// Longest wait in seconds between two times at which any job that backs a source up is due. `None`: there is no such job.
/// What one job alone keeps below `enough` is not looked at any closer.
pub(super) fn wait(subject: &Subject<'_>, source: &str, enough: u64) -> Option<u64> {
    let backs_up = |job: &&Job| {
        let of_source = |it: &Statement| matches!(it, Statement::Backup(backup) if backup.source.value == source);
        job.statements.iter().any(of_source)
    };
    let jobs = subject.strategy.jobs.iter().filter(backs_up);
    let due: Vec<_> = jobs.filter_map(|job| job.schedule.as_ref().map(|schedule| (job, schedule))).collect();
    let gaps = due.iter().filter_map(|(job, _)| subject.load(&job.name.value)?.longest_gap);
    let alone = gaps.min();
    if due.len() < 2 || alone.is_some_and(|alone| alone <= enough) {
        return due.first().map(|_| alone.unwrap_or(u64::MAX));
    }
    let mut all: Vec<i64> = Vec::new();
    for (_, schedule) in due {
        let runs = subject.due.of(schedule);
        if runs.len() >= MOST {
            return Some(enough);
        }
        all.extend(runs.iter());
    }
    // Each of them rises.
    all.sort();
    let apart = all.iter().zip(all.iter().skip(1)).map(|(one, other)| other - one);
    Some(apart.max().and_then(|longest| u64::try_from(longest).ok()).unwrap_or(u64::MAX))
}
