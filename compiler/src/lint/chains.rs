//! Which jobs begin and go on with chains of backups, and where both get to. Rules ask this.

use crate::model::{Backup, Job, Statement, Strategy};
use schema::forecast::Outlook;
use schema::step::{Extent, Method};

/// A full backup that differentials can build on, and the stores that it gets into within its job.
#[derive(Debug)]
pub(super) struct Fulls<'a> {
    pub backup: &'a Backup,
    pub stores: Vec<&'a str>,
}

/// The statements that go on with a chain.
pub(super) fn differentials(strategy: &Strategy) -> impl Iterator<Item = (&Backup, &Job)> {
    let all = strategy.jobs.iter().flat_map(|job| job.statements.iter().map(move |statement| (statement, job)));
    all.filter_map(|(statement, job)| match statement {
        Statement::Backup(backup) if backup.extent.value == Extent::Differential => Some((backup, job)),
        _ => None,
    })
}

/// The statements that begin a chain of a source.
#[must_use]
pub(super) fn fulls<'a>(strategy: &'a Strategy, source: &str) -> Vec<Fulls<'a>> {
    let of_job = |job: &'a Job| {
        let backups = job.statements.iter().enumerate().filter_map(|(at, statement)| match statement {
            Statement::Backup(backup) if begins(backup, source) => Some((at, backup)),
            _ => None,
        });
        backups.map(|(at, backup)| Fulls { backup, stores: reached(job, at, backup) }).collect::<Vec<_>>()
    };
    strategy.jobs.iter().flat_map(of_job).collect()
}

/// A dump begins no chain.
fn begins(backup: &Backup, source: &str) -> bool {
    let whole = |method: Method| matches!(method, Method::Backup | Method::Archive);
    let begins = backup.method.as_ref().is_none_or(|method| whole(method.value));
    backup.source.value == source && backup.extent.value == Extent::Full && begins
}

fn reached<'a>(job: &'a Job, at: usize, backup: &'a Backup) -> Vec<&'a str> {
    let mut stores = vec![backup.to.value.as_str()];
    for statement in job.statements.iter().skip(at) {
        if let Statement::Transfer(transfer) = statement
            && stores.contains(&transfer.from.value.as_str())
        {
            stores.push(&transfer.to.value);
        }
    }
    stores
}

/// How many artifacts are in the chain that makes a restore of a database take longer than `most` seconds, when the full
/// one alone would be in time.
#[must_use]
pub(super) fn of_restore(outlook: &Outlook, most: u64) -> Option<u64> {
    let total = outlook.rto.as_ref().filter(|sum| sum.total > most)?.total;
    let copy = outlook.copies.iter().find(|copy| copy.rto.as_ref().is_some_and(|rto| rto.total == total))?;
    (copy.chain > 1 && copy.full_rto.is_some_and(|full| full <= most)).then_some(copy.chain)
}
