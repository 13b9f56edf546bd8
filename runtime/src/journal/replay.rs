//! What the journal of a cut-off run means: which steps need not be done again, and what its attempts left behind.

use crate::artifact::upload::Kept;
use schema::notifier::Occasion;
use schema::record::Record;
use schema::report::{ArtifactReport, Outcome};
use schema::step::{Action, Address, Step};
use std::collections::{BTreeMap, BTreeSet};

/// A journal, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Steps whose result lasts, with what they published. Their artifacts are looked at again before they count.
    pub done: BTreeMap<Address, Done>,
    /// Sources whose server the run stopped and did not start.
    pub owed: BTreeSet<String>,
    /// Upload sessions that were begun by attempts that did not end well.
    pub uploads: Vec<Upload>,
    /// Notifiers that were told, and of what.
    pub told: BTreeSet<(String, Occasion)>,
    /// The dead run that this one stands in for.
    pub instead_of: Option<String>,
}

/// A step that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub outcome: Outcome,
    pub detail: String,
    pub artifact: Option<ArtifactReport>,
}

/// Bytes that an attempt may have left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub step: Address,
    pub attempt: String,
    pub store: String,
    pub key: String,
    /// Empty when the process died before it had one.
    pub session: Vec<u8>,
    /// Bytes of every part but the last; 0 when nothing is known of parts.
    pub part_size: u64,
    /// The parts that the store has, from the first on.
    pub parts: Vec<Kept>,
    /// The state directory of whoever sent them.
    pub place: Option<String>,
}

/// Reads `records`, written for the steps of a plan.
#[must_use]
pub fn replay(records: &[Record], steps: &[Step]) -> Replay {
    let lasting: BTreeSet<&Address> =
        steps.iter().filter(|step| lasts(&step.action)).map(|step| &step.address).collect();
    let mut replay = Replay::default();
    for record in records {
        match record {
            Record::StepEnded {
                step, outcome: outcome @ (Outcome::Ok | Outcome::Degraded), detail, artifact, ..
            } if lasting.contains(step) => {
                let done = Done { outcome: *outcome, detail: detail.clone(), artifact: artifact.clone() };
                replay.done.insert(step.clone(), done);
                replay.uploads.retain(|upload| upload.step != *step);
            }
            Record::UploadStarted { step, attempt, store, key, session } => {
                // Told twice: before it has a session and after.
                replay.uploads.retain(|upload| (&upload.store, &upload.key) != (store, key));
                replay.uploads.push(Upload {
                    step: step.clone(),
                    attempt: attempt.clone(),
                    store: store.clone(),
                    key: key.clone(),
                    session: session.clone(),
                    part_size: 0,
                    parts: Vec::new(),
                    place: None,
                });
            }
            Record::PartsStored { store, key, part_size, after, receipts, values, place } => {
                let of_these = |upload: &&mut Upload| (&upload.store, &upload.key) == (store, key);
                if let Some(upload) = replay.uploads.iter_mut().find(of_these) {
                    upload.part_size = *part_size;
                    upload.place.clone_from(place);
                    let after = after.map_or(usize::MAX, |after| usize::try_from(after).unwrap_or(usize::MAX));
                    upload.parts.truncate(after);
                    let values = values.iter().cloned().map(Some).chain(std::iter::repeat(None));
                    let parts = receipts.iter().cloned().zip(values);
                    upload.parts.extend(parts.map(|(receipt, value)| Kept { receipt, value }));
                }
            }
            Record::Notified { notifier, problem: None, outcome, occasion } => {
                let occasion = occasion.or_else(|| Occasion::of((*outcome)?));
                replay.told.extend(occasion.map(|occasion| (notifier.clone(), occasion)));
            }
            Record::InsteadOf { run } => replay.instead_of = Some(run.clone()),
            Record::StartOwed { source } => {
                replay.owed.insert(source.clone());
            }
            Record::StartSettled { source } => {
                replay.owed.remove(source);
            }
            Record::StepEnded { .. }
            | Record::RunStarted { .. }
            | Record::AttemptStarted { .. }
            // A prune finds in the store itself what one before it began.
            | Record::PruneStarted { .. }
            | Record::AttemptEnded { .. }
            | Record::CancelRequested
            | Record::Paused
            | Record::Continued
            | Record::Chosen { .. }
            | Record::Notified { .. }
            | Record::RunEnded { .. } => {}
        }
    }
    replay
}

/// Whether a step's result outlives the run that was cut off: what it published is in a store. Service steps and
/// checks are made again, because the world may have changed.
fn lasts(action: &Action) -> bool {
    match action {
        Action::Backup { .. } | Action::Transfer { .. } => true,
        Action::Preflight { .. }
        | Action::Stop { .. }
        | Action::Start { .. }
        | Action::Verify { .. }
        | Action::Place { .. }
        | Action::Stage { .. }
        | Action::Inspect { .. }
        | Action::Swap { .. }
        | Action::Settle { .. }
        | Action::Copy { .. }
        | Action::Aggregate { .. }
        | Action::Restore { .. }
        | Action::Prune { .. } => false,
    }
}
