//! Rules: what is allowed but unwise. A rule is data with one function over the strategy and what it comes to; adding one
//! is adding a file to `rules/` and a line to [`REGISTRY`].

mod chains;
mod clock;
mod copies;
mod figures;
mod promises;
mod rules;
mod tree;

pub use clock::Due;

use crate::diag::{Diagnostic, Explanation, Level};
use crate::model::{APPROVAL, ATOMIC_CREATE, Environment, Exception, Strategy};
use crate::resolve::flow;
use crate::span::Span;
use jiff::civil::Date;
use schema::fact::{Inventory, StoredArtifact};
use schema::forecast::{Forecast, Load};
use schema::plan::Plan;
use std::collections::BTreeMap;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    pub explanation: Explanation,
    pub levels: Levels,
    /// Adds what it finds, in the order of the strategy.
    pub check: fn(&Subject<'_>, &mut Vec<Found>),
}

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub strategy: &'a Strategy,
    /// The plan of all jobs.
    pub plan: &'a Plan,
    /// What that comes to.
    pub forecast: &'a Forecast,
    /// Of that, what each job takes, by its name.
    pub loads: &'a BTreeMap<&'a str, &'a Load>,
    pub inventory: &'a [Inventory],
    pub artifacts: &'a [StoredArtifact],
    /// When schedules are due, as far as that was asked for.
    pub due: &'a Due,
    /// Without one every exception holds.
    pub today: Option<Date>,
}

impl<'a> Subject<'a> {
    /// What a job takes, when it has a schedule.
    #[must_use]
    pub fn load(&self, job: &str) -> Option<&'a Load> {
        self.loads.get(job).copied()
    }

    /// Fewest seconds between two artifacts that one job brings into a store.
    #[must_use]
    pub fn shortest_gap(&self, store: &str) -> Option<u64> {
        self.loads_into(store).filter_map(|load| load.shortest_gap).min()
    }

    /// Most seconds without a new artifact in a store.
    #[must_use]
    pub fn longest_gap(&self, store: &str) -> Option<u64> {
        self.loads_into(store).filter_map(|load| load.longest_gap).min()
    }

    fn loads_into(&self, store: &str) -> impl Iterator<Item = &'a Load> {
        let fills = move |job: &&crate::model::Job| flow::copies(job).iter().any(|copy| copy.store == store);
        self.strategy.jobs.iter().filter(fills).filter_map(|job| self.load(&job.name.value))
    }
}

/// How serious a finding is, by environment.
#[derive(Clone, Copy, Debug)]
pub struct Levels {
    pub development: Level,
    pub staging: Level,
    pub production: Level,
}

impl Levels {
    #[must_use]
    pub fn of(&self, environment: Environment) -> Level {
        match environment {
            Environment::Development => self.development,
            Environment::Staging => self.staging,
            Environment::Production => self.production,
        }
    }
}

/// One place where a rule applies.
#[derive(Debug)]
pub struct Found {
    /// What an exception may name besides the rule's own code.
    pub about: Option<String>,
    pub message: String,
    pub span: Span,
    pub label: String,
    pub help: String,
}

