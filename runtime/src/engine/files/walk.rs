//! A tree in one fixed order: a directory before what is in it, names sorted by their bytes. Links are never followed.

use super::select::Selection;
use crate::error::Result;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// One name that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Relative to the root; empty for the root itself.
    pub(super) name: PathBuf,
    /// Where it is.
    pub(super) path: PathBuf,
    pub(super) facts: Metadata,
}

/// What the walk tells.
#[derive(Debug)]
pub(super) enum Seen {
    /// The root comes first, whatever the selection; a directory comes when it, or something in it, is taken.
    Entry(Found),
    /// Something that could not be looked at.
    Unreadable(PathBuf, io::Error),
}

/// Tells `visit` of every name that the selection takes. Only one directory a level is held in memory.
pub(super) fn walk(root: &Path, selection: &Selection, visit: &mut dyn FnMut(Seen) -> Result<()>) -> Result<()> {
    // The root may be a link: it is what the strategy names.
    match std::fs::metadata(root) {
        Ok(facts) => {
            let found = Found { name: PathBuf::new(), path: root.to_owned(), facts };
            let mut walk = Walk { selection, visit, waiting: Vec::new() };
            (walk.visit)(Seen::Entry(found.clone()))?;
            walk.below(&found)
        }
        Err(error) => visit(Seen::Unreadable(PathBuf::new(), error)),
    }
}

struct Walk<'a> {
    selection: &'a Selection,
    visit: &'a mut dyn FnMut(Seen) -> Result<()>,
    /// Directories on the way to here that were not told yet: they matter only when something in them does.
    waiting: Vec<Found>,
}

impl Walk<'_> {
    fn below(&mut self, folder: &Found) -> Result<()> {
        let names = match listed(&folder.path) {
            Ok(names) => names,
            Err(error) => {
                self.tell_waiting()?;
                return (self.visit)(Seen::Unreadable(folder.name.clone(), error));
            }
        };
        for name in names {
            let (path, name) = (folder.path.join(&name), folder.name.join(&name));
            if self.selection.excludes(&name) {
                continue;
            }
            match std::fs::symlink_metadata(&path) {
                Ok(facts) => self.entry(Found { name, path, facts })?,
                Err(error) if self.selection.includes(&name) => (self.visit)(Seen::Unreadable(name, error))?,
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn entry(&mut self, found: Found) -> Result<()> {
        let taken = self.selection.includes(&found.name);
        if !found.facts.is_dir() {
            if taken {
                self.tell_waiting()?;
                (self.visit)(Seen::Entry(found))?;
            }
            return Ok(());
        }
        let depth = self.waiting.len();
        self.waiting.push(found.clone());
        if taken {
            self.tell_waiting()?;
        }
        if self.selection.enters(&found.name) {
            self.below(&found)?;
        }
        self.waiting.truncate(depth);
        Ok(())
    }

    fn tell_waiting(&mut self) -> Result<()> {
        for folder in std::mem::take(&mut self.waiting) {
            (self.visit)(Seen::Entry(folder))?;
        }
        Ok(())
    }
}

fn listed(folder: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let mut names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// A name as a message shows it: on one line, with every odd byte escaped.
pub(super) fn shown(name: &Path) -> String {
    let bytes = name.as_os_str().as_encoded_bytes();
    match std::str::from_utf8(bytes) {
        Ok("") => ".".to_owned(),
        Ok(text) if !text.chars().any(|c| c.is_control() || c == '\\') => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}
