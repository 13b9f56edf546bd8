//! Model and facts to a plan: expand into steps with needs, order them, and put the plan together. It touches nothing.

mod assemble;
mod backup;
mod draft;
mod drill;
mod job;
mod lines;
mod nearest;
mod order;
mod prune;
mod restore;
mod verify;

pub(crate) use assemble::finding;
pub(crate) use order::downtime;
pub use prune::PruneRequest;
pub use restore::RestoreRequest;
pub use verify::VerifyRequest;

use crate::diag::{Diagnostic, Sink, codes};
use crate::lookup::Lookup;
use crate::model::Strategy;
use crate::structure::{Manifest, did_you_mean};
use crate::{Facts, Text};
use draft::Graph;
use schema::plan::Plan;

/// All that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    pub strategy: &'a Strategy,
    pub manifests: &'a [Manifest],
    pub texts: &'a [Text],
    /// What the rules found.
    pub findings: &'a [Diagnostic],
    /// The plan of all jobs with what it comes to, once that is known.
    pub whole: Option<&'a Plan>,
    pub facts: &'a Facts,
}

impl Inputs<'_> {
    /// Where steps run that need not be anywhere else.
    fn host(&self) -> &str {
        self.strategy.runner.as_ref().map_or("local", |runner| runner.name.value.as_str())
    }
}

/// The plan of all jobs, or of one. `None` when something is wrong.
pub fn jobs(inputs: Inputs<'_>, only: Option<&str>, sink: &mut Sink) -> Option<Plan> {
    let chosen = |name: &str| only.is_none_or(|only| only == name);
    if let Some(only) = only.filter(|only| !inputs.strategy.jobs.iter().any(|job| job.name.value == **only)) {
        let known: Vec<&str> = inputs.strategy.jobs.iter().map(|job| job.name.value.as_str()).collect();
        sink.push(
            Diagnostic::error(&codes::UNKNOWN_JOB, format!("no job is named `{only}`"))
                .at(&inputs.strategy.span, "this strategy")
                .help(did_you_mean(only, &known).unwrap_or_else(|| "Add a `job` to the strategy.".to_owned())),
        );
        return None;
    }
    let mut graph = Graph::new(inputs.host());
    for job in inputs.strategy.jobs.iter().filter(|job| chosen(&job.name.value)) {
        job::expand(job, inputs.strategy, inputs.facts, &mut graph, sink);
    }
    let steps = order::order(graph, sink)?;
    let listed = inputs.strategy.jobs.iter().filter(|job| chosen(&job.name.value)).collect();
    let mut plan = assemble::plan(inputs, listed, steps, Vec::new(), sink);
    if let Some(whole) = inputs.whole {
        let known: Lookup<&str, Option<u64>> =
            whole.steps.iter().map(|step| (step.address.0.as_str(), step.estimate)).collect();
        for step in &mut plan.steps {
            step.estimate = known.get(step.address.0.as_str()).copied().flatten();
        }
        plan.forecast.clone_from(&whole.forecast);
    }
    Some(plan)
}

/// The plan that brings a source back. `None` when it cannot be.
pub fn restore(inputs: Inputs<'_>, request: &RestoreRequest, sink: &mut Sink) -> Option<Plan> {
    // Whoever asks is where it is done: the runner may be what was lost.
    let mut graph = Graph::new("local");
    let cited = restore::expand(inputs.strategy, inputs.facts, request, &mut graph, sink)?;
    let steps = order::order(graph, sink)?;
    Some(assemble::plan(inputs, Vec::new(), steps, cited, sink))
}

/// The plan that reads artifacts back. `None` when there are none.
pub fn verify(inputs: Inputs<'_>, request: &VerifyRequest, sink: &mut Sink) -> Option<Plan> {
    let mut graph = Graph::new("local");
    let cited = verify::expand(inputs.strategy, inputs.facts, request, &mut graph, sink)?;
    let steps = order::order(graph, sink)?;
    Some(assemble::plan(inputs, Vec::new(), steps, cited, sink))
}

/// The plan that prunes stores by their rules. `None` when no rule says what may go.
pub fn prune(inputs: Inputs<'_>, request: &PruneRequest, sink: &mut Sink) -> Option<Plan> {
    let mut graph = Graph::new("local");
    prune::expand(inputs.strategy, inputs.facts, request, &mut graph, sink)?;
    let steps = order::order(graph, sink)?;
    Some(assemble::plan(inputs, Vec::new(), steps, Vec::new(), sink))
}
