//! Engines: how one kind of source is backed up, checked and brought back.

pub mod command;
pub mod exchange;
pub mod files;
pub mod neo4j;
pub mod target;

use crate::artifact::{Feed, Sink};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::process::{Children, Command};
use crate::secret::Secrets;
use crate::world::World;
use schema::fact::Virtual;
use schema::manifest::EngineFacts;
use schema::step::Method;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A future that a trait object can return.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What an engine may use while it works on one step.
#[derive(Clone, Debug)]
pub struct Context {
    pub world: Arc<dyn World>,
    /// The only way to start a process: its children end when this process does.
    pub children: Children,
    pub observers: StepObservers,
    /// When cancelled, stop soon and return [`crate::Error::cancelled`].
    pub cancel: CancellationToken,
    /// Private directory of this attempt (0700), empty at first, removed afterwards.
    pub scratch: PathBuf,
}

impl Context {
    /// Where an engine that can tell what lies where in its artifact writes that, as JSON lines; nothing else is there.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.scratch.join("artifact.index")
    }
}

/// The archives of a chain, the full one first, each when the one before it was read.
pub type Links = tokio::sync::mpsc::Receiver<Feed>;

/// Where the lists of entries of backups are.
#[derive(Clone, Debug)]
pub struct Listing {
    /// That of the backup to compare with: only what differs is taken. `None` takes all.
    pub base: Option<PathBuf>,
    /// File that gets the list of what the new backup, with those before it, brings back.
    pub index: PathBuf,
}

/// What a backup was.
#[derive(Clone, Debug)]
pub struct Taken {
    pub facts: EngineFacts,
    /// RFC 3339 in UTC.
    pub taken: String,
    /// Names that could not be archived faithfully, each with its reason; the step is degraded when it is not empty.
    pub incomplete: Vec<String>,
}

/// An artifact that was found sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// One line for a person.
    pub detail: String,
    /// Number of the last transaction in it, where the engine tells one.
    pub transaction: Option<u64>,
}

impl From<String> for Examined {
    fn from(detail: String) -> Self {
        Self { detail, transaction: None }
    }
}

/// What an interrupted swap was turned into.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// What the source holds now, for a person.
    pub message: String,
}

/// What is kept of a database that was replaced by a restored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub database: String,
    /// Its staging name.
    pub staging: String,
    /// The directories that hold it.
    pub folders: Vec<PathBuf>,
}

