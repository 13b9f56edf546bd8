//! What an archive said that it holds, kept beside the staged directory, and compared with what is there.

use super::index::{Lines, letter};
use super::member::{Kind, Member};
use super::select::Selection;
use super::walk::{Seen, walk};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Counts, and a sum over kind, name, size and time of every entry that does not depend on their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Census {
    pub(super) entries: u64,
    /// Bytes of files, each name counted.
    pub(super) bytes: u64,
    sum: u64,
    /// Mode and owner of the root, which is ours alone while it is staged.
    pub(super) root: Option<(u32, u32, u32)>,
}

impl Census {
    pub(super) fn add(&mut self, member: &Member, size: u64) {
        // Another name of a file is a file like any other on disk; its time is that of the file.
        let (letter, mtime) = match member.kind {
            Kind::Hardlink { .. } => ('-', None),
            _ => (member.kind.letter(), Some(member.mtime)),
        };
        self.count(letter, &member.name, size, mtime);
    }

    fn count(&mut self, letter: char, name: &[u8], size: u64, mtime: Option<i128>) {
        // Files are compared by size: their time is that of a name that may come later.
        let mtime = mtime.filter(|_| letter != '-');
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{letter} {size} {mtime:?} ").as_bytes()).update(name);
        let mut first = [0; 8];
        first.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
        self.sum = self.sum.wrapping_add(u64::from_le_bytes(first));
        self.entries += 1;
        self.bytes += size;
    }

    /// Of a directory on disk.
    pub(super) fn of(root: &Path) -> Result<Self> {
        let mut census = Self::default();
        walk(root, &Selection::everything(), &mut |seen| match seen {
            Seen::Entry(found) if found.name.as_os_str().is_empty() => Ok(()),
            Seen::Entry(found) => {
                let letter = letter(&found.facts);
                let size = if found.facts.is_file() { found.facts.len() } else { 0 };
                let mtime = i128::from(found.facts.mtime()) * 1_000_000_000 + i128::from(found.facts.mtime_nsec());
                census.count(letter, found.name.as_os_str().as_bytes(), size, Some(mtime));
                Ok(())
            }
            Seen::Unreadable(name, error) => Err(Error::io(format!("look at `{}`", root.join(name).display()), &error)),
        })?;
        Ok(census)
    }

    /// Of what the backup that `index` is of brings back here: only root can make devices.
    pub(super) fn of_index(index: &Path) -> Result<Self> {
        let privileged = rustix::process::geteuid().is_root();
        let (mut census, mut lines) = (Self::default(), Lines::open(index)?);
        while let Some(line) = lines.take()? {
            let mtime = i128::from(line.mtime.0) * 1_000_000_000 + i128::from(line.mtime.1);
            match line.kind {
                _ if line.path.is_empty() => census.root = Some((line.mode, line.uid, line.gid)),
                'b' | 'c' if !privileged => {}
                letter => census.count(letter, &line.path, line.size, Some(mtime)),
            }
        }
        Ok(census)
    }

    /// Fails when they do not hold the same.
    pub(super) fn compare(&self, found: &Self) -> Result<()> {
        if (self.entries, self.bytes) != (found.entries, found.bytes) {
            return Err(Error::integrity(
                "staged-differs",
                format!(
                    "the staged directory holds {} entries and {} bytes, the archive {} and {}",
                    found.entries, found.bytes, self.entries, self.bytes
                ),
            ));
        }
        if self.sum != found.sum {
            return Err(Error::integrity(
                "staged-differs",
                "a name, kind, size or time in the staged directory is not the archive's",
            ));
        }
        Ok(())
    }

    pub(super) fn save(&self, staging: &Path) -> Result<()> {
        let failed = |error: std::io::Error| Error::io("note what was staged", &error);
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        std::fs::write(beside(staging), text).map_err(failed)
    }

    pub(super) fn load(staging: &Path) -> Result<Self> {
        let missing =
            |_| Error::permanent("nothing-staged", format!("nothing was staged under `{}`", staging.display()));
        let text = std::fs::read(beside(staging)).map_err(missing)?;
        serde_json::from_slice(&text).map_err(|error| Error::io("read what was staged", &error.into()))
    }

    pub(super) fn remove(staging: &Path) {
        // A leftover of a few bytes harms nobody, and the next stage replaces it.
        let _ = std::fs::remove_file(beside(staging));
    }
}

fn beside(staging: &Path) -> PathBuf {
    let name = staging.file_name().unwrap_or_default().to_string_lossy();
    staging.with_file_name(format!(".{name}.census.json"))
}
