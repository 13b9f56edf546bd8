//! What every source must have, and the exceptions.

use crate::span::{Span, Spanned};
use jiff::civil::Date;

#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub requirements: Vec<Requirement>,
    pub exceptions: Vec<Exception>,
}

#[derive(Clone, Debug)]
pub struct Requirement {
    pub what: Spanned<String>,
    pub min: u64,
    /// Seconds: no more than these.
    pub within: Option<Spanned<u64>>,
    /// Seconds: at least for these.
    pub lasting: Option<Spanned<u64>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Exception {
    /// A requirement, or the code of a rule.
    pub what: Spanned<String>,
    pub reason: String,
    /// The last day that it holds.
    pub until: Spanned<Date>,
}

/// The requirement that is about changes of the strategy and not about its copies.
pub const APPROVAL: &str = "approval";

/// The exception for stores that do not create atomically. Only a run can tell whether one does, so no rule is about it.
pub const ATOMIC_CREATE: &str = "atomic-create";

impl Policy {
    #[must_use]
    pub fn requires(&self, what: &str) -> bool {
        self.requirements.iter().any(|requirement| requirement.what.value == what)
    }

    /// How many approval notes a breaking change needs on a day.
    #[must_use]
    pub fn approvals(&self, today: Option<Date>) -> u64 {
        let excused =
            self.exceptions.iter().any(|exception| exception.what.value == APPROVAL && exception.holds(today));
        let required = self.requirements.iter().filter(|requirement| requirement.what.value == APPROVAL);
        required.map(|requirement| requirement.min).max().filter(|_| !excused).unwrap_or(0)
    }
}

impl Exception {
    /// Whether it has not ended; without a day it has not.
    #[must_use]
    pub fn holds(&self, today: Option<Date>) -> bool {
        today.is_none_or(|today| today <= self.until.value)
    }
}
