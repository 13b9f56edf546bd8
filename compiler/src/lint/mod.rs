//! Rules: what is allowed but unwise. A rule is data with one function over the strategy and what it comes to; adding one
//! is adding a file to `rules/` and a line to [`REGISTRY`].

mod copies;
mod rules;
mod tree;

use crate::diag::{Diagnostic, Explanation, Level};
use crate::model::{Environment, Strategy};
use crate::span::Span;
use jiff::civil::Date;
use schema::fact::{Inventory, StoredArtifact};
use schema::forecast::Forecast;
use schema::plan::Plan;

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
    pub inventory: &'a [Inventory],
    pub artifacts: &'a [StoredArtifact],
    /// Without one every exception holds.
    pub today: Option<Date>,
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
pub static REGISTRY: [&Rule; 35] = [
    &rules::BACKUP_WITHOUT_TLS,
    &rules::CLASS_TOO_SLOW,
    &rules::COPIES_TOO_FEW,
    &rules::DATABASE_UNPROTECTED,
    &rules::DOWNTIME_NOT_TOLERATED,
    &rules::DRILL_BESIDE_PRODUCTION,
    &rules::DRILL_MISSING,
    &rules::DRILL_NOT_OFF_SITE,
    &rules::DRILL_TOO_SELDOM,
    &rules::EXCEPTION_EXPIRED,
    &rules::FAILURE_UNNOTICED,
    &rules::IDENTITY_UNEXERCISED,
    &rules::KEEP_WITHOUT_PRUNE,
    &rules::KEYS_UNENCRYPTED,
    &rules::LIVE_DATABASE_FILES,
    &rules::LOCK_OUTLASTS_KEEP,
    &rules::NOBODY_NOTIFIED,
    &rules::OFF_SITE_MISSING,
    &rules::OFF_SITE_UNENCRYPTED,
    &rules::OFFLINE_WITHOUT_CONTROL,
    &rules::ONE_CREDENTIAL,
    &rules::OUTSIDE_WINDOW,
    &rules::PASSWORD_IN_CLEAR,
    &rules::POLICY_NOT_MET,
    &rules::RUNNER_IS_MEMBER,
    &rules::SECRET_BESIDE_DATA,
    &rules::SERVER_FILES_MISSING,
    &rules::SHARED_FAILURE_DOMAIN,
    &rules::STORE_IN_SOURCE,
    &rules::SYSTEM_NOT_COVERED,
    &rules::SYSTEM_NOT_DRILLED,
    &rules::TARGET_IN_SOURCE,
    &rules::THREE_TWO_ONE,
    &rules::THREE_TWO_ONE_ONE_ZERO,
    &rules::UNVERIFIED_COPY,
];

/// What all rules find, without what the policy excuses.
#[must_use]
pub fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let Subject { strategy, today, .. } = *subject;
    let mut out = Vec::new();
    for rule in REGISTRY {
        let mut found = Vec::new();
        (rule.check)(subject, &mut found);
        let code = rule.explanation.code;
        found.retain(|found| !excused(strategy, today, code) && !excused(strategy, today, found.about()));
        let level = rule.levels.of(strategy.environment);
        out.extend(found.into_iter().map(|found| {
            Diagnostic::new(&rule.explanation, level, found.message).at(&found.span, found.label).help(found.help)
        }));
    }
    out
}

/// Whether an exception names it and has not ended.
fn excused(strategy: &Strategy, today: Option<Date>, what: &str) -> bool {
    let holds = |until: Date| today.is_none_or(|today| today <= until);
    let mut exceptions = strategy.policy.exceptions.iter();
    exceptions.any(|exception| exception.what.value == what && holds(exception.until.value))
}

impl Found {
    fn about(&self) -> &str {
        self.about.as_deref().unwrap_or_default()
    }
}
