//! A plan or diagnostics to text. One file a format, each with one function; none knows the strategy.

mod chart;
pub mod diagnostics;
pub mod diff;
mod dot;
mod forecast;
mod html;
mod json;
pub mod markdown;
mod mermaid;
mod reference;
mod simulation;
mod source;
pub mod standing;
mod svg;
mod text;
mod view;
mod way_back;
mod xml;

pub use chart::chart;
pub use dot::dot;
pub use forecast::{forecast_of, forecast_table};
pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use mermaid::mermaid;
pub use reference::reference;
pub use simulation::simulation;
pub use source::diagnostic;
pub use svg::svg;
pub use text::text;
pub use view::Preview;
pub use way_back::way_back;

use schema::plan::Plan;
use schema::step::{Action, Address, Extent, Step};
use std::collections::{BTreeMap, BTreeSet};

/// One character for a kind of step.
fn symbol(action: &Action) -> char {
    match action {
        Action::Preflight { .. } => '?',
        Action::Stop { .. } => '■',
        Action::Start { .. } => '▶',
        Action::Backup { extent: Extent::Differential, .. } => 'Δ',
        Action::Backup { .. } => '+',
        Action::Transfer { .. } => '→',
        Action::Verify { .. } | Action::Inspect { .. } => '✓',
        Action::Stage { .. } => '↓',
        Action::Swap { .. } => '⇄',
        Action::Settle { .. } => '=',
        Action::Place { .. } | Action::Copy { .. } => '*',
        Action::Aggregate { .. } => 'Σ',
        Action::Restore { .. } => '↻',
        Action::Prune { .. } => '−',
    }
}

/// What the symbol of an action stands for.
fn meaning(action: &Action) -> &'static str {
    match action {
        Action::Preflight { .. } => "look first",
        Action::Stop { .. } => "stop",
        Action::Start { .. } => "start",
        Action::Backup { extent: Extent::Differential, .. } => "what changed",
        Action::Backup { .. } => "new artifact",
        Action::Transfer { .. } => "another copy",
        Action::Verify { .. } | Action::Inspect { .. } => "check",
        Action::Stage { .. } => "fetch aside",
        Action::Swap { .. } => "exchange",
        Action::Settle { .. } => "settle",
        Action::Place { .. } => "new name",
        Action::Copy { .. } => "second database",
        Action::Aggregate { .. } => "one of a chain",
        Action::Restore { .. } => "drill",
        Action::Prune { .. } => "remove",
    }
}

/// The jobs whose steps a plan has, in the order of their first step; then those without steps.
fn jobs(plan: &Plan) -> Vec<&str> {
    let mut known = BTreeSet::new();
    let listed = plan.jobs.iter().map(|job| job.name.as_str());
    let all = listed.chain(plan.steps.iter().map(|step| step.job.as_str()));
    all.filter(|name| known.insert(*name)).collect()
}

fn steps_of<'a>(plan: &'a Plan, job: &'a str) -> impl Iterator<Item = (usize, &'a Step)> {
    plan.steps.iter().enumerate().filter(move |(_, step)| step.job == job)
}

/// An address without its job.
fn within<'a>(step: &'a Step, job: &str) -> &'a str {
    let address = step.address.0.as_str();
    address.strip_prefix(job).and_then(|rest| rest.strip_prefix('/')).unwrap_or(address)
}

/// Where each step stands in the plan.
fn places(plan: &Plan) -> BTreeMap<&Address, usize> {
    plan.steps.iter().enumerate().map(|(at, step)| (&step.address, at)).collect()
}
