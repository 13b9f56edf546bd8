//! What is done when: jobs and their statements, in the order of the text.

use crate::span::{Span, Spanned};
use schema::plan::{Closing, LeftOut, Outside, Overlap};
use schema::step::{Check, Extent, Method};

#[derive(Clone, Debug)]
pub struct Job {
    pub name: Spanned<String>,
    pub schedule: Option<Schedule>,
    pub window: Option<Window>,
    /// Seconds that one attempt of a step may take.
    pub timeout: Option<Spanned<u64>>,
    pub on_overlap: Overlap,
    /// Where that stands, when it does.
    pub on_overlap_said: Option<Span>,
    pub statements: Vec<Statement>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub cron: Spanned<String>,
    pub timezone: Spanned<String>,
}

/// Times of day, as written.
#[derive(Clone, Debug)]
pub struct Window {
    pub from: String,
    pub to: String,
    pub outside: Outside,
    pub closing: Closing,
    pub left_out: LeftOut,
    pub span: Span,
}

/// A line of a job. One statement becomes several steps.
#[derive(Clone, Debug)]
pub enum Statement {
    Backup(Backup),
    Copy(Copy),
    Transfer(Transfer),
    Verify(Verify),
    Drill(Drill),
    Prune(Prune),
}

/// What every statement has.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: Option<Spanned<String>>,
    pub after: Option<Spanned<String>>,
    /// Seconds that one attempt may take, when it is not that of the job.
    pub timeout: Option<u64>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Backup {
    pub source: Spanned<String>,
    pub to: Spanned<String>,
    pub extent: Spanned<Extent>,
    pub method: Option<Spanned<Method>>,
    pub step: Step,
}

/// A second database of one.
#[derive(Clone, Debug)]
pub struct Copy {
    pub source: Spanned<String>,
    pub database: Spanned<String>,
    pub into: Spanned<String>,
    /// Where `compact` stands.
    pub compact: Option<Span>,
    pub format: Option<Spanned<String>>,
    /// Where `schema` stands.
    pub schema: Option<Span>,
    pub step: Step,
}

#[derive(Clone, Debug)]
pub struct Transfer {
    pub from: Spanned<String>,
    pub to: Spanned<String>,
    /// Bytes per second.
    pub bandwidth: Option<u64>,
    pub step: Step,
}

#[derive(Clone, Debug)]
pub struct Verify {
    /// A source or a store.
    pub of: Spanned<String>,
    pub with: Check,
    pub step: Step,
}

/// A restore into a target.
#[derive(Clone, Debug)]
pub struct Drill {
    pub source: Spanned<String>,
    pub from: Spanned<String>,
    pub into: Spanned<String>,
    pub database: Option<Spanned<String>>,
    /// Where `check` stands.
    pub check: Option<Span>,
    pub queries: Vec<Query>,
    pub step: Step,
}

#[derive(Clone, Debug)]
pub struct Query {
    pub cypher: Spanned<String>,
    /// The only database that it is asked of.
    pub database: Option<Spanned<String>>,
}

#[derive(Clone, Debug)]
pub struct Prune {
    pub store: Spanned<String>,
    /// Seconds between the mark on a copy and the removal of its bytes.
    pub safety_age: Option<u64>,
    pub step: Step,
}

impl Statement {
    /// What it has whatever it does.
    #[must_use]
    pub fn step(&self) -> &Step {
        match self {
            Self::Backup(backup) => &backup.step,
            Self::Copy(copy) => &copy.step,
            Self::Transfer(transfer) => &transfer.step,
            Self::Verify(verify) => &verify.step,
            Self::Drill(drill) => &drill.step,
            Self::Prune(prune) => &prune.step,
        }
    }

    #[must_use]
    pub fn span(&self) -> &Span {
        &self.step().span
    }

    /// Its name for `after`.
    #[must_use]
    pub fn name(&self) -> Option<&Spanned<String>> {
        self.step().name.as_ref()
    }

    /// The name of the statement that it comes after.
    #[must_use]
    pub fn after(&self) -> Option<&Spanned<String>> {
        self.step().after.as_ref()
    }
}
