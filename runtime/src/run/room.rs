//! Whether a file system has room for an artifact: asked before anything is fetched. It is a look, not a promise: others
//! may fill the room meanwhile.

use crate::artifact::sized;
use crate::error::{Error, Result};
use std::path::Path;

/// Fails when less is free where `folder` is, or will be made, than `size` bytes.
pub(super) fn look(folder: &Path, size: u64) -> Result<()> {
    let Some(there) = folder.ancestors().find(|folder| folder.exists()) else { return Ok(()) };
    let facts = rustix::fs::statvfs(there)
        .map_err(|error| Error::io(format!("ask how much is free in `{}`", there.display()), &error.into()))?;
    let free = facts.f_bavail.saturating_mul(facts.f_frsize);
    if free >= size {
        return Ok(());
    }
    let message = format!("`{}` has {} free, and the artifact takes {}", there.display(), sized(free), sized(size));
    Err(Error::permanent("room-too-small", message)
        .help("Free space there, then run it again; nothing was fetched, and what is live was not touched."))
}
