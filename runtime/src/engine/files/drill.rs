//! A drill of files: unpacked under a name of its own in the target, compared with the archive, and removed.

use super::FilesEngine;
use super::stage::inspect;
use crate::artifact::Feed;
use crate::blocking::blocking;
use crate::engine::target::{DRILL, Tried};
use crate::engine::{Context, Links};
use crate::error::{Error, Result};
use schema::source::{Files, OnChange};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a drill unpacks.
#[derive(Debug)]
pub(crate) enum Content {
    Whole(Feed),
    /// A full archive and the differentials on it, with the index of the last one.
    Chain(Links, PathBuf),
}

/// Restores a tree into `directory`, and compares what is there with what its archive or index said of it and, where its
/// manifest counted them, with the number of `entries`. What was restored is removed by [`sweep`].
pub(crate) async fn restore(
    directory: &Path,
    attempt: &str,
    entries: Option<u64>,
    content: Content,
    context: &Context,
) -> Result<Tried> {
    let staging = directory.join(format!("{DRILL}{attempt}"));
    let engine = scratch(directory);
    let cancel = context.cancel.clone();
    let folder = directory.to_owned();
    let done = blocking(move || {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| Error::io(format!("make the target's directory `{}`", folder.display()), &error))?;
        match content {
            Content::Whole(feed) => engine.unpack(&staging, feed, &cancel)?,
            Content::Chain(links, index) => engine.unpack_links(&staging, links, &index, &cancel)?,
        };
        crate::fault::point("in-drill");
        let loaded = Instant::now();
        let found = inspect(&staging)?;
        Ok((loaded, found))
    });
    let (loaded, found) = done.await?;
    if let Some(said) = entries.filter(|said| *said != found.entries) {
        let message = format!("{} entries were restored, and the manifest counts {said}", found.entries);
        return Err(Error::integrity("entries-differ", message));
    }
    Ok(Tried {
        transaction: None,
        loaded,
        check: loaded.elapsed(),
        queries: Duration::ZERO,
        answered: 0,
        entries: Some(found.entries),
        tool: format!("backstay {}", env!("CARGO_PKG_VERSION")),
        detail: format!("{} entries, {} bytes, as archived", found.entries, found.bytes),
    })
}

/// Removes what drills left in `directory`, this one's among them. Whoever calls holds the target's lock.
pub(crate) async fn sweep(directory: &Path) -> Result<()> {
    let directory = directory.to_owned();
    blocking(move || {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(DRILL) || name.strip_prefix('.').is_some_and(|name| name.starts_with(DRILL)) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    })
    .await
}

fn remove(path: &Path) -> Result<()> {
    let gone = |path: &Path| if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    let removed = gone(path).or_else(|_| {
        // A tree may hold directories that even their owner must not write in.
        open(path);
        gone(path)
    });
    removed.map_err(|error| Error::io(format!("remove `{}`", path.display()), &error))
}

fn open(path: &Path) {
    // What cannot be opened is told by the removal that follows.
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700));
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open(&entry.path());
        }
    }
}

/// An engine whose root is nowhere: only what is unpacked under a name of a drill is ever used.
fn scratch(directory: &Path) -> FilesEngine {
    let root: PathBuf = directory.join("drill");
    let files = Files {
        root: root.to_string_lossy().into_owned(),
        include: vec!["**".to_owned()],
        exclude: Vec::new(),
        on_change: OnChange::Fail,
        members: Vec::new(),
    };
    FilesEngine::new("drill", &files, Path::new("/"))
}
