//! The graph for Graphviz: a cluster a job, dashed edges for what must only have ended.

use super::{jobs, places, steps_of, symbol, within};
use schema::plan::Plan;
use schema::step::When;
use std::fmt::Write;

/// A DOT digraph.
#[must_use]
pub fn dot(plan: &Plan) -> String {
    let mut out = format!(
        "digraph {} {{\n    rankdir=LR;\n    node [shape=box, fontname=\"monospace\"];\n",
        quoted(&plan.strategy)
    );
    for (number, job) in jobs(plan).into_iter().enumerate() {
        let _ = writeln!(out, "    subgraph cluster_{number} {{\n        label={};", quoted(job));
        for (at, step) in steps_of(plan, job) {
            let label = format!("{} {}", symbol(&step.action), within(step, job));
            let _ = writeln!(out, "        s{at} [label={}, tooltip={}];", quoted(&label), quoted(&step.reason));
        }
        out.push_str("    }\n");
    }
    let places = places(plan);
    for (at, step) in plan.steps.iter().enumerate() {
        for need in &step.needs {
            let Some(from) = places.get(&need.step) else { continue };
            let style = if need.when == When::Always { " [style=dashed]" } else { "" };
            let _ = writeln!(out, "    s{from} -> s{at}{style};");
        }
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
