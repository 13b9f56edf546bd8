//! Everything that a store holds of a strategy, looked at once: what keys there are, and what the documents among them say.
//! A document that cannot be believed is told, and is in the way of nothing else.

use super::layout::{self, Part};
use super::{Held, Store};
use crate::error::{Error, Result};
use crate::plugin::Listed;
use schema::fact::StoredArtifact;
use schema::manifest::{LOCK, LaterFact, Tombstone};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Folders that are read at once.
const READERS: usize = 16;
/// Folders whose documents are read in one call.
const AHEAD: usize = 32;
/// The end of a lock, or the time of a tombstone, that cannot be read: nothing is removed because of it.
pub const FOREVER: &str = "9999-12-30T22:00:00Z";

/// Bytes of the longest name that a kind of facts has, those of later versions included.
const LONGEST_KIND: usize = 40;
/// Bytes of the longest detail that is shown as it is.
const LONGEST_DETAIL: usize = 2_000;
/// Bytes of the longest id that a run has.
const LONGEST_RUN: usize = 80;

/// The keys in the folder of one artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    pub manifest: bool,
    pub tombstone: bool,
    /// Keys of later facts.
    pub facts: Vec<String>,
    /// What each attempt has left, by its name.
    pub attempts: BTreeMap<String, Vec<Listed>>,
    /// Attempts that have the mark of being abandoned.
    pub swept: Vec<String>,
    /// Keys that nothing of ours has.
    pub strays: Vec<String>,
}

impl Folder {
    /// Keys of the documents of the folder at `path`.
    fn documents(&self, path: &str) -> impl Iterator<Item = String> {
        let manifest = self.manifest.then(|| layout::manifest(path));
        let tombstone = self.tombstone.then(|| layout::tombstone(path));
        manifest.into_iter().chain(self.facts.iter().cloned()).chain(tombstone)
    }
}

/// A copy with all that its store says of it.
#[derive(Clone, Debug)]
pub struct Found {
    pub folder: String,
    pub held: Held,
    pub fact: StoredArtifact,
    /// What checks, restores and drills found, in no order.
    pub facts: Vec<LaterFact>,
    pub tombstone: Option<Tombstone>,
}

/// A document of a store that cannot be believed.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Folder of the artifact that it is about.
    pub folder: String,
    pub error: Error,
}

/// What one look at a store found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// By folder.
    pub folders: BTreeMap<String, Folder>,
    /// Oldest first.
    pub found: Vec<Found>,
    pub faults: Vec<Fault>,
    /// Keys in no artifact's folder.
    pub strays: Vec<String>,
}

/// Looks at stores that were made to plan something, for the run that does it a moment later.
#[derive(Clone, Debug, Default)]
pub struct Looked(Arc<Mutex<BTreeMap<String, Survey>>>);

impl Looked {
    pub(crate) fn put(&self, store: &str, survey: Survey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(store.to_owned(), survey);
    }

    /// The look at a store, once.
    pub(crate) fn take(&self, store: &str) -> Option<Survey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(store)
    }
}

impl Survey {
    /// Everything that is known of the copies, as the compiler and the catalog want it.
    #[must_use]
    pub fn artifacts(&self) -> Vec<StoredArtifact> {
        self.found.iter().map(|found| found.fact.clone()).collect()
    }
}

/// Keys by the folder of their artifact, and those that are in none.
#[must_use]
pub fn folders(listed: Vec<Listed>) -> (BTreeMap<String, Folder>, Vec<String>) {
    let (mut folders, mut strays) = (BTreeMap::<String, Folder>::new(), Vec::new());
    for listed in listed {
        let Some((path, part)) = layout::part(&listed.key) else {
            strays.push(listed.key);
            continue;
        };
        if !folders.contains_key(path) {
            folders.insert(path.to_owned(), Folder::default());
        }
        let Some(folder) = folders.get_mut(path) else { continue };
        match part {
            Part::Manifest => folder.manifest = true,
            Part::Tombstone => folder.tombstone = true,
            Part::Fact => folder.facts.push(listed.key),
            Part::Swept(attempt) => folder.swept.push(attempt.to_owned()),
            Part::Bytes(attempt) => folder.attempts.entry(attempt.to_owned()).or_default().push(listed),
            Part::Stray => folder.strays.push(listed.key),
        }
    }
    (folders, strays)
}

impl Store {
    /// Lists and reads all that the store holds of the strategy. An error means that it could not be listed.
    pub async fn survey(&self) -> Result<Survey> {
        let (folders, strays) = folders(self.storage.list(&layout::strategy(&self.strategy)).await?);
        let folders = Arc::new(folders);
        let mut survey = Survey { strays, ..Survey::default() };
        self.fill(&mut survey, &folders).await?;
        survey.folders = Arc::unwrap_or_clone(folders);
        Ok(survey)
    }

    /// What attempts began to send and neither ended nor gave up, by the folder of their artifact. Another run may be at it
    /// now; or its machine is gone, and nobody will ever go on.
    pub(crate) async fn unfinished(&self) -> Result<BTreeMap<String, Folder>> {
        Ok(folders(self.storage.unfinished(&layout::strategy(&self.strategy)).await?).0)
    }

