//! The end of a restore: the old data that it kept is looked at, and removed when someone says so. It is never removed
//! while the restored data is not what is live.

use super::state::State;
use super::workshop::Outfit;
use crate::engine::{self, Engine, Kept};
use crate::error::{Error, Result};
use schema::plan::Plan;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Old data that a restore of a source kept.
#[derive(Clone, Debug)]
pub struct Old {
    pub kept: Kept,
    /// Bytes of its files.
    pub size: u64,
}

/// What finished restores of a source keep; only of one database, when it is named.
///
/// # Errors
/// `source-unknown`, or why it could not be looked at.
pub fn old(plan: &Plan, source: &str, database: Option<&str>, outfit: &Outfit) -> Result<Vec<Old>> {
    let kept = engine(plan, source, outfit)?.kept()?;
    let kept = kept.into_iter().filter(|kept| database.is_none_or(|only| only == kept.database));
    Ok(kept.map(|kept| Old { size: kept.folders.iter().map(|folder| size(folder)).sum(), kept }).collect())
}

/// Removes it. Each is looked at again first.
///
/// # Errors
/// `lock-held`; `nothing-kept` when the restored data is not live any more.
pub fn finish(plan: &Plan, source: &str, old: &[Old], outfit: &Outfit, state: &Path) -> Result<()> {
    let engine = engine(plan, source, outfit)?;
    let state = State::open(state)?;
    let _locks = state.lock("restore", &BTreeSet::from([source]))?;
    old.iter().try_for_each(|old| engine.give_up(&old.kept))
}

fn engine(plan: &Plan, source: &str, outfit: &Outfit) -> Result<Arc<dyn Engine>> {
    let unknown = || {
        Error::permanent("source-unknown", format!("no source `{source}` can be worked on from here"))
            .help("Name a source of the strategy.")
    };
    let found = plan.source(source).ok_or_else(unknown)?;
    engine::open(&plan.strategy, found, outfit.world.base(), &outfit.secrets).ok_or_else(unknown)
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let one = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |facts| facts.len()),
        _ => 0,
    };
    entries.map(one).sum()
}
