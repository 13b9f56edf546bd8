//! Example 02: a real server is backed up, its database is damaged in two ways, and a restore brings the count back.

use super::{Stage, byhand, heading};
use crate::neo4j::{self, Stopped, Version};
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const NODES: u32 = 20_000;

/// Shows example 02 on one version line.
///
/// # Errors
/// The server cannot be set up, a command did not do what it should, or the count is another.
pub(super) fn show(version: Version) -> Result<(), String> {
    let stage = Stage::copy("02-neo4j-community")?;
    let home = stage.folder.join("server");
    heading(&format!("a Neo4j Community {} server with {NODES} nodes", version.exact()));
    fs::create_dir_all(&home).map_err(|e| format!("cannot make `{}`: {e}", home.display()))?;
    let port = neo4j::make(&home, version, Some(NODES))?;
    stage.edit("strategy.kdl", "127.0.0.1:7474", &format!("127.0.0.1:{port}"))?;
    if version != Version::Line5 {
        stage.edit("strategy.kdl", "version \"5.26\"", &format!("version \"{}\"", version.line()))?;
    }
    let _stopped = Stopped(home.clone());
    neo4j::start(&home)?;
    counts(port, u64::from(NODES))?;

    heading("the strategy, and what it would do");
    stage.succeeds(&["validate"])?;
    stage.succeeds(&["plan"])?;

    heading("stop, dump, start, check, copy off-site");
    stage.succeeds(&["run", "--job", "nightly"])?;
    counts(port, u64::from(NODES))?;

    byhand::dump(&stage.folder, &home)?;

    heading("half of the nodes are deleted, and a store file is damaged");
    neo4j::value(port, "MATCH (n:Person) WHERE n.number % 2 = 0 DETACH DELETE n")?;
    counts(port, u64::from(NODES / 2))?;
    neo4j::stop(&home)?;
    corrupt(&home)?;

    heading("restore");
    stage.succeeds(&["restore", "graph", "--confirm"])?;
    neo4j::start(&home)?;
    counts(port, u64::from(NODES))
}

/// Fails unless the database holds that many nodes.
fn counts(port: u16, expected: u64) -> Result<(), String> {
    let found = neo4j::count(port)?;
    println!("MATCH (n) RETURN count(n) → {found}");
    if found == expected { Ok(()) } else { Err(format!("the database should hold {expected} nodes, not {found}")) }
}

/// Overwrites 64 bytes in the middle of the node store of `neo4j`.
fn corrupt(home: &Path) -> Result<(), String> {
    let folder = home.join("data/databases/neo4j");
    let failed = |e: std::io::Error| format!("cannot damage `{}`: {e}", folder.display());
    let file =
        node_store(&folder).map_err(failed)?.ok_or_else(|| format!("no node store in `{}`", folder.display()))?;
    let damage = || -> std::io::Result<()> {
        let mut store = fs::File::options().write(true).open(&file)?;
        let middle = store.metadata()?.len() / 2;
        store.seek(SeekFrom::Start(middle))?;
        store.write_all(&[0xa5; 64])?;
        store.sync_all()
    };
    damage().map_err(failed)?;
    println!("64 bytes of {} overwritten", file.strip_prefix(home).unwrap_or(&file).display());
    Ok(())
}

/// The largest file that holds nodes, whatever the store format calls it.
fn node_store(folder: &Path) -> std::io::Result<Option<PathBuf>> {
    let mut best: Option<(u64, PathBuf)> = None;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, size) = (entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len());
        if name.contains("nodestore") && name.ends_with("db") && best.as_ref().is_none_or(|(most, _)| size > *most) {
            best = Some((size, entry.path()));
        }
    }
    Ok(best.map(|(_, path)| path))
}
