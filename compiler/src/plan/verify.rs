//! A request to read stored artifacts back, as steps: one for each copy that is asked for.

use super::draft::Graph;
use super::job::subject;
use super::restore::{known_source, known_store, short};
use crate::Facts;
use crate::diag::{Diagnostic, Sink, codes};
use crate::model::Strategy;
use schema::fact::StoredArtifact;
use schema::step::{Action, ArtifactRef, Check};

/// The job that these steps belong to; no strategy may have one of this name.
const JOB: &str = "verify";

/// Which copies to read back; all, when nothing is said.
#[derive(Clone, Debug)]
pub struct VerifyRequest {
    pub store: Option<String>,
    pub source: Option<String>,
    /// How the artifact's id begins.
    pub artifact: Option<String>,
    pub with: Check,
}

/// Adds the steps; returns the copies that they cite.
pub(super) fn expand(
    strategy: &Strategy,
    facts: &Facts,
    request: &VerifyRequest,
    graph: &mut Graph,
    sink: &mut Sink,
) -> Option<Vec<StoredArtifact>> {
    if let Some(source) = &request.source {
        known_source(strategy, source, sink)?;
    }
    if let Some(store) = &request.store {
        known_store(strategy, store, sink)?;
    }
    let wanted = |asked: &Option<String>, value: &str| asked.as_ref().is_none_or(|asked| asked == value);
    let mut copies: Vec<&StoredArtifact> = facts
        .artifacts
        .iter()
        .filter(|copy| wanted(&request.store, &copy.store) && wanted(&request.source, &copy.source))
        .filter(|copy| request.artifact.as_ref().is_none_or(|prefix| copy.id.starts_with(prefix.as_str())))
        .filter(|copy| copy.tombstone.is_none() || request.artifact.is_some())
        // A copy of a source that the strategy no longer has cannot be checked by it.
        .filter(|copy| strategy.source(&copy.source).is_some() && strategy.store(&copy.store).is_some())
        .collect();
    copies.sort_by(|one, other| {
        let key =
            |copy: &&StoredArtifact| (copy.source.clone(), copy.database.clone(), copy.id.clone(), copy.store.clone());
        key(one).cmp(&key(other))
    });
    if copies.is_empty() {
        sink.push(
            Diagnostic::error(&codes::NOTHING_TO_VERIFY, "no artifact that is known is as asked for")
                .at(&strategy.span, "this strategy")
                .help("Run a job that makes one, or rebuild the catalog from the stores."),
        );
        return None;
    }
    for copy in &copies {
        let source = strategy.source(&copy.source)?;
        let alike = copies.iter().any(|other| other.id != copy.id && short(&other.id) == short(&copy.id));
        let id = if alike { copy.id.as_str() } else { short(&copy.id) };
        let address = format!("{}@{id}/{}", subject(source, &copy.database), copy.store);
        let artifact = ArtifactRef::Stored {
            source: copy.source.clone(),
            database: copy.database.clone(),
            id: copy.id.clone(),
            manifest: copy.manifest.clone(),
        };
        let action = Action::Verify { artifact, store: copy.store.clone(), with: request.with };
        let reason = format!("taken {}", copy.taken);
        graph.add(JOB, &address, action, &reason, &source.span, sink)?;
    }
    Some(copies.into_iter().cloned().collect())
}
