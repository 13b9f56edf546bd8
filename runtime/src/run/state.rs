//! The state directory: journal, catalog, locks, scratch. One run a job, one run a source; a lock dies with its holder.

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::fault;
use crate::journal::Journal;
use rustix::fs::FlockOperation;
use schema::report::ProblemKind;
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// An opened state directory.
#[derive(Debug)]
pub struct State {
    root: PathBuf,
    pub journal: Journal,
    pub catalog: Catalog,
}

/// Locks that a run holds; they go with it, however it ends.
#[derive(Debug)]
pub struct Locks(#[expect(dead_code, reason = "held for their locks, which end with the files")] Vec<File>);

impl State {
    /// Opens the directory, and makes it (0700, with a `.gitignore` of its own) when it is not there.
    pub fn open(root: &Path) -> Result<Self> {
        let doing = |what: &str| format!("{what} the state directory `{}`", root.display());
        fault::io("state", "make", "").map_err(|error| Error::io(doing("make"), &error))?;
        for folder in [root.to_owned(), root.join("lock"), root.join("scratch")] {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|error| Error::io(doing("make"), &error))?;
        }
        let ignore = root.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(&ignore, "*\n").map_err(|error| Error::io(doing("write to"), &error))?;
        }
        let journal = Journal::open(&root.join("journal.db"))?;
        let catalog = Catalog::open(&root.join("catalog.db"))?;
        Ok(Self { root: root.to_owned(), journal, catalog })
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the locks of a job and its sources, or says which is held.
    pub fn lock(&self, job: &str, sources: &BTreeSet<&str>) -> Result<Locks> {
        let mut locks = vec![self.take(&format!("job-{job}"), &format!("a run of job `{job}`"))?];
        for source in sources {
            locks.push(self.take(&format!("source-{source}"), &format!("a run on source `{source}`"))?);
        }
        Ok(Locks(locks))
    }

    /// Takes the lock of a store for what only one process of this machine may do there.
    pub fn lock_store(&self, store: &str) -> Result<Locks> {
        Ok(Locks(vec![self.take(&format!("store-{store}"), &format!("a prune of store `{store}`"))?]))
    }

    /// What this machine is called where several use one store: its name, and a number that no other state directory has.
    pub fn identity(&self) -> Result<String> {
        let path = self.root.join("identity");
        let failed = |error: &std::io::Error| Error::io(format!("write `{}`", path.display()), error);
        if !path.exists() {
            // Of two at once one wins; half a file is never seen under the name.
            let own = tempfile::NamedTempFile::new_in(&self.root).map_err(|error| failed(&error))?;
            std::fs::write(own.path(), uuid::Uuid::new_v4().to_string()).map_err(|error| failed(&error))?;
            if let Err(error) = own.persist_noclobber(&path)
                && error.error.kind() != std::io::ErrorKind::AlreadyExists
            {
                return Err(failed(&error.error));
            }
        }
        let number =
            std::fs::read_to_string(&path).map_err(|error| Error::io(format!("read `{}`", path.display()), &error))?;
        Ok(format!("{} ({})", crate::store::host_name(), number.trim()))
    }

    /// This directory, as the system knows it; a copy of it is another one. `None` when the system does not tell.
    pub(super) fn place(&self) -> Option<String> {
        let lock = std::fs::metadata(self.root.join("lock")).ok()?;
        let made = lock.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(format!("{}-{}", lock.ino(), made.as_nanos()))
    }

    /// What is remembered in a file of that name; `None` when nothing is.
    pub(super) fn remembered<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.root.join(name);
        match std::fs::read(&path) {
            // Nothing hangs on it that could not be told twice.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(format!("read `{}`", path.display()), &error)),
        }
    }

    /// Remembers it, in place of what was remembered under that name.
    pub(super) fn remember<T: serde::Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let path = self.root.join(name);
        let failed = |error: &std::io::Error| Error::io(format!("write `{}`", path.display()), error);
        let own = tempfile::NamedTempFile::new_in(&self.root).map_err(|error| failed(&error))?;
        serde_json::to_writer(&own, value).map_err(|error| Error::permanent("json", error.to_string()))?;
        own.persist(&path).map_err(|error| failed(&error.error)).map(|_| ())
    }

    /// Takes the lock of a target: it holds one thing at a time.
    pub fn lock_target(&self, target: &str) -> Result<File> {
        self.take(&format!("target-{target}"), &format!("a drill in target `{target}`"))
    }

    fn take(&self, name: &str, what: &str) -> Result<File> {
        let path = self.root.join("lock").join(format!("{name}.lock"));
        let file = fault::io("state", "lock", "").and_then(|()| File::create(&path));
        let file = file.map_err(|error| Error::io(format!("open `{}`", path.display()), &error))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(_) => Err(Error::new(ProblemKind::Conflict, "lock-held", format!("{what} is under way"))
                .help("Wait for it to end; its lock goes with its process, so there is nothing to remove.")),
        }
    }

    /// File whose locks tell that a child, or the guard, that works on `subject` is alive.
    #[must_use]
    pub fn children_lock(&self, subject: &str) -> PathBuf {
        self.root.join("lock").join(format!("{subject}.children"))
    }

    /// A private, empty directory for one attempt.
    pub fn scratch(&self, attempt: &str) -> Result<PathBuf> {
        let path = self.root.join("scratch").join(attempt);
        fault::io("state", "scratch", "")
            .and_then(|()| std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path))
            .map_err(|error| Error::io(format!("make `{}`", path.display()), &error))?;
        Ok(path)
    }

    /// Removes the scratch directory of an attempt.
    pub fn clear_scratch(&self, attempt: &str) {
        // What stays is found again by name and is no more than wasted space.
        let _ = std::fs::remove_dir_all(self.root.join("scratch").join(attempt));
    }
}
