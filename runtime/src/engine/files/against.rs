//! The writer of an archive beside the index of the backup before it: what is as it was is left out, and stays in the
//! index.

use super::archive::{Work, Writer};
use super::change::{REMOVED, Survey, identity, survey};
use super::index::{Line, Lines, bytes_of, is_of, letter, within};
use super::member::{BLOCK, Kind, Member};
use super::walk::Found;
use crate::error::Result;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The backup before, and what a first look has found to be different.
pub(super) struct Base {
    lines: Lines,
    survey: Survey,
}

/// A directory on the way to an entry.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) found: Found,
    /// Whether its member is in this archive.
    pub(super) written: bool,
}

/// The directory that a name is in.
pub(super) fn above(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte == b'/').and_then(|at| name.get(..at)).unwrap_or_default()
}

impl Base {
    pub(super) fn look(work: &Work<'_>, index: &Path) -> Result<Self> {
        Ok(Self { survey: survey(work, index)?, lines: Lines::open(index)? })
    }

    pub(super) fn total(&self) -> u64 {
        self.survey.total
    }
}

impl Writer<'_> {
    /// The member that lists what goes before the rest is applied. It is there even when it lists nothing.
    pub(super) fn begin_differential(&mut self) -> Result<()> {
        let Some(base) = &self.base else { return Ok(()) };
        let text = base.survey.removed.text();
        let size = text.len() as u64;
        let member = Member {
            name: REMOVED.to_vec(),
            kind: Kind::File { size },
            mode: 0o600,
            uid: 0,
            gid: 0,
            user: Vec::new(),
            group: Vec::new(),
            mtime: i128::from(self.work.world.now().as_second()) * 1_000_000_000,
            xattrs: Vec::new(),
        };
        self.out.bytes(&member.header())?;
        self.out.bytes(&text)?;
        self.out.zeros(size.next_multiple_of(BLOCK as u64) - size)
    }

    /// The line that the backup before has of a name. Those that come before it are of names that are no longer there.
    pub(super) fn meet(&mut self, name: &[u8]) -> Result<Option<Line>> {
        while let Some(line) = self.before(name)? {
            self.gone(line)?;
        }
        self.base.as_mut().map_or(Ok(None), |base| base.lines.take_of(name))
    }

    fn before(&mut self, name: &[u8]) -> Result<Option<Line>> {
        self.base.as_mut().map_or(Ok(None), |base| base.lines.take_before(name))
    }

    /// All that is left of the backup before.
    pub(super) fn rest_is_gone(&mut self) -> Result<()> {
        while let Some(line) = self.base.as_mut().map_or(Ok(None), |base| base.lines.take())? {
            self.gone(line)?;
        }
        Ok(())
    }

    /// Nobody knows what is at a name, or below it, now: all that was there stays.
    pub(super) fn unreadable(&mut self, name: &[u8]) -> Result<()> {
        let before = self.meet(name)?;
        self.keep(before)?;
        while self.base.as_ref().is_some_and(|base| base.lines.peek().is_some_and(|line| within(&line.path, name))) {
            if let Some(line) = self.base.as_mut().map_or(Ok(None), |base| base.lines.take())? {
                self.gone(line)?;
            }
        }
        Ok(())
    }

    fn is_removed(&self, name: &[u8]) -> bool {
        self.base.as_ref().is_some_and(|base| base.survey.removed.covers(name))
    }

    /// What the first look saw and this one does not stays for now; the next differential takes it away.
    fn gone(&mut self, line: Line) -> Result<()> {
        if self.is_removed(&line.path) {
            // Removing it changes the directory's time, which has to be set again.
            return self.write_folder(above(&line.path));
        }
        self.carry(line, true)
    }

    /// The line of something that this archive does not hold.
    pub(super) fn carry(&mut self, line: Line, unsure: bool) -> Result<()> {
        self.note(Line { at: None, length: None, unsure: line.unsure || unsure, ..line })
    }

    /// What could not be archived stays as it was in the backup before.
    pub(super) fn keep(&mut self, before: Option<Line>) -> Result<()> {
        match before.filter(|line| !self.is_removed(&line.path)) {
            Some(line) => self.carry(line, true),
            None => Ok(()),
        }
    }

    pub(super) fn note(&mut self, line: Line) -> Result<()> {
        self.index.as_mut().map_or(Ok(()), |index| index.line(&line))
    }

    pub(super) fn is_as_it_was(&self, found: &Found, line: &Line) -> bool {
        let Some(base) = &self.base else { return false };
        if base.survey.removed.covers(&line.path) {
            return false;
        }
        if found.facts.is_file() && found.facts.nlink() > 1 {
            match base.survey.links.get(&identity(found)) {
                Some(true) => return false,
                // As the first look saw it, whatever became of it: all of its names must have one fate.
                Some(false) if line.kind == '-' && line.ino == found.facts.ino() => return true,
                Some(false) | None => {}
            }
        }
        is_of(line, found)
    }

    /// Tells what cannot be put into a differential.
    pub(super) fn can_be_taken(&mut self, found: &Found, before: Option<&Line>) -> Result<bool> {
        let Some(base) = &self.base else { return Ok(true) };
        let name = bytes_of(&found.name);
        if name == REMOVED {
            self.unfaithful("file-unreadable", &found.name, "differentials use this name themselves")?;
            return Ok(false);
        }
        let was_folder = before.is_some_and(|line| line.kind == 'd' && letter(&found.facts) != 'd');
        if was_folder && !base.survey.removed.covers(name) {
            self.unfaithful("file-changed", &found.name, "it became something else while the tree was read")?;
            return Ok(false);
        }
        let linked = found.facts.is_file() && found.facts.nlink() > 1;
        if linked && base.survey.links.get(&identity(found)) != Some(&true) {
            self.unfaithful("file-changed", &found.name, "it got another name while the tree was read")?;
        }
        Ok(true)
    }

    /// Forgets directories that `name` is not in.
    pub(super) fn leave_folders(&mut self, name: &[u8]) {
        while self.folders.last().is_some_and(|folder| {
            let folder = bytes_of(&folder.found.name);
            folder == name || !within(name, folder)
        }) {
            self.folders.pop();
        }
    }

    /// A differential holds the directory of everything that it changes: putting that in place changes its time.
    pub(super) fn write_folder(&mut self, name: &[u8]) -> Result<()> {
        if self.base.is_none() {
            return Ok(());
        }
        let folder = self.folders.iter_mut().find(|folder| bytes_of(&folder.found.name) == name && !folder.written);
        let Some(folder) = folder else { return Ok(()) };
        folder.written = true;
        let found = folder.found.clone();
        let member = self.member(&found, &found.facts, Kind::Directory)?;
        let header = member.header();
        self.header(&member, &header)
    }
}
