//! The lock file of a run: every supervisor shares it, and whoever must act after all of them takes it alone.

use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Opens the file, making it when it is missing. Closed on exec, so no command inherits the lock.
fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).read(true).open(path)
}

/// Held until the file is dropped. Waits for one that is held alone.
pub(super) fn share(path: &Path) -> io::Result<File> {
    hold(path, FlockOperation::LockShared)
}

/// Held until the file is dropped. Waits for every other holder.
pub(super) fn alone(path: &Path) -> io::Result<File> {
    hold(path, FlockOperation::LockExclusive)
}

/// The same without waiting; `None` when another holds it.
pub(super) fn try_alone(path: &Path) -> io::Result<Option<File>> {
    match hold(path, FlockOperation::NonBlockingLockExclusive) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn hold(path: &Path, how: FlockOperation) -> io::Result<File> {
    let file = open(path)?;
    loop {
        match flock(&file, how) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The lock that guards hold for as long as they live.
pub(super) fn of_guards(lock: &Path) -> PathBuf {
    let mut name = lock.as_os_str().to_owned();
    name.push(".guard");
    PathBuf::from(name)
}
