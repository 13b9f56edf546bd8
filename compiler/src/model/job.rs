//! What is done when: jobs and their statements, in the order of the text.

use crate::span::{Span, Spanned};
use schema::step::{Check, Method};

#[derive(Clone, Debug)]
pub struct Job {
    pub name: Spanned<String>,
    pub schedule: Option<Schedule>,
    pub statements: Vec<Statement>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub cron: Spanned<String>,
    pub timezone: Spanned<String>,
}

/// A line of a job. One statement becomes several steps.
#[derive(Clone, Debug)]
pub enum Statement {
    Backup(Backup),
    Transfer(Transfer),
    Verify(Verify),
}

#[derive(Clone, Debug)]
pub struct Backup {
    pub source: Spanned<String>,
    pub to: Spanned<String>,
    pub method: Option<Spanned<Method>>,
    pub name: Option<Spanned<String>>,
    pub after: Option<Spanned<String>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Transfer {
    pub from: Spanned<String>,
    pub to: Spanned<String>,
    /// Bytes per second.
    pub bandwidth: Option<u64>,
    pub name: Option<Spanned<String>>,
    pub after: Option<Spanned<String>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Verify {
    /// A source or a store.
    pub of: Spanned<String>,
    pub with: Check,
    pub name: Option<Spanned<String>>,
    pub after: Option<Spanned<String>>,
    pub span: Span,
}

impl Statement {
    #[must_use]
    pub fn span(&self) -> &Span {
        match self {
            Self::Backup(backup) => &backup.span,
            Self::Transfer(transfer) => &transfer.span,
            Self::Verify(verify) => &verify.span,
        }
    }

    /// Its name for `after`.
    #[must_use]
    pub fn name(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Backup(backup) => backup.name.as_ref(),
            Self::Transfer(transfer) => transfer.name.as_ref(),
            Self::Verify(verify) => verify.name.as_ref(),
        }
    }

    /// The name of the statement that it comes after.
    #[must_use]
    pub fn after(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Backup(backup) => backup.after.as_ref(),
            Self::Transfer(transfer) => transfer.after.as_ref(),
            Self::Verify(verify) => verify.after.as_ref(),
        }
    }
}
