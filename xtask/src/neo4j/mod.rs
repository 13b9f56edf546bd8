//! A real Neo4j Community to test against: fetched once, then any number of throw-away servers on free ports.

mod home;
mod import;
mod install;
mod java;
mod query;
mod server;
mod version;

pub(crate) use home::make;
pub(crate) use query::{count, value};
pub(crate) use server::{Stopped, start, stop};
pub(crate) use version::Version;

use std::path::{Path, PathBuf};

/// What to do with a server.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    /// Fetch the jars into the cache.
    Install {
        /// Version line; both when absent.
        #[arg(long)]
        version: Option<Version>,
    },
    /// Make a server's home in a new folder; print its HTTP port.
    New {
        dir: PathBuf,
        #[arg(long, default_value = "5.26")]
        version: Version,
        /// Import that many nodes, each with three relationships.
        #[arg(long)]
        nodes: Option<u32>,
    },
    /// Import nodes into a home that has not been started yet.
    Load {
        dir: PathBuf,
        #[arg(long, default_value_t = 20_000)]
        nodes: u32,
    },
    /// Start the server of a home and wait until it answers; print its HTTP port.
    Start { dir: PathBuf },
    /// Stop the server of a home and wait until it is gone.
    Stop { dir: PathBuf },
    /// Print the number of nodes that a running server holds.
    Count { dir: PathBuf },
}

/// Does what was asked.
///
/// # Errors
/// As the parts say.
pub(crate) fn run(verb: Verb) -> Result<(), String> {
    match verb {
        Verb::Install { version } => install(version),
        Verb::New { dir, version, nodes } => {
            std::fs::create_dir_all(&dir).map_err(|e| format!("cannot make `{}`: {e}", dir.display()))?;
            println!("{}", make(&absolute(&dir)?, version, nodes)?);
            Ok(())
        }
        Verb::Load { dir, nodes } => import::people(&absolute(&dir)?, nodes),
        Verb::Start { dir } => {
            println!("{}", start(&absolute(&dir)?)?);
            Ok(())
        }
        Verb::Stop { dir } => stop(&absolute(&dir)?),
        Verb::Count { dir } => {
            println!("{}", count(home::port(&absolute(&dir)?)?)?);
            Ok(())
        }
    }
}

/// Fetches one version line, or both, with the Java that each needs.
pub(crate) fn install(version: Option<Version>) -> Result<(), String> {
    for version in version.map_or(Version::ALL.to_vec(), |one| vec![one]) {
        let jars = install::jars(version)?;
        let java = java::find(version)?;
        println!("Neo4j {} in {}, Java {} in {}", version.exact(), jars.display(), java.major, java.home.display());
    }
    Ok(())
}

fn absolute(dir: &Path) -> Result<PathBuf, String> {
    dir.canonicalize().map_err(|e| format!("no folder `{}`: {e}", dir.display()))
}
