//! The `files` engine: a tree of files as one pax archive that every `tar` can read, or what changed of it since a backup
//! before.

mod against;
mod archive;
mod census;
mod change;
pub(crate) mod drill;
mod extract;
mod index;
mod member;
mod owner;
pub mod part;
mod reader;
mod select;
mod sparse;
mod stage;
mod walk;

use super::{Context, Doing, Engine, Examined, Kept, Links, Listing, Recovered, Taken};
use crate::artifact::{Feed, Sink};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use archive::{Work, archive};
use schema::manifest::EngineFacts;
use schema::source::{Files, OnChange};
use schema::step::Method;
use select::Selection;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The one database of a tree.
pub const DATABASE: &str = "files";

/// A moment of the archiving of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Its name was seen, and it was not opened yet.
    Listed,
    /// It is open, and nothing of it was read yet.
    Opened,
}

/// Called at those moments with the entry's name: tests change the tree there.
pub type Seam = dyn Fn(Moment, &Path) + Send + Sync;

/// A tree of files.
#[derive(Clone)]
pub struct FilesEngine {
    name: String,
    files: Files,
    base: PathBuf,
    seam: Option<Arc<Seam>>,
}

impl std::fmt::Debug for FilesEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilesEngine").field("name", &self.name).field("files", &self.files).finish_non_exhaustive()
    }
}

impl FilesEngine {
    /// `base` is where a relative root begins.
    #[must_use]
    pub fn new(name: &str, files: &Files, base: &Path) -> Self {
        Self { name: name.to_owned(), files: files.clone(), base: base.to_owned(), seam: None }
    }

    /// Has `seam` called while entries are archived.
    #[must_use]
    pub fn with_seam(mut self, seam: Arc<Seam>) -> Self {
        self.seam = Some(seam);
        self
    }

    /// The root as it is on this machine, without a slash at the end.
    fn root(&self) -> PathBuf {
        self.base.join(&self.files.root).components().collect()
    }

    fn selection(&self) -> Result<Selection> {
        Selection::new(&self.files.include, &self.files.exclude)
    }

    async fn backup(&self, listing: Option<Listing>, out: Sink, context: &Context) -> Result<Taken> {
        let (engine, selection, here) = (self.clone(), self.selection()?, context.clone());
        let whole = listing.as_ref().is_none_or(|listing| listing.base.is_none());
        let taken = context.world.now();
        let written = blocking(move || {
            let work = Work {
                root: &engine.root(),
                selection: &selection,
                strict: engine.files.on_change == OnChange::Fail,
                observers: &here.observers,
                cancel: &here.cancel,
                seam: engine.seam.as_deref(),
                world: here.world.as_ref(),
                base: listing.as_ref().and_then(|listing| listing.base.as_deref()),
                index: listing.as_ref().map(|listing| listing.index.as_path()),
            };
            archive(&work, out)
        })
        .await?;
        Ok(Taken {
            facts: EngineFacts {
                name: "files".to_owned(),
                method: if whole { "archive" } else { "differential" }.to_owned(),
                version: None,
                edition: None,
                tool: format!("backstay {}", env!("CARGO_PKG_VERSION")),
                entries: Some(written.entries),
            },
            taken: taken.to_string(),
            incomplete: written.incomplete,
        })
    }

    fn look(&self, must_be_there: bool) -> Result<String> {
        self.selection()?;
        let root = self.root();
        if !must_be_there && !root.exists() {
            return Ok(format!("`{}` is not there, and will be made", root.display()));
        }
        let refused = |error: std::io::Error| Error::io(format!("read the directory `{}`", root.display()), &error);
        std::fs::read_dir(&root).map_err(refused)?;
        Ok(format!("`{}` can be read", root.display()))
    }
}