    /// Every copy that counts, oldest first: those that are marked to go do not.
    pub async fn artifacts(&self) -> Result<Vec<StoredArtifact>> {
        let artifacts = self.survey().await?.artifacts();
        Ok(artifacts.into_iter().filter(|copy| copy.tombstone.is_none()).collect())
    }

    /// The same again, moments later: documents are written once, so where the keys are the same only new ones are read.
    pub async fn survey_again(&self, before: Survey) -> Result<Survey> {
        let (folders, strays) = folders(self.storage.list(&layout::strategy(&self.strategy)).await?);
        let same = |path: &str| matches!((before.folders.get(path), folders.get(path)), (Some(one), Some(other)) if one == other);
        let found = before.found.into_iter().filter(|found| same(&found.folder)).collect();
        let faults = before.faults.into_iter().filter(|fault| same(&fault.folder)).collect();
        let new = folders.iter().filter(|(path, _)| !same(path));
        let new = Arc::new(new.map(|(path, folder)| (path.clone(), folder.clone())).collect());
        let mut survey = Survey { folders, found, faults, strays };
        self.fill(&mut survey, &new).await?;
        Ok(survey)
    }

    /// Puts what the documents in these folders say into a survey; several are read at once. An error of the store itself
    /// ends it: what could not be asked is not known to be wrong.
    async fn fill(&self, survey: &mut Survey, folders: &Arc<BTreeMap<String, Folder>>) -> Result<()> {
        let with = folders.iter().filter(|(_, folder)| folder.manifest);
        let work: Arc<Vec<String>> = Arc::new(with.map(|(path, _)| path.clone()).collect());
        survey.found.reserve_exact(work.len());
        let (next, (out, mut read)) = (Arc::new(AtomicUsize::new(0)), mpsc::channel(READERS));
        let mut readers = JoinSet::new();
        for _ in 0..READERS.min(work.len()) {
            let (store, folders, work, next) = (self.clone(), folders.clone(), work.clone(), next.clone());
            let out = out.clone();
            readers.spawn(async move {
                while let Some(paths) = work.get(next.fetch_add(1, Ordering::Relaxed) * AHEAD..) {
                    let some: Vec<(&String, &Folder)> =
                        paths.iter().take(AHEAD).filter_map(|path| folders.get_key_value(path)).collect();
                    if some.is_empty() {
                        break;
                    }
                    let keys: Vec<String> = some.iter().flat_map(|(path, folder)| folder.documents(path)).collect();
                    let store = store.ahead(&keys).await;
                    for (path, folder) in some {
                        // Nobody listens any more when another reader met an error.
                        let _ = out.send(store.read_folder(path, folder).await).await;
                    }
                }
            });
        }
        drop(out);
        while let Some(read) = read.recv().await {
            let (found, faults) = read?;
            survey.found.extend(found);
            survey.faults.extend(faults);
        }
        while let Some(ended) = readers.join_next().await {
            ended.map_err(|error| Error::permanent("panic", error.to_string()))?;
        }
        survey.found.sort_by(|one, other| (&one.fact.taken, &one.fact.id).cmp(&(&other.fact.taken, &other.fact.id)));
        survey.faults.sort_by(|one, other| one.folder.cmp(&other.folder));
        Ok(())
    }

    /// What the documents in a folder say, and which of them cannot be believed.
    pub(crate) async fn read_folder(&self, path: &str, folder: &Folder) -> Result<(Option<Found>, Vec<Fault>)> {
        let mut faults = Vec::new();
        let mut told = |error| faults.push(Fault { folder: path.to_owned(), error });
        let held = match self.read_manifest(&layout::manifest(path)).await {
            Ok(Some(held)) => held,
            // Removed since it was listed.
            Ok(None) => return Ok((None, faults)),
            Err(error) if is_of_the_document(&error) => {
                told(error);
                return Ok((None, faults));
            }
            Err(error) => return Err(error),
        };
        let (mut facts, mut locked) = (Vec::<LaterFact>::new(), None::<String>);
        for key in &folder.facts {
            match self.read_fact(key, &held).await {
                Ok(Some(fact)) if fact.with == LOCK => locked = later(locked, fact.until),
                Ok(Some(fact)) => facts.push(fact),
                Ok(None) => {}
                Err(error) if is_of_the_document(&error) => {
                    // What cannot be read may have been a lock.
                    if key.contains(&format!("/{LOCK}-")) {
                        locked = Some(FOREVER.to_owned());
                    }
                    told(error);
                }
                Err(error) => return Err(error),
            }
        }
        let tombstone = if folder.tombstone { self.read_tombstone(path, &held, &mut told).await? } else { None };
        // Of two within a second the worse one counts.
        let newest = facts.iter().map(|fact| (&fact.at, !fact.ok)).max();
        let mut fact = self.stored(&held, newest.is_some_and(|(_, damaged)| !damaged));
        fact.damaged = newest.is_some_and(|(_, damaged)| damaged);
        (fact.checked, fact.inspected) = (timed(&facts, "digest"), timed(&facts, "consistency"));
        fact.drilled = drilled(&facts, fact.size);
        // Its bytes never change: what one look was told holds for good.
        fact.transaction = facts.iter().filter(|fact| fact.ok).find_map(|fact| fact.transaction);
        fact.locked_until = locked;
        fact.tombstone = tombstone.as_ref().map(|tombstone| tombstone.at.clone());
        Ok((Some(Found { folder: path.to_owned(), held, fact, facts, tombstone }), faults))
    }

