//! Staging an artifact: the copies of the plan are tried in their order, and nothing live is touched. A copy that turns
//! out damaged gets a fact that says so, and the next one is tried.

use super::chain;
use super::executor::{Done, Located};
use super::index;
use super::room;
use super::transfer::expect;
use super::verify::{fact, name_the_artifact, note, prefer_damage};
use super::workshop::Workshop;
use crate::artifact::decode::Coded;
use crate::artifact::download::Expected;
use crate::artifact::outlet::Outlet;
use crate::artifact::part::{Part, Ranged};
use crate::artifact::{Sink, channel, pace::Pace, sized};
use crate::engine::{Context, files::part};
use crate::error::{Error, Result};
use crate::store::{Held, Store};
use schema::manifest::{LaterFact, Manifest};
use schema::report::{Outcome, ProblemKind};
use schema::step::Candidate;
use std::io::BufReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is to be brought back, and under which name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub source: &'a str,
    pub database: &'a str,
    pub candidates: &'a [Candidate],
    pub staging: &'a str,
    /// Only these names of a tree; everything when there are none.
    pub only: &'a [String],
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
    let store = shop.store(&candidate.store, &context.observers).await?;
    let at = Located {
        source: wanted.source.to_owned(),
        database: wanted.database.to_owned(),
        id: candidate.id.clone(),
        manifest: Some(candidate.manifest.clone()),
    };
    let held = expect(&store, &at).await?;
    // A missing or wrong identity is told before anything is made.
    let coded = store.coded(&held.manifest)?;
    let engine = shop.engine(wanted.source)?;
    if let Some(folder) = engine.stages_in(wanted.staging).filter(|_| wanted.only.is_empty()) {
        room::look(&folder, held.manifest.artifact.size)?;
    }
    if held.manifest.chain.is_some() {
        if !wanted.only.is_empty() {
            return Err(part_of_a_chain(&at.id));
        }
        let reader = chain::Reader::Stage { staging: wanted.staging };
        let staged = chain::read(engine, &store, &held, reader, context).await;
        let detail = staged.map_err(|error| name_the_artifact(error, &store, &at.id))?;
        return Ok(format!("{detail}, to artifact {} of {} in `{}`", candidate.id, candidate.taken, store.name));
    }
    let (sink, feed) = channel();
    let fetched = Arc::new(AtomicU64::new(0));
    let reading = async {
        if wanted.only.is_empty() {
            return store.read(&held.manifest, sink, Pace::new(None), &context.observers).await;
        }
        let object = store.ranged(&held.manifest, fetched.clone());
        read_part(&store, &held.manifest, (object, coded), wanted.only, sink, context).await
    };
    let (read, staged) = tokio::join!(reading, engine.stage(wanted.database, wanted.staging, feed, context));
    let detail = match prefer_damage(read, staged) {
        Ok(detail) => detail,
        Err(error) => {
            if error.kind == ProblemKind::Integrity {
                tell_damage(shop, &store, &held, &error, context).await;
            }
            return Err(name_the_artifact(error, &store, &at.id));
        }
    };
    let read = match fetched.load(Ordering::Relaxed) {
        0 => String::new(),
        read => format!(", for which {} of {} were read", sized(read), sized(Expected::of(&held.manifest).size)),
    };
    Ok(format!("{detail}, from artifact {} of {} in `{}`{read}", candidate.id, candidate.taken, store.name))
}

/// Streams an archive of a part of an artifact: its index says which frames hold it, and only those are read.
async fn read_part(
    store: &Store,
    manifest: &Manifest,
    (object, coded): (Ranged, Coded),
    only: &[String],
    out: Sink,
    context: &Context,
) -> Result<()> {
    let index = index::fetch(store, manifest, "stored.index", context).await?;
    let only = only.to_vec();
    index::blocking(move || {
        let open =
            || std::fs::File::open(&index).map(BufReader::new).map_err(|error| Error::io("read the index", &error));
        let chosen = part::choose(open, &only)?;
        let mut bytes = Part::open(object, &coded, part::nodes(open()?)?)?;
        let mut out = Outlet::new(out);
        part::write(&chosen, &mut bytes, &mut out)?;
        out.finish()
    })
    .await
}

fn part_of_a_chain(id: &str) -> Error {
    let message = format!("artifact {id} is a differential, and a part of a chain cannot be restored yet");
    Error::permanent("not-there-yet", message).help("Leave out `--file`, or name a full artifact with `--artifact ID`.")
}

/// Writes beside a copy that it is damaged. A restore does not fail for that this cannot be written.
async fn tell_damage(shop: &Workshop, store: &Store, held: &Held, error: &Error, context: &Context) {
    let found = fact(shop, held, false, error.message.clone(), context);
    if let Err(error) = note(shop, store, held, LaterFact { with: "restore".to_owned(), ..found }).await {
        let message = format!("that a copy in store `{}` is damaged could not be written there: {error}", store.name);
        context.observers.notice(message, Some("Run `backstay verify` on that store.".to_owned()));
    }
}
