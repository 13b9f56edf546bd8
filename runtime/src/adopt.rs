//! Artifacts out of files that Backstay did not make: each is streamed into a store, with a manifest that says so. Nothing
//! is believed of them: they count for nothing until they are verified, and the files stay where they are.

use crate::artifact::digest::Digests;
use crate::artifact::encode::{self, Layers};
use crate::artifact::stream::first_cause;
use crate::artifact::{channel, pace::Pace, upload};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::run::Outfit;
use crate::run::state::State;
use crate::store::{self, Identity, Known, Published, Store, Terms, layout};
use bytes::BytesMut;
use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::manifest::{Content, Copied, EngineFacts, FORMAT, Manifest};
use schema::plan::Plan;
use schema::report::ProblemKind;
use schema::step::Address;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is read of a file at once.
const CHUNK: usize = 256 << 10;

/// What to make of which files.
#[derive(Clone, Debug)]
pub struct Asked {
    pub source: String,
    pub database: String,
    pub store: String,
    pub files: Vec<PathBuf>,
    /// When they were taken; as their names say, or else when they were last changed, without it.
    pub taken: Option<Timestamp>,
}

/// What came of one file.
#[derive(Clone, Debug)]
pub struct Adopted {
    pub file: PathBuf,
    pub came: Result<StoredArtifact>,
    /// Whether the store held it already.
    pub known: bool,
}

/// Brings the files into the store, one after the other. A file twice is one artifact.
pub async fn adopt(plan: &Plan, outfit: &Outfit, state: &Path, asked: &Asked) -> Result<Vec<Adopted>> {
    if plan.source(&asked.source).is_none() {
        return Err(Error::permanent("source-unknown", format!("the strategy has no source `{}`", asked.source)));
    }
    let spec = plan
        .store(&asked.store)
        .ok_or_else(|| Error::permanent("store-unknown", format!("the strategy has no store `{}`", asked.store)))?;
    let state = State::open(state)?;
    let identity = Identity { uuid: state.catalog.strategy()?, strategy: plan.strategy.clone() };
    let known = if state.catalog.knows(&asked.store)? { Known::Used } else { Known::New };
    let observers = outfit.observers.of(&Address(format!("adopt/{}", asked.store)));
    let base = outfit.world.base();
    let terms = Terms { known, allowed: store::allowed(plan, outfit.world.now()) };
    let (store, uuid) =
        store::open(&outfit.host, spec, &identity, &terms, base, &outfit.secrets, observers.clone()).await?;
    state.catalog.remember(&asked.store, &uuid)?;
    store.accepts()?;
    let adoption = Adoption { plan, asked, store, observers };
    let mut out = Vec::new();
    for file in &asked.files {
        let came = adoption.one(file).await;
        let is_known = matches!(&came, Ok((_, true)));
        let came = came.map(|(artifact, _)| artifact);
        if let Ok(artifact) = &came {
            state.catalog.put(artifact)?;
        }
        out.push(Adopted { file: file.clone(), came, known: is_known });
    }
    Ok(out)
}

/// A file whose bytes are in the store.
struct Attempted {
    id: String,
    attempt: String,
    method: &'static str,
    taken: Timestamp,
    content: Content,
    copy: Option<Copied>,
}

struct Adoption<'a> {
    plan: &'a Plan,
    asked: &'a Asked,
    store: Store,
    observers: StepObservers,
}