impl Engine for FilesEngine {
    fn preflight<'a>(&'a self, databases: &'a [String], _context: &'a Context) -> Doing<'a, String> {
        Box::pin(async move {
            match databases.iter().find(|database| *database != DATABASE) {
                Some(other) => {
                    Err(Error::permanent("database-missing", format!("a tree of files has no database `{other}`")))
                }
                None => self.look(!databases.is_empty()),
            }
        })
    }

    fn inventory<'a>(&'a self, _context: &'a Context) -> Doing<'a, Vec<String>> {
        Box::pin(async { Ok(vec![DATABASE.to_owned()]) })
    }

    fn backup<'a>(&'a self, _database: &'a str, method: Method, out: Sink, context: &'a Context) -> Doing<'a, Taken> {
        Box::pin(async move {
            match method {
                Method::Archive => self.backup(None, out, context).await,
                _ => Err(Error::permanent("bad-method", "a tree of files can only be archived")),
            }
        })
    }

    fn lists(&self) -> bool {
        true
    }

    fn backup_listed<'a>(&'a self, _: &'a str, listing: Listing, out: Sink, context: &'a Context) -> Doing<'a, Taken> {
        Box::pin(self.backup(Some(listing), out, context))
    }

    fn verify_chain<'a>(
        &'a self,
        _: &'a str,
        links: Links,
        index: &'a Path,
        context: &'a Context,
    ) -> Doing<'a, String> {
        let (index, cancel) = (index.to_owned(), context.cancel.clone());
        Box::pin(blocking(move || stage::read_chain(links, &index, &cancel)))
    }

    fn stage_chain<'a>(
        &'a self,
        _: &'a str,
        staging: &'a str,
        links: Links,
        index: &'a Path,
        context: &'a Context,
    ) -> Doing<'a, String> {
        let (engine, staging, cancel) = (self.clone(), self.base.join(staging), context.cancel.clone());
        let index = index.to_owned();
        Box::pin(blocking(move || engine.unpack_links(&staging, links, &index, &cancel)))
    }

    fn kind(&self) -> &'static str {
        "files"
    }

    fn verify<'a>(&'a self, _database: &'a str, artifact: Feed, context: &'a Context) -> Doing<'a, Examined> {
        let cancel = context.cancel.clone();
        Box::pin(blocking(move || stage::read_through(artifact, &cancel).map(Examined::from)))
    }

    fn stage<'a>(&'a self, _: &'a str, staging: &'a str, artifact: Feed, context: &'a Context) -> Doing<'a, String> {
        let (engine, staging, cancel) = (self.clone(), self.base.join(staging), context.cancel.clone());
        Box::pin(blocking(move || engine.unpack(&staging, artifact, &cancel)))
    }

    fn stages_in(&self, staging: &str) -> Option<PathBuf> {
        Some(self.base.join(staging))
    }

    fn inspect<'a>(&'a self, _: &'a str, staging: &'a str, _context: &'a Context) -> Doing<'a, String> {
        let staging = self.base.join(staging);
        Box::pin(async move {
            let found = blocking(move || stage::inspect(&staging)).await?;
            Ok(format!("{} entries, {} bytes, as archived", found.entries, found.bytes))
        })
    }

    fn swap<'a>(&'a self, _: &'a str, staging: &'a str, _context: &'a Context) -> Doing<'a, String> {
        Box::pin(async move { self.exchange(staging) })
    }

    fn settle<'a>(&'a self, _: &'a str, staging: &'a str, query: Option<&'a str>, _: &'a Context) -> Doing<'a, String> {
        Box::pin(async move { self.close(staging, query) })
    }

    fn place<'a>(&'a self, _: &'a str, staging: &'a str, into: &'a str, _context: &'a Context) -> Doing<'a, String> {
        Box::pin(async move { self.move_to(staging, into) })
    }

    fn kept(&self) -> Result<Vec<Kept>> {
        self.old_tree()
    }

    fn give_up(&self, _kept: &Kept) -> Result<()> {
        self.remove_old_tree()
    }

    fn recover<'a>(&'a self, _context: &'a Context) -> Doing<'a, Option<Recovered>> {
        Box::pin(async move { self.make_whole() })
    }
}
