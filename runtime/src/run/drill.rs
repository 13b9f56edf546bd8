//! One drill step: a copy brought back into a target, looked at there, and removed. What was found is written beside the
//! copy. Nothing of a source is touched, and of a target nothing but what a drill made.

use super::chain;
use super::executor::{Done, Located, Work};
use super::index;
use super::transfer::expect;
use super::verify::{fact, name_the_artifact, note};
use super::workshop::{Workshop, made_by};
use super::{GUARD_WAIT, backup::report, room};
use crate::artifact::stream::prefer_damage;
use crate::artifact::{Feed, channel, pace::Pace};
use crate::engine::files::drill::Content;
use crate::engine::target::Tried;
use crate::engine::{Context, files, neo4j};
use crate::error::{Error, Result};
use crate::process::Children;
use crate::store::{Held, Store};
use schema::manifest::{DrillFacts, LaterFact};
use schema::report::ProblemKind;
use schema::step::ArtifactRef;
use schema::target::{Target, TargetEngine};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a drill is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub artifact: &'a ArtifactRef,
    pub store: &'a str,
    pub target: &'a str,
    pub check: bool,
    pub queries: &'a [String],
}

/// Restores the artifact into the target, and removes it again whatever came of it.
pub(super) async fn perform(shop: &Arc<Workshop>, work: &Work, wanted: Wanted<'_>, context: &Context) -> Result<Done> {
    let target = shop.target(wanted.target)?;
    let place = shop.world.base().join(path(target));
    apart(&place, &target.name, &shop.live)?;
    let subject = format!("target-{}", target.name);
    let _lock = shop.state.lock_target(&target.name)?;
    let children = Children::new(shop.exe.clone(), shop.state.children_lock(&subject));
    // What a drill that was killed had started is gone before its files are removed.
    children.clear(GUARD_WAIT).await?;
    let context = Context { children: children.with_redact(Arc::new(shop.secrets.clone())), ..context.clone() };
    sweep(target, &place).await?;
    let store = shop.store(wanted.store, &context.observers).await?;
    let held = find(&store, work, wanted.artifact).await?;
    let links = chain::links(&store, &held).await?;
    takes(target, &links)?;
    room::look(&place, chain::size(&links))?;
    let began = Instant::now();
    let tried = match links.as_slice() {
        [_] => restore(&store, &held, (target, &place), &work.attempt, wanted, &context).await,
        links => restore_chain(&store, &held, links, &place, &work.attempt, &context).await,
    };
    let swept = sweep(target, &place).await;
    let noted = verdict(shop, &store, &links, target, &tried, began, &context);
    if let Some(found) = noted {
        note(shop, &store, &held, found).await?;
    }
    let (tried, _) = tried.map_err(|error| name_the_artifact(error, &store, &held.manifest.id))?;
    swept?;
    let manifest = &held.manifest;
    let before = match links.len() {
        1 => String::new(),
        count => format!(" with {} before it", count - 1),
    };
    let detail = format!(
        "artifact {} of {}{before} from `{}` in {:.1} s: {}",
        manifest.id,
        manifest.taken,
        store.name,
        began.elapsed().as_secs_f64(),
        tried.detail
    );
    Ok(Done::ok(detail).with(report(&store, manifest)))
}

