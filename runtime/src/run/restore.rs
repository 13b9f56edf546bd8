//! Staging an artifact: the copies of the plan are tried in their order, and nothing live is touched. A copy that turns
//! out damaged gets a fact that says so, and the next one is tried.

use super::chain;
use super::executor::{Done, Located};
use super::index;
use super::room;
use super::transfer::expect;
use super::verify::{fact, name_the_artifact, note};
use super::workshop::Workshop;
use crate::artifact::download::Expected;
use crate::artifact::outlet::Outlet;
use crate::artifact::part::Part;
use crate::artifact::stream::prefer_damage;
use crate::artifact::{Sink, channel, pace::Pace, sized};
use crate::blocking::blocking;
use crate::engine::Context;
use crate::engine::files::part::{self, Chosen, Parts};
use crate::error::{Error, Result};
use crate::store::{Held, Store};
use schema::manifest::LaterFact;
use schema::report::{Outcome, ProblemKind};
use schema::step::Candidate;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
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
    store.coded(&held.manifest)?;
    match bring(shop, wanted, &store, &held, context).await {
        Ok((how, what)) => {
            let (Candidate { id, taken, .. }, store) = (candidate, &store.name);
            Ok(format!("{how} artifact {id} of {taken} in `{store}`{what}"))
        }
        Err(error) => {
            if error.kind == ProblemKind::Integrity {
                tell_damage(shop, &store, &held, &error, context).await;
            }
            Err(name_the_artifact(error, &store, &at.id))
        }
    }
}

/// Stages a copy with all that it builds on: what came of it, to be told before and behind the artifact's name.
async fn bring(
    shop: &Workshop,
    wanted: Wanted<'_>,
    store: &Store,
    held: &Held,
    context: &Context,
) -> Result<(String, String)> {
    let engine = shop.engine_of(&held.manifest)?;
    let links = chain::links(store, held).await?;
    if let Some(folder) = engine.stages_in(wanted.staging).filter(|_| wanted.only.is_empty()) {
        room::look(&folder, chain::size(&links))?;
    }
    if links.len() > 1 && wanted.only.is_empty() {
        let reader = chain::Reader::Stage { staging: wanted.staging };
        return Ok((format!("{}, to", chain::read(engine, store, &links, reader, context).await?), String::new()));
    }
    let (sink, feed) = channel();
    let fetched = Arc::new(AtomicU64::new(0));
    let reading = async {
        if wanted.only.is_empty() {
            return store.read(&held.manifest, sink, Pace::new(None), &context.observers).await;
        }
        read_part(store, &links, wanted.only, (sink, fetched.clone()), context).await
    };
    let (read, staged) = tokio::join!(reading, engine.stage(wanted.database, wanted.staging, feed, context));
    let detail = prefer_damage(read, staged)?;
    let read = match fetched.load(Ordering::Relaxed) {
        0 => String::new(),
        read => {
            let all = links.iter().map(|link| Expected::of(&link.manifest).size).sum();
            format!(", for which {} of {} were read", sized(read), sized(all))
        }
    };
    Ok((format!("{detail}, from"), read))
}

/// Streams an archive of a part of an artifact: indexes say which frames of which link hold it, and only those are read.
async fn read_part(
    store: &Store,
    links: &[Held],
    only: &[String],
    (out, fetched): (Sink, Arc<AtomicU64>),
    context: &Context,
) -> Result<()> {
    let mut paths: BTreeMap<usize, PathBuf> = BTreeMap::new();
    let mut chosen: Option<Chosen> = None;
    for (at, link) in links.iter().enumerate().rev() {
        let path = index::fetch(store, &link.manifest, &format!("stored-{at}.index"), context).await?;
        paths.insert(at, path.clone());
        let (so_far, only) = (chosen.take(), only.to_vec());
        let look = blocking(move || {
            let mut chosen = so_far.map_or_else(|| Chosen::new(open(&path)?, at, &only), Ok)?;
            let done = chosen.look(at, || open(&path))?;
            Ok((chosen, done))
        });
        let (found, done) = look.await?;
        chosen = Some(found);
        if done {
            break;
        }
    }
    let Some(chosen) = chosen else { return Err(Error::permanent("nothing-to-restore", "there is no artifact")) };
    let mut objects = Vec::new();
    for at in chosen.places() {
        let (Some(link), Some(path)) = (links.get(at), paths.remove(&at)) else { continue };
        let object = store.ranged(&link.manifest, fetched.clone());
        objects.push((at, object, store.coded(&link.manifest)?, path));
    }
    blocking(move || {
        let mut parts = Parts::new();
        for (at, object, coded, path) in objects {
            parts.insert(at, Part::open(object, &coded, part::nodes(open(&path)?)?)?);
        }
        let mut out = Outlet::new(out);
        part::write(&chosen, &mut parts, &mut out)?;
        out.finish()
    })
    .await
}

fn open(index: &Path) -> Result<BufReader<File>> {
    File::open(index).map(BufReader::new).map_err(|error| Error::io("read the index", &error))
}

/// Writes beside a copy that it is damaged. A restore does not fail for that this cannot be written.
async fn tell_damage(shop: &Workshop, store: &Store, held: &Held, error: &Error, context: &Context) {
    let found = fact(shop, held, false, error.message.clone(), context);
    if let Err(error) = note(shop, store, held, LaterFact { with: "restore".to_owned(), ..found }).await {
        let message = format!("that a copy in store `{}` is damaged could not be written there: {error}", store.name);
        context.observers.notice(message, Some("Run `backstay verify` on that store.".to_owned()));
    }
}
