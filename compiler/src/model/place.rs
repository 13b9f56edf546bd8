//! Machines that are no source: the one that runs jobs, and those that copies are restored into.

use crate::span::{Span, Spanned};
use schema::target::TargetEngine;

#[derive(Clone, Debug)]
pub struct Runner {
    pub name: Spanned<String>,
    pub site: Option<Spanned<String>>,
    pub host: Option<Spanned<String>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Target {
    pub name: Spanned<String>,
    pub engine: TargetEngine,
    /// The version line and its place, where there is one.
    pub version: Option<Spanned<String>>,
    pub span: Span,
}
