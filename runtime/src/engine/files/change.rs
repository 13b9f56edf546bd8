//! What a differential holds: a first look at the tree beside the index of the backup before it. It decides what has to go
//! before the differential is applied, and which files with several names are taken.

use super::archive::{Work, stopped};
use super::index::{Line, Lines, bytes_of, is_of, letter, within};
use super::walk::{Found, Seen, walk};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// First member of a differential: the names that go before it is applied, each ended by a zero byte.
pub(super) const REMOVED: &[u8] = b".backstay-removed";

/// Device and inode.
pub(super) type Identity = (u64, u64);

/// Names that are gone, or are something else now. What is below one of them is gone with it.
#[derive(Debug, Default)]
pub(super) struct Removed {
    names: BTreeSet<Vec<u8>>,
    /// The name that was added last: what is below it follows at once.
    last: Option<Vec<u8>>,
}

impl Removed {
    fn add(&mut self, name: &[u8]) {
        if self.last.as_ref().is_some_and(|last| within(name, last)) {
            return;
        }
        self.last = Some(name.to_vec());
        self.names.insert(name.to_vec());
    }

    /// Whether a name is one of them, or below one.
    pub(super) fn covers(&self, name: &[u8]) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let ends = name.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        ends.chain([name.len()]).any(|end| name.get(..end).is_some_and(|part| self.names.contains(part)))
    }

    /// As the first member of the archive holds them.
    pub(super) fn text(&self) -> Vec<u8> {
        self.names.iter().flat_map(|name| name.iter().copied().chain([0])).collect()
    }
}

/// What the first look found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Bytes of files to be read, about.
    pub(super) total: u64,
    /// Files with several names, and whether they are taken. All names of one are, or none: one that is taken alone would
    /// be another file from then on.
    pub(super) links: BTreeMap<Identity, bool>,
    pub(super) removed: Removed,
}

/// Looks at all of the tree, and reads no file.
pub(super) fn survey(work: &Work<'_>, base: &Path) -> Result<Survey> {
    let mut look = Look { lines: Lines::open(base)?, survey: Survey::default() };
    walk(work.root, work.selection, &mut |seen| {
        stopped(work.cancel)?;
        match seen {
            Seen::Entry(found) => look.entry(&found),
            Seen::Unreadable(name, error) if name.as_os_str().is_empty() => {
                Err(Error::io(format!("read the directory `{}`", work.root.display()), &error))
            }
            Seen::Unreadable(name, _) => look.unreadable(bytes_of(&name)),
        }
    })?;
    while let Some(line) = look.lines.take()? {
        look.survey.removed.add(&line.path);
    }
    Ok(look.survey)
}

struct Look {
    lines: Lines,
    survey: Survey,
}

impl Look {
    fn entry(&mut self, found: &Found) -> Result<()> {
        let before = self.meet(bytes_of(&found.name))?;
        if let Some(line) = before.as_ref().filter(|line| line.kind != letter(&found.facts)) {
            self.survey.removed.add(&line.path);
        }
        let taken = before.is_none_or(|line| !is_of(&line, found));
        if found.facts.is_file() {
            if found.facts.nlink() > 1 {
                *self.survey.links.entry(identity(found)).or_default() |= taken;
            }
            self.survey.total += if taken { found.facts.len() } else { 0 };
        }
        Ok(())
    }

    /// Nobody knows what is there now, so nothing that was there is gone.
    fn unreadable(&mut self, name: &[u8]) -> Result<()> {
        self.meet(name)?;
        while self.lines.peek().is_some_and(|line| within(&line.path, name)) {
            self.lines.take()?;
        }
        Ok(())
    }

    fn meet(&mut self, name: &[u8]) -> Result<Option<Line>> {
        while let Some(line) = self.lines.take_before(name)? {
            self.survey.removed.add(&line.path);
        }
        self.lines.take_of(name)
    }
}

pub(super) fn identity(found: &Found) -> Identity {
    (found.facts.dev(), found.facts.ino())
}

#[cfg(test)]
mod tests {
    use super::Removed;

    #[test]
    fn what_is_below_a_removed_name_is_removed_with_it() {
        let mut removed = Removed::default();
        for name in ["a", "a/b", "a/b/c", "a.d", "e/f"] {
            removed.add(name.as_bytes());
        }
        assert_eq!(removed.text(), b"a\0a.d\0e/f\0");
        for (name, covered) in [("a", true), ("a/x/y", true), ("ab", false), ("e", false), ("e/f", true), ("", false)] {
            assert_eq!(removed.covers(name.as_bytes()), covered, "{name}");
        }
    }
}
