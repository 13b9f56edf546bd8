//! The way back of a tree: unpack beside it, look at what is there, and put it in place in one step.

use super::census::Census;
use super::extract::{Unpacked, removed_names, unpack, unpack_chain};
use super::index::Lines;
use super::member::Kind;
use super::reader::Archive;
use super::{DATABASE, FilesEngine};
use crate::artifact::Feed;
use crate::engine::exchange::{Exchange, move_to};
use crate::engine::{Kept, Links, Recovered};
use crate::error::{Error, Result};
use crate::fault;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// In the name of every staging directory: only such a directory is ever removed.
const MARK: &str = ".backstay-";

/// Reads a whole archive and counts it.
pub(super) fn read_through(artifact: Feed, cancel: &CancellationToken) -> Result<String> {
    let mut archive = Archive::new(artifact);
    let mut entries = 0_u64;
    while let Some(member) = archive.next()? {
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        if let Kind::Sparse { size, .. } = member.kind {
            archive.sparse_map(size)?;
        }
        entries += u64::from(!member.name.is_empty());
    }
    Ok(format!("a sound archive of {entries} entries"))
}

/// Reads a whole chain, follows what each link of it does to the tree, and compares the end with the index of the last.
pub(super) fn read_chain(mut links: Links, index: &Path, cancel: &CancellationToken) -> Result<String> {
    let mut tree: BTreeMap<Vec<u8>, (char, u64)> = BTreeMap::new();
    let mut count = 0_u64;
    while let Some(feed) = links.blocking_recv() {
        let mut archive = Archive::new(feed);
        if count > 0 {
            for name in removed_names(&mut archive)? {
                drop_below(&mut tree, &name);
            }
        }
        while let Some(member) = archive.next()? {
            if cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            let size = match &member.kind {
                Kind::Sparse { size, .. } => archive.sparse_map(*size).map(|_| *size)?,
                Kind::File { size } => *size,
                Kind::Hardlink { target } => tree.get(target).map_or(0, |(_, size)| *size),
                _ => 0,
            };
            let letter = if matches!(member.kind, Kind::Hardlink { .. }) { '-' } else { member.kind.letter() };
            tree.insert(member.name, (letter, size));
        }
        count += 1;
    }
    let mut lines = Lines::open(index)?;
    while let Some(line) = lines.take()? {
        if tree.remove(&line.path) != Some((line.kind, line.size)) {
            return Err(differs(&line.path));
        }
    }
    match tree.first_key_value() {
        Some((name, _)) => Err(differs(name)),
        None => Ok(format!("a sound chain of {count} archives, which come to what the index says")),
    }
}

fn drop_below(tree: &mut BTreeMap<Vec<u8>, (char, u64)>, name: &[u8]) {
    tree.remove(name);
    let folder = [name, b"/"].concat();
    let below = tree.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder));
    for path in below.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
        tree.remove(&path);
    }
}

fn differs(name: &[u8]) -> Error {
    let name = super::walk::shown(Path::new(std::ffi::OsStr::from_bytes(name)));
    Error::integrity("chain-differs", format!("`{name}` is not in the chain as the index of its last backup says"))
}

/// Compares what is staged with what the archive said.
pub(super) fn inspect(staging: &Path) -> Result<Census> {
    let (said, found) = (Census::load(staging)?, Census::of(staging)?);
    said.compare(&found)?;
    Ok(found)
}

impl FilesEngine {
    fn record(&self) -> Result<Exchange> {
        let root = self.root();
        match (root.parent(), root.file_name().and_then(|name| name.to_str())) {
            (Some(parent), Some(name)) => Ok(Exchange::new(parent, name)),
            _ => Err(Error::permanent("bad-root", format!("`{}` cannot be replaced", root.display()))
                .help("Restore it into another directory with `--into`.")),
        }
    }

    pub(super) fn unpack(&self, staging: &Path, artifact: Feed, cancel: &CancellationToken) -> Result<String> {
        self.make_staging(staging)?;
        let done = unpack(artifact, staging, cancel)?;
        fault::io("stage", "unpacked", "")
            .map_err(|error| Error::io(format!("write `{}`", staging.display()), &error))?;
        staged(staging, done)
    }

    /// A full backup and the differentials on it. `index` is that of the last one.
    pub(super) fn unpack_links(
        &self,
        staging: &Path,
        mut links: Links,
        index: &Path,
        cancel: &CancellationToken,
    ) -> Result<String> {
        self.make_staging(staging)?;
        let mut count = 0_u64;
        let next = || {
            let link = links.blocking_recv();
            count += u64::from(link.is_some());
            link
        };
        let done = unpack_chain(next, staging, cancel)?;
        let detail = staged(staging, Unpacked { census: Census::of_index(index)?, ..done })?;
        Ok(format!("{detail}, from a chain of {count}"))
    }

