//! Plan against plan: what a change does to what was promised, and to the steps. Things are matched by name and steps by
//! address, so the order of a text does not count; a job that only has a new name is the same job. What it reads is the
//! two plans alone, and its work grows with them and not with their product.

mod copies;
mod doomed;
mod drills;
mod fields;
mod jobs;
mod ledger;
mod needs;
mod notices;
mod outlook;
mod policy;
mod retention;
mod sides;
mod sources;
mod steps;
mod stores;
pub mod words;

pub use doomed::doomed;

use ledger::Ledger;
use schema::diff::{Diff, FORMAT};
use schema::plan::Plan;
use sides::Sides;

/// What changes on the way from one plan to the other.
#[must_use]
pub fn diff(before: &Plan, after: &Plan) -> Diff {
    let sides = Sides::new(before, after);
    let mut ledger = Ledger::default();
    jobs::compare(&sides, &mut ledger);
    let covered = copies::compare(&sides, &mut ledger);
    drills::compare(&sides, &covered, &mut ledger);
    retention::compare(&sides, &mut ledger);
    stores::compare(&sides, &mut ledger);
    notices::compare(&sides, &mut ledger);
    sources::compare(&sides, &mut ledger);
    policy::compare(&sides, &mut ledger);
    outlook::compare(&sides, &mut ledger);
    let steps = steps::compare(&sides, &mut ledger);
    let effects = ledger.effects();
    let breaking = effects.iter().filter(|effect| effect.breaking).count();
    Diff {
        format: FORMAT,
        strategy: after.strategy.clone(),
        breaking: u64::try_from(breaking).unwrap_or(u64::MAX),
        // A change cannot excuse itself: what the policy wants before it counts as well.
        approvals: before.approvals.max(after.approvals),
        effects,
        steps,
        doomed: Vec::new(),
    }
}