/// Every rule, by code.
pub static REGISTRY: [&Rule; 60] = [
    &rules::BACKUP_WITHOUT_TLS,
    &rules::CHAIN_CUT_SHORT,
    &rules::CHAIN_TOO_LONG,
    &rules::CHAIN_WITHOUT_FULL,
    &rules::CLASS_TOO_SLOW,
    &rules::COPIES_TOO_FEW,
    &rules::DATABASE_UNPROTECTED,
    &rules::DOWNTIME_NOT_TOLERATED,
    &rules::DOWNTIME_TOO_LONG,
    &rules::DRILL_BESIDE_PRODUCTION,
    &rules::DRILL_MISSING,
    &rules::DRILL_NOT_OFF_SITE,
    &rules::DRILL_TOO_SELDOM,
    &rules::EXCEPTION_EXPIRED,
    &rules::EXCEPTION_TOO_LONG,
    &rules::EXCEPTION_UNUSED,
    &rules::FAILURE_UNNOTICED,
    &rules::FULL_LEFT_OUT,
    &rules::IDENTITY_UNEXERCISED,
    &rules::JOB_TOO_LONG,
    &rules::JOBS_OVERLAP,
    &rules::KEEP_TOO_FINE,
    &rules::KEEP_TOO_SHORT,
    &rules::KEEP_WITHOUT_PRUNE,
    &rules::KEYS_UNENCRYPTED,
    &rules::LIVE_DATABASE_FILES,
    &rules::LOCK_OUTLASTS_KEEP,
    &rules::MEMORY_TOO_SMALL,
    &rules::NEVER_PRUNED,
    &rules::NOBODY_NOTIFIED,
    &rules::OBJECTIVES_AFTER_LOSS,
    &rules::OFF_SITE_MISSING,
    &rules::OFF_SITE_UNENCRYPTED,
    &rules::OFFLINE_WITHOUT_CONTROL,
    &rules::ONE_CREDENTIAL,
    &rules::OUTSIDE_WINDOW,
    &rules::PASSWORD_IN_CLEAR,
    &rules::POLICY_NOT_MET,
    &rules::PRUNE_TOO_SELDOM,
    &rules::RESTORE_DOWNTIME_NOT_MET,
    &rules::RPO_NOT_MET,
    &rules::RPO_OUT_OF_REACH,
    &rules::RTO_NOT_MET,
    &rules::RUN_LOST_BY_CLOCK,
    &rules::RUN_MOVED_BY_CLOCK,
    &rules::RUNNER_IS_MEMBER,
    &rules::SECRET_BESIDE_DATA,
    &rules::SECRET_BESIDE_STRATEGY,
    &rules::SERVER_FILES_MISSING,
    &rules::SHARED_FAILURE_DOMAIN,
    &rules::STORE_IN_SOURCE,
    &rules::STORE_TOO_SMALL,
    &rules::SYSTEM_NOT_COVERED,
    &rules::SYSTEM_NOT_DRILLED,
    &rules::TARGET_IN_SOURCE,
    &rules::TEMP_TOO_SMALL,
    &rules::THREE_TWO_ONE,
    &rules::THREE_TWO_ONE_ONE_ZERO,
    &rules::UNVERIFIED_COPY,
    &rules::WINDOW_TOO_SHORT,
];

/// What all rules find, without what the policy excuses.
#[must_use]
pub fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let exceptions = &subject.strategy.policy.exceptions;
    let mut used = vec![false; exceptions.len()];
    let mut out = Vec::new();
    for rule in REGISTRY {
        let mut found = Vec::new();
        (rule.check)(subject, &mut found);
        found.retain(|found| !excused(subject, rule, found, &mut used));
        out.extend(found.into_iter().map(|found| told(subject, rule, found)));
    }
    let unused = exceptions.iter().zip(used).filter(|(exception, used)| !used && is_to_be_used(subject, exception));
    let rule = &rules::EXCEPTION_UNUSED;
    for (_, found) in unused.map(|(exception, _)| (exception, rules::exception_unused::found(exception))) {
        if !excused(subject, rule, &found, &mut []) {
            out.push(told(subject, rule, found));
        }
    }
    out
}

fn told(subject: &Subject<'_>, rule: &'static Rule, found: Found) -> Diagnostic {
    let level = rule.levels.of(subject.strategy.environment);
    Diagnostic::new(&rule.explanation, level, found.message).at(&found.span, found.label).help(found.help)
}

/// Whether an exception names it and has not ended; those that do are marked.
fn excused(subject: &Subject<'_>, rule: &Rule, found: &Found, used: &mut [bool]) -> bool {
    let mut excused = false;
    for (at, exception) in subject.strategy.policy.exceptions.iter().enumerate() {
        let what = exception.what.value.as_str();
        if (what == rule.explanation.code || what == found.about()) && exception.holds(subject.today) {
            excused = true;
            if let Some(used) = used.get_mut(at) {
                *used = true;
            }
        }
    }
    excused
}

/// Whether it would be of use to somebody: not one that has ended, which is told already, or that is about other exceptions,
/// about changes, or about what only a run can see.
fn is_to_be_used(subject: &Subject<'_>, exception: &Exception) -> bool {
    let what = exception.what.value.as_str();
    let of_changes = subject.strategy.policy.requires(APPROVAL);
    exception.holds(subject.today)
        && what != rules::EXCEPTION_UNUSED.explanation.code
        && what != ATOMIC_CREATE
        && !(what == APPROVAL && of_changes)
}

impl Found {
    fn about(&self) -> &str {
        self.about.as_deref().unwrap_or_default()
    }
}
