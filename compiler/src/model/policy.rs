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
