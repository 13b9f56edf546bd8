//! The graph for Markdown: a box a job, solid edges for what must succeed, dashed ones for what must only have ended.

use super::{jobs, places, steps_of, symbol, within};
use schema::plan::Plan;
use schema::step::When;
use std::fmt::Write;

/// A Mermaid flowchart.
#[must_use]
pub fn mermaid(plan: &Plan) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, job) in jobs(plan).into_iter().enumerate() {
        let _ = writeln!(out, "    subgraph j{number}[\"{}\"]", escaped(job));
        for (at, step) in steps_of(plan, job) {
            let _ = writeln!(out, "        s{at}[\"{} {}\"]", symbol(&step.action), escaped(within(step, job)));
        }
        out.push_str("    end\n");
    }
    let places = places(plan);
    for (at, step) in plan.steps.iter().enumerate() {
        for need in &step.needs {
            let Some(from) = places.get(&need.step) else { continue };
            let arrow = if need.when == When::Always { "-.->" } else { "-->" };
            let _ = writeln!(out, "    s{from} {arrow} s{at}");
        }
    }
    out
}

/// Mermaid has entity codes where other languages have escapes.
fn escaped(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