/// One kind of source.
///
/// Callers may assume: each call is idempotent for the same arguments, so it may be made again after a crash at any
/// point; nothing but [`Engine::swap`] and [`Engine::settle`] changes live data; an error leaves live data as it was.
/// Callers must keep: one call at a time on one source (they hold its lock), and [`Engine::recover`] before the first.
pub trait Engine: Send + Sync + std::fmt::Debug {
    /// Looks before anything is touched: tools, versions, ownership, and `databases`, which must be there (none before a
    /// restore). Compares with what the strategy says.
    fn preflight<'a>(&'a self, databases: &'a [String], context: &'a Context) -> Doing<'a, String>;

    /// Names of the databases that the source has, sorted.
    fn inventory<'a>(&'a self, context: &'a Context) -> Doing<'a, Vec<String>>;

    /// Names that stand for databases and hold nothing themselves, sorted: composite databases and aliases.
    fn virtuals<'a>(&'a self, _context: &'a Context) -> Doing<'a, Vec<Virtual>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Whether the source is in service now (a server answers). Without a server it never is.
    fn in_service<'a>(&'a self, _context: &'a Context) -> Doing<'a, bool> {
        Box::pin(async { Ok(false) })
    }

    /// Ends service. Returns when nothing holds the data any more.
    fn stop<'a>(&'a self, _context: &'a Context) -> Doing<'a, String> {
        Box::pin(async { Ok("nothing to stop".to_owned()) })
    }

    /// Begins service and waits until it answers. Already in service is success.
    fn start<'a>(&'a self, _context: &'a Context) -> Doing<'a, String> {
        Box::pin(async { Ok("nothing to start".to_owned()) })
    }

    /// The command that [`Engine::start`] runs, for a guard that must run it when this process is gone.
    fn start_command(&self) -> Option<Command> {
        None
    }

    /// Folder of the records of swaps, when a guard must make half-done swaps whole before it starts the service.
    fn swap_records(&self) -> Option<PathBuf> {
        None
    }

    /// Streams one artifact into `out` and calls `finish` on it only when the artifact is whole.
    fn backup<'a>(&'a self, database: &'a str, method: Method, out: Sink, context: &'a Context) -> Doing<'a, Taken>;

    /// Whether its backups come with an index, so that a differential can be made and a chain be put together.
    fn lists(&self) -> bool {
        false
    }

    /// As [`Engine::backup`] with the engine's first method, with an index of what it holds. Only where [`Engine::lists`].
    fn backup_listed<'a>(
        &'a self,
        _database: &'a str,
        _listing: Listing,
        _out: Sink,
        _context: &'a Context,
    ) -> Doing<'a, Taken> {
        Box::pin(async { Err(no_chains()) })
    }

    /// As [`Engine::verify`], of a full artifact and the differentials on it. `index` is that of the last one.
    fn verify_chain<'a>(
        &'a self,
        _database: &'a str,
        _links: Links,
        _index: &'a Path,
        _context: &'a Context,
    ) -> Doing<'a, String> {
        Box::pin(async { Err(no_chains()) })
    }

    /// As [`Engine::stage`], of a full artifact and the differentials on it. `index` is that of the last one.
    fn stage_chain<'a>(
        &'a self,
        _database: &'a str,
        _staging: &'a str,
        _links: Links,
        _index: &'a Path,
        _context: &'a Context,
    ) -> Doing<'a, String> {
        Box::pin(async { Err(no_chains()) })
    }

    /// What manifests call it.
    fn kind(&self) -> &'static str;

    /// Checks an artifact with the engine's own means, in a scratch place. Consumes all of `artifact`.
    fn verify<'a>(&'a self, database: &'a str, artifact: Feed, context: &'a Context) -> Doing<'a, Examined>;

    /// Brings an artifact back under a staging name. What an earlier attempt left there is removed first.
    fn stage<'a>(
        &'a self,
        database: &'a str,
        staging: &'a str,
        artifact: Feed,
        context: &'a Context,
    ) -> Doing<'a, String>;

    /// The directory that staged data will stand in, where that can be told.
    fn stages_in(&self, _staging: &str) -> Option<PathBuf> {
        None
    }

    /// Checks what was staged.
    fn inspect<'a>(&'a self, database: &'a str, staging: &'a str, context: &'a Context) -> Doing<'a, String>;

    /// Exchanges staged and live data. An intent file is on disk before the first exchange.
    fn swap<'a>(&'a self, database: &'a str, staging: &'a str, context: &'a Context) -> Doing<'a, String>;

    /// Closes the intent when the source answers and `query` succeeds; else exchanges back, starts, and fails.
    fn settle<'a>(
        &'a self,
        database: &'a str,
        staging: &'a str,
        query: Option<&'a str>,
        context: &'a Context,
    ) -> Doing<'a, String>;

    /// Gives staged data a new name of its own. Fails when that name is taken.
    fn place<'a>(
        &'a self,
        database: &'a str,
        staging: &'a str,
        into: &'a str,
        context: &'a Context,
    ) -> Doing<'a, String>;

    /// What finished restores keep of the data that was live before, while the restored data is live.
    fn kept(&self) -> Result<Vec<Kept>> {
        Ok(Vec::new())
    }

    /// Removes what one of [`Engine::kept`] tells of.
    fn give_up(&self, kept: &Kept) -> Result<()> {
        Err(Error::permanent("nothing-kept", format!("nothing is kept of `{}`", kept.database)))
    }

    /// Finishes or reverts a swap that was cut off. `None` when there was none.
    fn recover<'a>(&'a self, context: &'a Context) -> Doing<'a, Option<Recovered>>;
}

fn no_chains() -> Error {
    Error::permanent("no-chains", "this engine does not put artifacts of a chain together")
}

/// The engine of a source of a plan. `None` when there is none yet; [`crate::run::refuse`] says so before a run.
#[must_use]
pub fn open(
    strategy: &str,
    source: &schema::source::Source,
    base: &Path,
    secrets: &Secrets,
) -> Option<Arc<dyn Engine>> {
    match &source.engine {
        schema::source::Engine::Files(files) if files.members.is_empty() => {
            Some(Arc::new(files::FilesEngine::new(&source.name, files, base)))
        }
        schema::source::Engine::Neo4j(neo4j) => {
            let home = neo4j.home.as_deref()?;
            Some(Arc::new(neo4j::Neo4jEngine::new(&source.name, neo4j, home, base, secrets.clone())))
        }
        schema::source::Engine::Command(command) => {
            let secrets = secrets.clone();
            Some(Arc::new(command::CommandEngine::new(strategy, &source.name, command, base, secrets)))
        }
        schema::source::Engine::Files(_) => None,
    }
}
