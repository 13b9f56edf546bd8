//! A plan or diagnostics to text. One file a format, each with one function; none knows the strategy.

mod chart;
pub mod diagnostics;
mod dot;
mod forecast;
mod json;
mod mermaid;
mod reference;
mod simulation;
mod source;
mod text;

pub use chart::chart;
pub use dot::dot;
pub use forecast::{forecast_of, forecast_table};
pub use json::json;
pub use mermaid::mermaid;
pub use reference::reference;
pub use simulation::simulation;
pub use source::diagnostic;
pub use text::{TextOptions, text};

use schema::plan::Plan;
use schema::step::{Action, Extent, Step};

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

/// The jobs whose steps a plan has, in the order of their first step; then those without steps.
fn jobs(plan: &Plan) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    let listed = plan.jobs.iter().map(|job| job.name.as_str());
    for name in listed.chain(plan.steps.iter().map(|step| step.job.as_str())) {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

fn steps_of<'a>(plan: &'a Plan, job: &'a str) -> impl Iterator<Item = (usize, &'a Step)> {
    plan.steps.iter().enumerate().filter(move |(_, step)| step.job == job)
}

/// An address without its job.
fn within<'a>(step: &'a Step, job: &str) -> &'a str {
    let address = step.address.0.as_str();
    address.strip_prefix(job).and_then(|rest| rest.strip_prefix('/')).unwrap_or(address)
}
