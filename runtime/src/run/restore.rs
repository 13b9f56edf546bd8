//! Staging an artifact: the copies of the plan are tried in their order, and nothing live is touched. A copy that turns
//! out damaged gets a fact that says so, and the next one is tried.

use super::executor::{Done, Located};
use super::room;
use super::transfer::expect;
use super::verify::{fact, name_the_artifact, note, prefer_damage};
use super::workshop::Workshop;
use crate::artifact::{channel, download, pace::Pace};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::store::{Held, Store};
use schema::manifest::LaterFact;
use schema::report::{Outcome, ProblemKind};
use schema::step::Candidate;
use std::sync::Arc;

/// What is to be brought back, and under which name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub source: &'a str,
    pub database: &'a str,
    pub candidates: &'a [Candidate],
    pub staging: &'a str,
}

/// Stages the first copy that is whole. A copy that had to be passed over makes the step degraded.
pub(super) async fn stage(shop: &Arc<Workshop>, wanted: Wanted<'_>, context: &Context) -> Result<Done> {
    let mut passed_over: Vec<Error> = Vec::new();
    for candidate in wanted.candidates {
        match stage_one(shop, wanted, candidate, context).await {
            Ok(detail) if passed_over.is_empty() => return Ok(Done::ok(detail)),
            Ok(detail) => {
                let why = passed_over.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
                let detail = format!("{detail}, after a copy was passed over: {why}");
                return Ok(Done { outcome: Outcome::Degraded, detail, artifact: None });
            }
            // No other copy is smaller, and nobody waits for one.
            Err(error) if error.kind == ProblemKind::Cancelled || error.code == "room-too-small" => return Err(error),
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

async fn stage_one(shop: &Workshop, wanted: Wanted<'_>, candidate: &Candidate, context: &Context) -> Result<String> {
    chained(&candidate.id, candidate.chain.first().map(|link| link.id.as_str()))?;
    let store = shop.store(&candidate.store, &context.observers).await?;
    let at = Located {
        source: wanted.source.to_owned(),
        database: wanted.database.to_owned(),
        id: candidate.id.clone(),
        manifest: Some(candidate.manifest.clone()),
    };
    let held = expect(&store, &at).await?;
    let engine = shop.engine(wanted.source)?;
    if let Some(folder) = engine.stages_in(wanted.staging) {
        room::look(&folder, held.manifest.artifact.size)?;
    }
    let (sink, feed) = channel();
    let key = store.bytes_key(&held.manifest);
    let (read, staged) = tokio::join!(
        download::download(store.storage(), &key, &held.manifest.artifact, sink, Pace::new(None), &context.observers),
        engine.stage(wanted.database, wanted.staging, feed, context),
    );
    match prefer_damage(read, staged) {
        Ok(detail) => Ok(format!("{detail}, from artifact {} of {} in `{}`", at.id, candidate.taken, store.name)),
        Err(error) => {
            if error.kind == ProblemKind::Integrity {
                tell_damage(shop, &store, &held, &error, context).await;
            }
            Err(name_the_artifact(error, &store, &at.id))
        }
    }
}

/// Writes beside a copy that it is damaged. A restore does not fail for that this cannot be written.
async fn tell_damage(shop: &Workshop, store: &Store, held: &Held, error: &Error, context: &Context) {
    let found = fact(shop, held, false, error.message.clone(), context);
    if let Err(error) = note(shop, store, held, LaterFact { with: "restore".to_owned(), ..found }).await {
        let message = format!("that a copy in store `{}` is damaged could not be written there: {error}", store.name);
        context.observers.notice(message, Some("Run `backstay verify` on that store.".to_owned()));
    }
}

/// Only an artifact that needs no other one can be brought back.
pub(super) fn chained(id: &str, parent: Option<&str>) -> Result<()> {
    match parent {
        None => Ok(()),
        Some(parent) => {
            let message = format!("artifact {id} builds on artifact {parent}, and chains cannot be restored yet");
            Err(Error::permanent("not-there-yet", message).help("Name a full artifact with `--artifact ID`."))
        }
    }
}