    async fn read_fact(&self, key: &str, held: &Held) -> Result<Option<LaterFact>> {
        let Some(bytes) = self.small(key).await? else { return Ok(None) };
        let mut fact: LaterFact = self.parse(key, &bytes)?;
        if fact.detail.len() > LONGEST_DETAIL {
            fact.detail = super::shortened(&fact.detail);
        }
        if fact.id != held.manifest.id {
            return Err(self.misplaced(key, &format!("it is about artifact {}", super::shown(&fact.id))));
        }
        if !layout::is_component(&fact.with) || fact.with.len() > LONGEST_KIND || fact.run.len() > LONGEST_RUN {
            return Err(self.misplaced(key, "no check, or no run, has that name"));
        }
        let unreadable = |time: &String| time.parse::<jiff::Timestamp>().is_err();
        if unreadable(&fact.at)
            || fact.until.as_ref().is_some_and(unreadable)
            || (fact.with == LOCK && fact.until.is_none())
        {
            return Err(self.misplaced(key, "its time cannot be read"));
        }
        Ok(Some(fact))
    }

    /// A tombstone that cannot be read marks the copy all the same, and never lets it go.
    async fn read_tombstone(
        &self,
        folder: &str,
        held: &Held,
        told: &mut impl FnMut(Error),
    ) -> Result<Option<Tombstone>> {
        match self.tombstone(folder).await {
            Ok(found) => Ok(found),
            Err(error) if is_of_the_document(&error) => {
                told(error);
                Ok(Some(Tombstone {
                    format: 0,
                    id: held.manifest.id.clone(),
                    at: FOREVER.to_owned(),
                    run: String::new(),
                    host: String::new(),
                    manifest: held.digest.clone(),
                    attempt: held.manifest.attempt.clone(),
                    reasons: Vec::new(),
                }))
            }
            Err(error) => Err(error),
        }
    }

    /// The mark that the copy in a folder is to go.
    pub(crate) async fn tombstone(&self, folder: &str) -> Result<Option<Tombstone>> {
        let key = layout::tombstone(folder);
        let Some(bytes) = self.small(&key).await? else { return Ok(None) };
        let found: Tombstone = self.parse(&key, &bytes)?;
        if found.at.parse::<jiff::Timestamp>().is_err() || !layout::is_attempt(&found.attempt) {
            return Err(self.misplaced(&key, "it says what no tombstone says"));
        }
        Ok(Some(found))
    }

    /// A copy that is here, with all that the store knows of it: its checks, locks and whether it is to go.
    pub async fn found(&self, held: &Held) -> Result<StoredArtifact> {
        let manifest = &held.manifest;
        let path = self.folder(&manifest.source, &manifest.database, &manifest.id);
        let (folders, _) = folders(self.storage.list(&path).await?);
        let Some(folder) = folders.get(&path) else { return Ok(self.stored(held, false)) };
        let (found, _) = self.read_folder(&path, folder).await?;
        Ok(found.map_or_else(|| self.stored(held, false), |found| found.fact))
    }
}

/// Whether an error says something of a document, and not of the way to it.
pub(crate) fn is_of_the_document(error: &Error) -> bool {
    matches!(
        error.code,
        "document-damaged" | "document-misplaced" | "manifest-impossible" | "format-too-new" | "object-too-large"
    )
}

/// The later of two times; one that cannot be read never comes.
fn later(one: Option<String>, other: Option<String>) -> Option<String> {
    let at = |time: &String| time.parse::<jiff::Timestamp>().unwrap_or(jiff::Timestamp::MAX);
    match (one, other) {
        (Some(one), Some(other)) => Some(if at(&one) < at(&other) { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// What the newest drill that went well took to fetch, load and check, in milliseconds; of a chain, what falls to `size`
/// bytes of it.
fn drilled(facts: &[LaterFact], size: u64) -> Option<u64> {
    let right = facts.iter().filter(|fact| fact.ok).filter_map(|fact| Some((&fact.at, fact.drill.as_ref()?)));
    let (_, newest) = right.max_by_key(|(at, _)| *at)?;
    let took = newest.fetch.saturating_add(newest.load).saturating_add(newest.check);
    let share = u128::from(took) * u128::from(size) / u128::from(newest.size.max(1));
    u64::try_from(share).ok()
}

/// How long the newest check of a kind took that found the copy right, in milliseconds.
fn timed(facts: &[LaterFact], with: &str) -> Option<u64> {
    let right = facts.iter().filter(|fact| fact.ok && fact.with == with && fact.took.is_some());
    right.max_by(|one, other| one.at.cmp(&other.at)).and_then(|fact| fact.took)
}