/// What a drill says of a copy: nothing, when it could not be made.
fn verdict(
    shop: &Workshop,
    store: &Store,
    links: &[Held],
    target: &Target,
    tried: &Result<(Tried, Instant)>,
    began: Instant,
    context: &Context,
) -> Option<LaterFact> {
    let (held, before) = links.split_last()?;
    let facts = DrillFacts {
        store: store.name.clone(),
        target: target.name.clone(),
        size: chain::size(links),
        before: before.iter().map(|link| link.manifest.id.clone()).collect(),
        ..DrillFacts::default()
    };
    let transaction = tried.as_ref().ok().and_then(|(tried, _)| tried.transaction);
    let (ok, detail, drill) = match tried {
        Ok((tried, fetched)) => {
            let drill = DrillFacts {
                fetch: milliseconds(fetched.duration_since(began)),
                load: milliseconds(tried.loaded.saturating_duration_since(*fetched)),
                check: milliseconds(tried.check),
                queries: milliseconds(tried.queries),
                tool: tried.tool.clone(),
                entries: tried.entries,
                answered: tried.answered,
                ..facts
            };
            (true, tried.detail.clone(), drill)
        }
        Err(error) if error.kind == ProblemKind::Integrity => (false, error.message.clone(), facts),
        Err(_) => return None,
    };
    let drill = Some(drill);
    Some(LaterFact { with: "drill".to_owned(), drill, transaction, ..fact(shop, held, ok, detail, context) })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Streams the artifact into the target; also when the last byte had been read.
async fn restore(
    store: &Store,
    held: &Held,
    (target, place): (&Target, &Path),
    attempt: &str,
    wanted: Wanted<'_>,
    context: &Context,
) -> Result<(Tried, Instant)> {
    let (sink, feed) = channel();
    let reading = async {
        let read = store.read(&held.manifest, sink, Pace::new(None), &context.observers).await;
        (read, Instant::now())
    };
    let ((read, fetched), used) = tokio::join!(reading, into(target, place, attempt, held, wanted, feed, context));
    prefer_damage(read, used).map(|tried| (tried, fetched))
}

/// The same of an artifact and all that it builds on, each link once.
async fn restore_chain(
    store: &Store,
    held: &Held,
    links: &[Held],
    place: &Path,
    attempt: &str,
    context: &Context,
) -> Result<(Tried, Instant)> {
    let index = index::fetch(store, &held.manifest, "chain.index", context).await?;
    let (sender, feeds) = tokio::sync::mpsc::channel(1);
    let giving = async {
        let given = chain::give(store, links, sender, context).await;
        (given, Instant::now())
    };
    let using = files::drill::restore(place, attempt, None, Content::Chain(feeds, index), context);
    let ((read, fetched), used) = tokio::join!(giving, using);
    prefer_damage(read, used).map(|tried| (tried, fetched))
}

async fn into(
    target: &Target,
    place: &Path,
    attempt: &str,
    held: &Held,
    wanted: Wanted<'_>,
    feed: Feed,
    context: &Context,
) -> Result<Tried> {
    match &target.engine {
        TargetEngine::Files { .. } => {
            // What could not be archived is not in the count of a restore either.
            let entries = held.manifest.engine.entries;
            files::drill::restore(place, attempt, entries, Content::Whole(feed), context).await
        }
        TargetEngine::Neo4j { admin, user, edition, version, .. } => {
            let admin = program(context, admin);
            let installation =
                neo4j::drill::Installation { home: place, admin: &admin, user: user.as_deref(), edition, version };
            let (database, check, queries) = (held.manifest.database.as_str(), wanted.check, wanted.queries);
            let wish = neo4j::drill::Wish { database, check, queries };
            neo4j::drill::restore(&installation, attempt, &wish, feed, context).await
        }
    }
}

/// A path is relative to the folder of the strategy, a plain name is looked up.
fn program(context: &Context, program: &str) -> String {
    if program.contains('/') {
        context.world.base().join(program).to_string_lossy().into_owned()
    } else {
        program.to_owned()
    }
}

async fn sweep(target: &Target, place: &Path) -> Result<()> {
    match &target.engine {
        TargetEngine::Files { .. } => files::drill::sweep(place).await,
        TargetEngine::Neo4j { .. } => neo4j::drill::sweep(place),
    }
}

fn path(target: &Target) -> &str {
    match &target.engine {
        TargetEngine::Files { directory } => directory,
        TargetEngine::Neo4j { home, .. } => home,
    }
}

/// A target that is, by whatever name, where live data are is refused.
fn apart(place: &Path, target: &str, live: &[(String, PathBuf)]) -> Result<()> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let here = real(place);
    match live.iter().find(|(_, path)| real(path).starts_with(&here) || here == real(path)) {
        None => Ok(()),
        Some((source, path)) => {
            let message = format!("target `{target}` is `{}`, where `{source}` has its live data", path.display());
            Err(Error::permanent("target-is-live", message)
                .help("Give the target a directory, or an installation, that nothing else uses."))
        }
    }
}

/// The artifact that the step means, as the store holds it now.
async fn find(store: &Store, work: &Work, artifact: &ArtifactRef) -> Result<Held> {
    let at = match (&work.artifact, artifact) {
        (Some(at), _) => at.clone(),
        (None, ArtifactRef::Newest { source, database, full }) => newest(store, source, database, *full).await?,
        (None, _) => return Err(Error::permanent("plan-incomplete", "the step names no artifact")),
    };
    expect(store, &at).await
}

/// A differential alone is not the database: whoever restored only that would have proved nothing.
fn takes(target: &Target, links: &[Held]) -> Result<()> {
    let engine = match &target.engine {
        TargetEngine::Files { .. } => "files",
        TargetEngine::Neo4j { .. } => "neo4j",
    };
    links.iter().try_for_each(|link| made_by(engine, &link.manifest, &format!("target `{}`", target.name)))?;
    match (&target.engine, links) {
        (_, [] | [_]) | (TargetEngine::Files { .. }, _) => Ok(()),
        (TargetEngine::Neo4j { .. }, [.., last]) => {
            let (id, target) = (&last.manifest.id, &target.name);
            let message = format!("artifact {id} is a differential, and target `{target}` loads no chain yet");
            Err(Error::permanent("not-there-yet", message).help("Let the drill follow a full backup."))
        }
    }
}

async fn newest(store: &Store, source: &str, database: &str, full: bool) -> Result<Located> {
    let all = store.artifacts().await?;
    let mut of = all.iter().filter(|known| known.source == source && known.database == database);
    let found = of.rfind(|known| !full || known.parent.is_none());
    let found = found.ok_or_else(|| {
        let message = format!("store `{}` holds no artifact of `{source}:{database}`", store.name);
        Error::permanent("artifact-missing", message).help("Run a job that backs it up first.")
    })?;
    Ok(Located {
        source: source.to_owned(),
        database: database.to_owned(),
        id: found.id.clone(),
        manifest: Some(found.manifest.clone()),
    })
}