impl Adoption<'_> {
    /// The artifact, and whether it was there already.
    async fn one(&self, file: &Path) -> Result<(StoredArtifact, bool)> {
        let method = method(file)?;
        let (size, blake3) = read(file.to_owned()).await?;
        if size == 0 {
            return Err(Error::permanent("artifact-empty", format!("`{}` has no bytes", file.display())));
        }
        let Asked { source, database, .. } = self.asked;
        let id = id(source, database, &blake3);
        if let Some(held) = self.store.held(source, database, &id).await? {
            return Ok((self.store.found(&held).await?, true));
        }
        let taken = self.asked.taken.map_or_else(|| time_of(file), Ok)?;
        let attempt = format!("a-{}", uuid::Uuid::new_v4().simple());
        let extension = if method == "backup" { "backup" } else { "dump" };
        let database_name = layout::component(database);
        let name = format!("{database_name}-{}.{extension}", taken.strftime("%Y-%m-%dT%H-%M-%SZ"));
        // Both kinds are compressed by the tool that makes them.
        let layers = self.store.layers(true);
        let folder = self.store.folder(source, database, &id);
        let key = layout::bytes(&folder, &attempt, &encode::file_name(&name, &layers.names()));
        let (content, copy) = self.send(file, (size, &blake3), &key, (&name, &layers)).await?;
        let attempted = Attempted { id, attempt, method, taken, content, copy };
        let manifest = self.manifest(file, attempted);
        let published = self.store.publish(&manifest, &self.observers).await?;
        let known = matches!(published, Published::Theirs(_));
        Ok((self.store.found(published.held()).await?, known))
    }

    /// Streams the file, which had that size and digest, through the layers of the store. Its bytes are durable when this
    /// returns, and nothing names them.
    async fn send(
        &self,
        file: &Path,
        was: (u64, &str),
        key: &str,
        (name, layers): (&str, &Layers),
    ) -> Result<(Content, Option<Copied>)> {
        let storage = self.store.storage();
        let plan = storage.prepare(key, Some(was.0)).await?;
        // What layers make of it is not known before.
        let size = layers.is_empty().then_some(was.0);
        let session = storage.begin(key, size).await?;
        let ((sink, feed), (coded, bytes)) = (channel(), channel());
        let path = file.to_owned();
        let reading = blocking(move || {
            chunks(&path, |chunk| sink.blocking_send(bytes::Bytes::copy_from_slice(chunk)))?;
            sink.blocking_finish()
        });
        let encoding = encode::encode(feed, coded, layers.clone());
        let target = upload::Session { storage, name: &session, plan, size };
        let sending = upload::upload(bytes, target, Pace::new(None), &self.observers, None);
        match tokio::join!(reading, encoding, sending) {
            (Ok(()), Ok(plain), Ok((sent, receipts))) => {
                if (plain.size, plain.blake3.as_str()) != was {
                    // What it is to tell is that the file changed.
                    let _ = storage.abort(&session).await;
                    let message = format!("`{}` changed while it was read", file.display());
                    return Err(Error::new(ProblemKind::Integrity, "source-changed", message)
                        .help("Adopt it again when nobody writes it any more."));
                }
                fault::point("before-commit");
                storage.commit(&session, &receipts).await?;
                let copy = (!layers.is_empty()).then(|| layers.copied(name, &sent));
                Ok((plain.content(name.to_owned()), copy))
            }
            (read, encoded, sent) => {
                // The first error is the one to tell.
                let _ = storage.abort(&session).await;
                Err(first_cause([read.err(), encoded.err(), sent.err()]))
            }
        }
    }

    fn manifest(&self, file: &Path, attempted: Attempted) -> Manifest {
        let Attempted { id, attempt, method, taken, content, copy } = attempted;
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Manifest {
            format: FORMAT,
            id,
            strategy: self.plan.strategy.clone(),
            source: self.asked.source.clone(),
            database: self.asked.database.clone(),
            step: "adopt".to_owned(),
            run: format!("adopt-{}", uuid::Uuid::new_v4()),
            attempt,
            engine: EngineFacts {
                name: "neo4j".to_owned(),
                method: method.to_owned(),
                version: None,
                edition: None,
                tool: "unknown".to_owned(),
                entries: None,
            },
            taken: taken.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            artifact: content,
            inputs: Vec::new(),
            took: None,
            incomplete: Vec::new(),
            copy,
            index: None,
            moved: None,
            chain: None,
            adopted: Some(name),
        }
    }
}

/// The same file is the same artifact, whenever it is adopted.
fn id(source: &str, database: &str, blake3: &str) -> String {
    let text = format!("adopt\n{source}\n{database}\n{blake3}");
    blake3::hash(text.as_bytes()).to_hex().chars().take(32).collect()
}

/// How the file was made, by how its name ends.
fn method(file: &Path) -> Result<&'static str> {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("backup") => Ok("backup"),
        Some("dump") => Ok("dump"),
        _ => Err(Error::permanent("not-an-artifact", format!("`{}` is no `.backup` and no `.dump`", file.display()))
            .help("Only what `neo4j-admin database backup` and `neo4j-admin database dump` made can be adopted.")),
    }
}

/// Calls for every chunk of a file.
fn chunks(file: &Path, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let failed = |error: &std::io::Error| Error::io(format!("read `{}`", file.display()), error);
    let mut opened = std::fs::File::open(file).map_err(|error| failed(&error))?;
    let mut buffer = BytesMut::zeroed(CHUNK);
    loop {
        let count = opened.read(&mut buffer).map_err(|error| failed(&error))?;
        match buffer.get(..count) {
            Some(chunk) if count > 0 => each(chunk)?,
            _ => return Ok(()),
        }
    }
}

/// Size and digest of a file.
async fn read(file: PathBuf) -> Result<(u64, String)> {
    blocking(move || {
        let mut digests = Digests::identity();
        chunks(&file, |chunk| {
            digests.update(chunk);
            Ok(())
        })?;
        let digested = digests.finish();
        Ok((digested.size, digested.blake3))
    })
    .await
}

/// When a file was taken: the time in its name, in UTC as the tools write it, or its last change.
fn time_of(file: &Path) -> Result<Timestamp> {
    let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(time) = time_in(&name) {
        return Ok(time);
    }
    let failed = |error: &std::io::Error| Error::io(format!("look at `{}`", file.display()), error);
    let modified = std::fs::metadata(file).and_then(|found| found.modified()).map_err(|error| failed(&error))?;
    Timestamp::try_from(modified).map_err(|error| Error::permanent("time-unreadable", error.to_string()))
}

/// `2026-11-22T01-00-03` or `2026-11-22T01:00:03` anywhere in a text.
fn time_in(text: &str) -> Option<Timestamp> {
    const LENGTH: usize = "2026-11-22T01-00-03".len();
    (0..text.len()).find_map(|at| {
        let part = text.get(at..at + LENGTH)?;
        let (date, time) = part.split_once('T')?;
        format!("{date}T{}Z", time.replace('-', ":")).parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_in_names() {
        for (name, wanted) in [
            ("neo4j-2026-08-22T04-29-09", Some("2026-08-22T04:29:09Z")),
            ("a-2026-08-22T04:29:09Z-b", Some("2026-08-22T04:29:09Z")),
            ("2026-13-22T04-29-09", None),
            ("neo4j", None),
            ("é2026-08-22", None),
        ] {
            assert_eq!(time_in(name).map(|time| time.to_string()), wanted.map(str::to_owned), "{name}");
        }
    }
}
