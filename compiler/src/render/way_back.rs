//! What a restore would do, for the person who is to confirm it: the copies in the order in which they are tried, how
//! long each takes, what is stopped, and what is kept of the old data.

use super::markdown::escape::visible;
use crate::amount::{bytes, time};
use schema::forecast::Forecast;
use schema::plan::Plan;
use schema::source::Engine;
use schema::step::{Action, Candidate};
use std::fmt::Write;

/// Stands behind the text of the plan. `forecast` is that of all jobs, where there is one.
#[must_use]
pub fn way_back(plan: &Plan, forecast: Option<&Forecast>) -> String {
    let mut out = String::new();
    for step in &plan.steps {
        if let Action::Stage { source, database, candidates, .. } = &step.action {
            let _ = writeln!(out, "\nCopies of {source}:{database}, in the order in which they are tried");
            for (at, candidate) in candidates.iter().enumerate() {
                let seconds = forecast.and_then(|forecast| estimate(forecast, source, database, &candidate.store));
                line(at + 1, candidate, seconds, &mut out);
            }
        }
    }
    after(plan, &mut out);
    out
}

fn line(at: usize, candidate: &Candidate, seconds: Option<u64>, out: &mut String) {
    let id = candidate.id.get(..8).unwrap_or(&candidate.id);
    let about = seconds.map_or_else(String::new, |seconds| format!(", about {}", time(seconds)));
    let chain = match candidate.chain.len() {
        0 => String::new(),
        more => format!(", on {more} before it"),
    };
    let text = format!("{id} taken {}, {}{chain}{about}: {}", candidate.taken, bytes(candidate.size), candidate.why);
    let _ = writeln!(out, "  {at}. {}  {}", visible(&candidate.store), visible(&text));
}

/// What the forecast says of a restore from that store, in seconds. It is of the largest data that there will be.
fn estimate(forecast: &Forecast, source: &str, database: &str, store: &str) -> Option<u64> {
    let of = forecast.databases.iter().find(|it| it.source == source && it.database == database)?;
    Some(of.copies.iter().find(|copy| copy.store == store)?.rto.as_ref()?.total)
}

fn writes_over(plan: &Plan, source: &str) -> bool {
    plan.source(source).is_some_and(|source| matches!(source.engine, Engine::Command(_)))
}

fn after(plan: &Plan, out: &mut String) {
    let mut told = Vec::new();
    for step in &plan.steps {
        match &step.action {
            Action::Stop { source, .. } => {
                told.push(format!("the server of `{source}` is stopped for the exchange, and started behind it"));
            }
            Action::Swap { source, .. } if writes_over(plan, source) => {
                told.push(format!("a program of `{source}` writes over what is there, and nothing is kept of it"));
            }
            Action::Swap { source, database, staging } => told.push(format!(
                "the data that is live now is kept as `{staging}` (`{database}`), until `backstay restore {source} --finish --confirm`"
            )),
            Action::Place { into, .. } => told.push(format!("nothing live is touched: the data comes as `{into}`")),
            _ => {}
        }
    }
    if !told.is_empty() {
        out.push_str("\nThen\n");
        for line in told {
            let _ = writeln!(out, "  {}", visible(&line));
        }
    }
}