    /// Makes the staging directory anew, empty and ours alone.
    fn make_staging(&self, staging: &Path) -> Result<()> {
        let name = staging.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.contains(MARK) {
            return Err(Error::permanent(
                "bad-staging",
                format!("`{}` is not the name of a staging directory", staging.display()),
            ));
        }
        if let Ok(record) = self.record() {
            record.keeps_old(&staging.to_string_lossy())?;
        }
        let failed = |doing: &str, error: std::io::Error| Error::io(format!("{doing} `{}`", staging.display()), &error);
        match std::fs::remove_dir_all(staging) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed("remove", error)),
            _ => {}
        }
        fault::io("stage", "make", "").map_err(|error| failed("make", error))?;
        std::fs::DirBuilder::new().mode(0o700).create(staging).map_err(|error| failed("make", error))
    }

    pub(super) fn exchange(&self, staging: &str) -> Result<String> {
        let (root, record) = (self.root(), self.record()?);
        if self.files.is_partial() {
            return Err(Error::permanent(
                "partial-tree",
                format!("the archive holds only a part of `{}`", root.display()),
            )
            .help("Replacing it would lose the rest: restore into another directory with `--into`."));
        }
        let path = self.base.join(staging);
        let text = path.to_string_lossy().into_owned();
        if record.in_place()?.as_deref() != Some(text.as_str()) {
            open_up(&path)?;
            record.exchange(&[(root.clone(), path.clone())], &text)?;
        }
        Ok(format!("`{}` is the restored tree; the old one is `{}`", root.display(), path.display()))
    }

    pub(super) fn close(&self, staging: &str, query: Option<&str>) -> Result<String> {
        let record = self.record()?;
        let path = self.base.join(staging);
        if record.in_place()?.as_deref() != Some(path.to_string_lossy().as_ref()) {
            return Err(Error::permanent(
                "swap-reverted",
                format!("`{}` is the tree from before the restore", self.root().display()),
            )
            .help("Run the restore again."));
        }
        if query.is_some() {
            record.put_back()?;
            return Err(Error::permanent("bad-query", "files answer no query; the old tree is back in place")
                .help("Remove `query` from this restore."));
        }
        record.close()?;
        Census::remove(&path);
        Ok(format!("the old tree is kept as `{}`", path.display()))
    }

    pub(super) fn move_to(&self, staging: &str, into: &str) -> Result<String> {
        let from = self.base.join(staging);
        let to = self.placed(into);
        if !from.exists() && to.exists() && Census::load(&from).is_ok() {
            // Done by an attempt that was cut off after the rename.
            Census::remove(&from);
            return Ok(format!("`{}`", to.display()));
        }
        if to.exists() {
            return Err(Error::permanent("name-taken", format!("`{}` exists already", to.display()))
                .help("Choose another name for `--into`."));
        }
        open_up(&from)?;
        fault::point("place/before");
        move_to(&from, &to)?;
        fault::point("place/after");
        Census::remove(&from);
        Ok(format!("`{}`", to.display()))
    }

    /// A plain name goes beside the root, a path where it says.
    fn placed(&self, into: &str) -> PathBuf {
        match self.root().parent() {
            Some(parent) if !into.contains('/') => parent.join(into),
            _ => self.base.join(into),
        }
    }

    pub(super) fn old_tree(&self) -> Result<Vec<Kept>> {
        let Ok(record) = self.record() else { return Ok(Vec::new()) };
        let kept = record.kept()?.map(|(staging, folders)| Kept { database: DATABASE.to_owned(), staging, folders });
        Ok(kept.into_iter().collect())
    }

    pub(super) fn remove_old_tree(&self) -> Result<()> {
        self.record()?.give_up()
    }

    pub(super) fn make_whole(&self) -> Result<Option<Recovered>> {
        let Ok(record) = self.record() else { return Ok(None) };
        let whole = record.recover()?;
        Ok(whole.map(|(outcome, staging)| Recovered { message: outcome.message(DATABASE, &staging) }))
    }
}

/// Notes what must be there, and says what could not be put back.
fn staged(staging: &Path, done: Unpacked) -> Result<String> {
    done.census.save(staging)?;
    let mut detail = format!("{} entries, {} bytes", done.census.entries, done.census.bytes);
    for (count, what) in [(done.owners, "owners"), (done.attributes, "extended attributes"), (done.devices, "devices")]
    {
        if count > 0 {
            detail.push_str(&format!("; {what} of {count} could not be put back"));
        }
    }
    Ok(detail)
}

/// Gives the root of a staged tree its own mode: until now it was ours alone.
fn open_up(staging: &Path) -> Result<()> {
    let Some((mode, ..)) = Census::load(staging)?.root else { return Ok(()) };
    std::fs::set_permissions(staging, std::fs::Permissions::from_mode(mode))
        .map_err(|error| Error::io(format!("set the mode of `{}`", staging.display()), &error))
}
