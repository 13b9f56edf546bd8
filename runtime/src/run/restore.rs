//! Staging an artifact: the copies of the plan are tried in their order, and nothing live is touched.

use super::chain;
use super::executor::{Done, Located};
use super::transfer::expect;
use super::verify::{name_the_artifact, prefer_damage};
use super::workshop::Workshop;
use crate::artifact::{channel, download, pace::Pace};
use crate::engine::Context;
use crate::error::{Error, Result};
use schema::report::{Outcome, ProblemKind};
use schema::step::Candidate;
use std::sync::Arc;

/// Stages the first copy that is whole. A copy that had to be passed over makes the step degraded.
pub(super) async fn stage(
    shop: &Arc<Workshop>,
    source: &str,
    database: &str,
    candidates: &[Candidate],
    staging: &str,
    context: &Context,
) -> Result<Done> {
    let mut passed_over: Vec<Error> = Vec::new();
    for candidate in candidates {
        match stage_one(shop, source, database, candidate, staging, context).await {
            Ok(detail) if passed_over.is_empty() => return Ok(Done::ok(detail)),
            Ok(detail) => {
                let why = passed_over.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
                let detail = format!("{detail}, after a copy was passed over: {why}");
                return Ok(Done { outcome: Outcome::Degraded, detail, artifact: None });
            }
            Err(error) if error.kind == ProblemKind::Cancelled => return Err(error),
            Err(error) => passed_over.push(error),
        }
    }
    let mut passed_over = passed_over.into_iter();
    let mut first = passed_over
        .next()
        .ok_or_else(|| Error::permanent("nothing-to-restore", "the plan names no copy of the artifact"))?;
    for error in passed_over {
        first.message = format!("{}; then {}", first.message, error.message);
    }
    Err(first)
}

async fn stage_one(
    shop: &Workshop,
    source: &str,
    database: &str,
    candidate: &Candidate,
    staging: &str,
    context: &Context,
) -> Result<String> {
    let store = shop.store(&candidate.store, &context.observers).await?;
    let at = Located {
        source: source.to_owned(),
        database: database.to_owned(),
        id: candidate.id.clone(),
        manifest: Some(candidate.manifest.clone()),
    };
    let held = expect(&store, &at).await?;
    if held.manifest.chain.is_some() {
        let reader = chain::Reader::Stage { staging };
        let staged = chain::read(shop.engine(source)?, &store, &held, reader, context).await;
        let detail = staged.map_err(|error| name_the_artifact(error, &store, &at.id))?;
        return Ok(format!("{detail}, to artifact {} of {} in `{}`", candidate.id, candidate.taken, store.name));
    }
    let (sink, feed) = channel();
    let key = store.bytes_key(&held.manifest);
    let engine = shop.engine(source)?;
    let (read, staged) = tokio::join!(
        download::download(store.storage(), &key, &held.manifest.artifact, sink, Pace::new(None), &context.observers),
        engine.stage(database, staging, feed, context),
    );
    let detail = prefer_damage(read, staged).map_err(|error| name_the_artifact(error, &store, &at.id))?;
    Ok(format!("{detail}, from artifact {} of {} in `{}`", candidate.id, candidate.taken, store.name))
}
