//! Pausing a run from beside it: a file in the state directory that names the run, and that the run looks at. It holds
//! for that run alone, however often its process is killed: what is forgotten cannot keep the next run from beginning.

use super::state::State;
use crate::error::{Error, Result};
use schema::report::ProblemKind;
use std::path::{Path, PathBuf};

/// The file of a job in a state directory.
pub(super) fn file(state: &Path, job: &str) -> PathBuf {
    state.join("pause").join(job)
}

/// Whether a run is to be paused.
pub(super) fn is_asked_for(state: &Path, job: &str, run: &str) -> bool {
    std::fs::read_to_string(file(state, job)).is_ok_and(|named| named.trim() == run)
}

/// Takes back what was asked for; nothing was, is success.
pub(super) fn clear(state: &Path, job: &str) {
    // What stays names a run that is over, and is looked at by nobody.
    let _ = std::fs::remove_file(file(state, job));
}

/// Asks the run of a job that has begun and not ended to pause, and returns its id. It is on disk when this returns. Whether
/// its process is alive is not asked: only its lock could tell, and a run that begins meanwhile would find that taken.
pub fn pause(state: &Path, job: &str) -> Result<String> {
    let unfinished = opened(state)?.journal.unfinished(job)?;
    let run = unfinished.map(|unfinished| unfinished.run).ok_or_else(|| not_under_way(job))?;
    let path = file(state, job);
    let write = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(state);
        std::fs::create_dir_all(folder)?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        std::io::Write::write_all(&mut new, run.as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(&path)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| Error::io(format!("write `{}`", path.display()), &error))?;
    Ok(run)
}

/// Lets the paused run of a job go on, and returns its id. One that was killed while it was paused is not paused any
/// more when it is gone on with.
pub fn go_on(state: &Path, job: &str) -> Result<String> {
    let path = file(state, job);
    let unfinished = opened(state)?.journal.unfinished(job)?;
    let paused = unfinished.filter(|unfinished| is_asked_for(state, job, &unfinished.run));
    let Some(paused) = paused else {
        let message = format!("no run of job `{job}` is paused");
        return Err(Error::new(ProblemKind::Conflict, "not-paused", message)
            .help("`backstay pause JOB` pauses one that is under way."));
    };
    std::fs::remove_file(&path).map_err(|error| Error::io(format!("remove `{}`", path.display()), &error))?;
    Ok(paused.run)
}

/// An existing state directory: to look at one must not make one.
fn opened(path: &Path) -> Result<State> {
    if !path.is_dir() {
        let message = format!("there is no state directory `{}`", path.display());
        return Err(Error::permanent("no-state", message).help("Name that of the run with `--state`."));
    }
    State::open(path)
}

fn not_under_way(job: &str) -> Error {
    Error::new(ProblemKind::Conflict, "not-under-way", format!("no run of job `{job}` is under way"))
        .help("Only a run can be paused, not a job: a pause that was forgotten would end all backups.")
}
