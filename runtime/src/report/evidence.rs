//! The evidence of a time: what was done in it and what was found, each with its date and the place that says so.

use super::Seen;
use super::status::{check, run, time};
use jiff::Timestamp;
use schema::plan::Plan;
use schema::status::{ArtifactSeen, Evidence, FORMAT, Status, StoreCheck};
use std::collections::BTreeMap;

/// Everything of a time, beside how it stands now.
#[must_use]
pub fn evidence(plan: &Plan, seen: &Seen, status: Status, machine: &str, from: Timestamp, to: Timestamp) -> Evidence {
    let within = |text: &str| time(text).is_some_and(|at| from <= at && at <= to);
    let names: BTreeMap<&str, String> =
        seen.artifacts.iter().map(|copy| (copy.id.as_str(), format!("{}:{}", copy.source, copy.database))).collect();
    let mut artifacts: Vec<ArtifactSeen> = seen
        .artifacts
        .iter()
        .filter(|copy| within(&copy.taken) && !seen.unreachable.iter().any(|(store, _)| *store == copy.store))
        .map(|copy| ArtifactSeen {
            source: copy.source.clone(),
            database: copy.database.clone(),
            id: copy.id.clone(),
            store: copy.store.clone(),
            taken: copy.taken.clone(),
            size: copy.size,
            manifest: copy.manifest.clone(),
            verified: copy.verified,
            damaged: copy.damaged,
        })
        .collect();
    artifacts.sort_by(|one, other| (&one.taken, &one.id, &one.store).cmp(&(&other.taken, &other.id, &other.store)));
    let mut checks: Vec<StoreCheck> = seen
        .facts
        .iter()
        .filter(|(_, fact)| within(&fact.at))
        .map(|(store, fact)| StoreCheck {
            store: store.clone(),
            of: names.get(fact.id.as_str()).cloned().unwrap_or_default(),
            check: check(fact),
        })
        .collect();
    checks.sort_by(|one, other| (&one.check.at, &one.store).cmp(&(&other.check.at, &other.store)));
    Evidence {
        format: FORMAT,
        from: super::status::told(from),
        to: super::status::told(to),
        machine: machine.to_owned(),
        status,
        runs: seen.runs.iter().filter(|ran| within(&ran.started)).map(run).collect(),
        artifacts,
        checks,
        exceptions: plan.exceptions.clone(),
    }
}
