//! The `neo4j` engine, Community first: offline dumps through `neo4j-admin`, loaded under a name of our own, checked,
//! and put in place by exchanging directories. Nothing is ever loaded over a live database.

mod admin;
mod ask;
mod control;
pub(crate) mod drill;
mod dump;
mod http;
mod layout;
mod load;
mod message;
mod probe;
mod swap;

pub use ask::{Asked, ask};
pub use load::PREFIX;

use super::{Context, Doing, Engine, Examined, Kept, Recovered, Taken};
use crate::artifact::{Feed, Sink};
use crate::error::{Error, Result};
use crate::process::Command;
use crate::secret::Secrets;
use http::Http;
use layout::Layout;
use schema::fact::Virtual;
use schema::source::Neo4j;
use schema::step::Method;
use std::path::{Path, PathBuf};

/// One server and its databases.
#[derive(Debug)]
pub struct Neo4jEngine {
    name: String,
    neo4j: Neo4j,
    base: PathBuf,
    layout: Layout,
    /// `None` when the strategy names no address; an error when it names a bad one.
    http: Option<Result<Http>>,
    /// The tool's version: a JVM of some seconds, so it is asked once.
    tool: tokio::sync::OnceCell<String>,
}

impl Neo4jEngine {
    /// `home` is the installation, `base` where relative paths begin. Reads the configuration of the installation, and nothing else.
    #[must_use]
    pub fn new(name: &str, neo4j: &Neo4j, home: &str, base: &Path, secrets: Secrets) -> Self {
        let conf = neo4j.environment.iter().find(|(key, _)| key == "NEO4J_CONF").map(|(_, value)| base.join(value));
        let layout = Layout::of(&base.join(home), conf.as_deref());
        let http = neo4j.http.as_ref().map(|url| Http::new(url, neo4j.login.clone(), secrets));
        let tool = tokio::sync::OnceCell::new();
        Self { name: name.to_owned(), neo4j: neo4j.clone(), base: base.to_owned(), layout, http, tool }
    }

    fn http(&self) -> Result<Option<&Http>> {
        self.http.as_ref().map(|http| http.as_ref().map_err(Clone::clone)).transpose()
    }

    /// Names of database directories, without our own.
    fn listed(&self) -> Result<Vec<String>> {
        let folder = &self.layout.databases;
        let failed = |error: std::io::Error| {
            Error::io(format!("list the databases of `{}` in `{}`", self.name, folder.display()), &error)
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && swap::valid(&name) && !name.starts_with(PREFIX) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

/// A name that could be taken for an option or a path is refused before any tool sees it.
fn named(database: &str) -> Result<()> {
    if swap::valid(database) {
        Ok(())
    } else {
        Err(Error::permanent("bad-name", format!("`{database}` is not the name of a database")))
    }
}

impl Engine for Neo4jEngine {
    fn preflight<'a>(&'a self, databases: &'a [String], context: &'a Context) -> Doing<'a, String> {
        Box::pin(self.probe(databases, context))
    }

    fn inventory<'a>(&'a self, _context: &'a Context) -> Doing<'a, Vec<String>> {
        Box::pin(async { self.listed() })
    }

    fn virtuals<'a>(&'a self, context: &'a Context) -> Doing<'a, Vec<Virtual>> {
        Box::pin(self.stand_ins(context))
    }

    fn in_service<'a>(&'a self, _context: &'a Context) -> Doing<'a, bool> {
        Box::pin(self.serves())
    }

    fn stop<'a>(&'a self, context: &'a Context) -> Doing<'a, String> {
        Box::pin(self.bring_down(context))
    }

    fn start<'a>(&'a self, context: &'a Context) -> Doing<'a, String> {
        Box::pin(self.bring_up(context))
    }

    fn start_command(&self) -> Option<Command> {
        self.neo4j.control.as_ref().map(|control| self.ordering(&control.start))
    }

    fn swap_records(&self) -> Option<PathBuf> {
        Some(self.layout.data.clone())
    }

    fn backup<'a>(&'a self, database: &'a str, method: Method, out: Sink, context: &'a Context) -> Doing<'a, Taken> {
        Box::pin(async move {
            named(database)?;
            match method {
                Method::Dump => self.dump(database, out, context).await,
                _ => Err(Error::permanent("bad-method", "a Neo4j database can only be dumped")),
            }
        })
    }

    fn kind(&self) -> &'static str {
        "neo4j"
    }

    fn verify<'a>(&'a self, database: &'a str, artifact: Feed, context: &'a Context) -> Doing<'a, Examined> {
        Box::pin(self.verify_copy(database, artifact, context))
    }

    fn stage<'a>(
        &'a self,
        database: &'a str,
        staging: &'a str,
        artifact: Feed,
        context: &'a Context,
    ) -> Doing<'a, String> {
        Box::pin(async move {
            named(database)?;
            self.load_staging(database, staging, artifact, context).await
        })
    }

    fn stages_in(&self, staging: &str) -> Option<PathBuf> {
        Some(self.layout.databases.join(staging))
    }

    fn inspect<'a>(&'a self, _database: &'a str, staging: &'a str, context: &'a Context) -> Doing<'a, String> {
        Box::pin(self.check(staging, context))
    }

    fn swap<'a>(&'a self, database: &'a str, staging: &'a str, _context: &'a Context) -> Doing<'a, String> {
        Box::pin(async move {
            named(database)?;
            self.swap_in(database, staging).await
        })
    }

    fn settle<'a>(
        &'a self,
        database: &'a str,
        staging: &'a str,
        query: Option<&'a str>,
        context: &'a Context,
    ) -> Doing<'a, String> {
        Box::pin(self.settle_in(database, staging, query, context))
    }

    fn place<'a>(&'a self, _: &'a str, staging: &'a str, into: &'a str, _context: &'a Context) -> Doing<'a, String> {
        Box::pin(self.place_as(staging, into))
    }

    fn kept(&self) -> Result<Vec<Kept>> {
        self.old_databases()
    }

    fn give_up(&self, kept: &Kept) -> Result<()> {
        self.remove_old(&kept.database)
    }

    fn recover<'a>(&'a self, context: &'a Context) -> Doing<'a, Option<Recovered>> {
        Box::pin(self.make_whole(context))
    }
}
