//! Rules: what is allowed but unwise. A rule is data with one function over the model; adding one is adding a file to
//! `rules/` and a line to [`REGISTRY`]. Rules see no steps.

mod rules;

use crate::diag::{Diagnostic, Explanation, Level};
use crate::model::{Environment, Strategy};
use crate::span::Span;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    pub explanation: Explanation,
    pub levels: Levels,
    /// Adds what it finds, in the order of the strategy.
    pub check: fn(&Strategy, &mut Vec<Found>),
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
    pub message: String,
    pub span: Span,
    pub label: String,
    pub help: String,
}

/// Every rule, by code.
pub static REGISTRY: [&Rule; 4] =
    [&rules::COPIES_TOO_FEW, &rules::OFFLINE_WITHOUT_CONTROL, &rules::SYSTEM_NOT_COVERED, &rules::UNVERIFIED_COPY];

/// What all rules find in a strategy.
#[must_use]
pub fn check(strategy: &Strategy) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for rule in REGISTRY {
        let mut found = Vec::new();
        (rule.check)(strategy, &mut found);
        let level = rule.levels.of(strategy.environment);
        out.extend(found.into_iter().map(|found| {
            Diagnostic::new(&rule.explanation, level, found.message).at(&found.span, found.label).help(found.help)
        }));
    }
    out
}
