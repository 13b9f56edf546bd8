//! The exchange of live and staged directories: a record on disk first, then one atomic rename a pair. Whoever finds the
//! record later knows by the identity of each directory, never by its name, how far the exchange had come.

use crate::error::{Error, Result};
use crate::fault;
use rustix::fs::{AtFlags, CWD, RenameFlags, renameat_with, statat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

const SUFFIX: &str = ".backstay-intent.json";
const FORMAT: u32 = 1;

/// What a directory is, whatever its name: it keeps this when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    device: u64,
    inode: u64,
}

/// One live directory and the staged one that takes its place. Either may be missing, but not both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pair {
    live: PathBuf,
    staging: PathBuf,
    old: Option<Identity>,
    new: Option<Identity>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// An exchange was begun: it is not done, half done, or done and not yet settled.
    Open,
    /// The new data is in place, for good as far as we know.
    Closed,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    format: u32,
    name: String,
    staging: String,
    state: State,
    pairs: Vec<Pair>,
}

/// On which side of its exchange a pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// What became of a record that was left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing had been exchanged: the old data is in place.
    Untouched,
    /// Some pairs had been exchanged and were exchanged back: the old data is in place.
    Reverted,
    /// All had been exchanged: the new data is in place.
    Finished,
}

impl Outcome {
    /// For a person; `name` is the database, `staging` where the other data is.
    #[must_use]
    pub fn message(self, name: &str, staging: &str) -> String {
        match self {
            Self::Untouched => {
                format!("`{name}`: a swap had not begun; the old data is in place, the new one under `{staging}`")
            }
            Self::Reverted => {
                format!(
                    "`{name}`: a half-done swap was reverted; the old data is in place, the new one under `{staging}`"
                )
            }
            Self::Finished => {
                format!("`{name}`: a swap had been done; the new data is in place, the old one under `{staging}`")
            }
        }
    }
}

/// The exchange of one database (or tree), by its record.
#[derive(Clone, Debug)]
pub struct Exchange {
    path: PathBuf,
    name: String,
}

impl Exchange {
    /// `folder` is where the record is kept: on a disk that lives as long as the data.
    #[must_use]
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { path: folder.join(format!(".{name}{SUFFIX}")), name: name.to_owned() }
    }

    /// Exchanges every `(live, staging)` pair. Doing it again after it was done changes nothing.
    ///
    /// # Errors
    /// `nothing-staged`; `swap-open` when another swap is not settled; `exchange-unsupported`; `swap-unclear`.
    pub fn exchange(&self, pairs: &[(PathBuf, PathBuf)], staging: &str) -> Result<()> {
        if let Some(record) = self.read()? {
            if record.staging == staging && all(&record, Side::After) {
                return Ok(());
            }
            if record.state == State::Open {
                return Err(Error::permanent(
                    "swap-open",
                    format!("an earlier swap of `{}` is not settled", self.name),
                )
                .help("Run any command on this source: it finishes or reverts that swap first."));
            }
        }
        let pairs = pairs.iter().map(identified).collect::<Result<Vec<_>>>()?;
        let pairs: Vec<Pair> = pairs.into_iter().filter(|pair| pair.old.is_some() || pair.new.is_some()).collect();
        if pairs.first().is_none_or(|pair| pair.new.is_none()) {
            return Err(Error::permanent(
                "nothing-staged",
                format!("there is nothing under `{staging}` to put in place"),
            ));
        }
        let record =
            Record { format: FORMAT, name: self.name.clone(), staging: staging.to_owned(), state: State::Open, pairs };
        self.write(&record)?;
        fault::point("before-exchange");
        for pair in &record.pairs {
            if let Err(error) = turn(pair, Side::Before) {
                // What was turned so far is turned back; when even that fails the record stays for the next command.
                self.put_back()?;
                return Err(error);
            }
            fault::point("between-exchanges");
        }
        Ok(())
    }

    /// The staging name of the swap whose new data is in place, settled or not.
    pub fn in_place(&self) -> Result<Option<String>> {
        Ok(self.read()?.filter(|record| all(record, Side::After)).map(|record| record.staging))
    }

    /// Fails when `staging` holds data that was live before a swap: it must not be taken for a leftover.
    pub fn keeps_old(&self, staging: &str) -> Result<()> {
        let holds = |record: &Record| record.staging == staging && all(record, Side::After);
        match self.read()?.filter(holds) {
            None => Ok(()),
            Some(_) => Err(Error::permanent(
                "staging-holds-old-data",
                format!("`{staging}` holds the data that `{}` had before it was restored", self.name),
            )
            .help("Make a new restore plan, or remove that data yourself.")),
        }
    }

    /// What is left of the data that was live before a settled swap whose new data is live now: the staging name, and the
    /// directories. `None` when there is no such swap, or when the new data is not what is live.
    pub fn kept(&self) -> Result<Option<(String, Vec<PathBuf>)>> {
        let Some(record) = self.read()?.filter(|record| record.state == State::Closed) else { return Ok(None) };
        if !all(&record, Side::After) {
            return Ok(None);
        }
        let old = record.pairs.iter().filter(|pair| pair.old.is_some()).map(|pair| pair.staging.clone());
        let old: Vec<PathBuf> = old.collect();
        Ok((!old.is_empty()).then_some((record.staging, old)))
    }

    /// Removes what [`Exchange::kept`] tells of, and forgets the swap. It may be made again when it was cut off.
    ///
    /// # Errors
    /// `nothing-kept` when there is nothing, or the new data is not what is live.
    pub fn give_up(&self) -> Result<()> {
        let Some((_, old)) = self.kept()? else {
            let message = format!("`{}` has no old data beside restored data that is live", self.name);
            return Err(Error::permanent("nothing-kept", message));
        };
        for path in &old {
            fault::point("in-finish");
            empty(path)?;
        }
        // The record goes before the empty directories: until then they are known by what they are.
        self.forget()?;
        for path in &old {
            std::fs::remove_dir(path).map_err(|error| Error::io(format!("remove `{}`", path.display()), &error))?;
        }
        Ok(())
    }

    /// The new data stays.
    pub fn close(&self) -> Result<()> {
        match self.read()? {
            Some(record) => self.write(&Record { state: State::Closed, ..record }),
            None => Ok(()),
        }
    }

    /// Puts the old data back, whatever was exchanged, and forgets the swap.
    ///
    /// # Errors
    /// `swap-unclear` when a directory is neither the old nor the new one: nothing is touched then.
    pub fn put_back(&self) -> Result<()> {
        let Some(record) = self.read()? else { return Ok(()) };
        let sides = sides(&record)?;
        for (pair, _) in record.pairs.iter().zip(sides).rev().filter(|(_, side)| *side == Side::After) {
            turn(pair, Side::After)?;
        }
        self.forget()
    }

    /// Makes a swap that was cut off whole: done stays done, half done is put back.
    ///
    /// # Errors
    /// `swap-unclear` when a directory is neither the old nor the new one: nothing is touched then.
    pub fn recover(&self) -> Result<Option<(Outcome, String)>> {
        let Some(record) = self.read()?.filter(|record| record.state == State::Open) else { return Ok(None) };
        let sides = sides(&record)?;
        let outcome = match (sides.contains(&Side::Before), sides.contains(&Side::After)) {
            (false, _) => Outcome::Finished,
            (true, false) => Outcome::Untouched,
            (true, true) => Outcome::Reverted,
        };
        match outcome {
            Outcome::Finished => self.close()?,
            Outcome::Untouched => self.forget()?,
            Outcome::Reverted => self.put_back()?,
        }
        Ok(Some((outcome, record.staging)))
    }

    fn read(&self) -> Result<Option<Record>> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", &error)),
        };
        let record: Record = serde_json::from_slice(&text).map_err(|error| self.failed("read", &error.into()))?;
        if record.format > FORMAT {
            return Err(self.failed("read", &std::io::Error::other("a newer version of Backstay wrote it")));
        }
        Ok(Some(record))
    }

    fn write(&self, record: &Record) -> Result<()> {
        let failed = |error: std::io::Error| self.failed("write", &error);
        let text = serde_json::to_vec_pretty(record).map_err(|error| failed(error.into()))?;
        let fresh = self.path.with_extension("json.new");
        fault::io("swap-record", "create", "").map_err(failed)?;
        let mut file = File::create(&fresh).map_err(failed)?;
        file.write_all(&text).and_then(|()| fault::io("swap-record", "sync", "")).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fault::io("swap-record", "rename", "").map_err(failed)?;
        std::fs::rename(&fresh, &self.path).map_err(failed)?;
        sync_parent(&self.path)
    }

    fn forget(&self) -> Result<()> {
        fault::io("swap-record", "remove", "").map_err(|error| self.failed("remove", &error))?;
        std::fs::remove_file(&self.path).map_err(|error| self.failed("remove", &error))?;
        sync_parent(&self.path)
    }

    fn failed(&self, doing: &str, error: &std::io::Error) -> Error {
        Error::io(format!("{doing} the swap record `{}`", self.path.display()), error)
    }
}

/// Removes everything in a directory, and not the directory.
fn empty(folder: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Error::io(format!("empty `{}`", folder.display()), &error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        if kind.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.map_err(failed)?;
    }
    Ok(())
}

/// The names that have a record of a swap in `folder`, sorted.
#[must_use]
pub fn recorded(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let named = |name: std::ffi::OsString| Some(name.to_str()?.strip_prefix('.')?.strip_suffix(SUFFIX)?.to_owned());
    let mut names: Vec<String> = names.filter_map(named).collect();
    names.sort();
    names
}

/// Every swap that has a record in `folder` and was cut off, made whole.
///
/// # Errors
/// The first one that could not be.
pub fn recover_all(folder: &Path) -> Result<Vec<String>> {
    let failed = |error: std::io::Error| Error::io(format!("list `{}`", folder.display()), &error);
    let mut messages = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(messages),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_str().and_then(|name| name.strip_prefix('.')?.strip_suffix(SUFFIX));
        let Some(name) = name else { continue };
        if let Some((outcome, staging)) = Exchange::new(folder, name).recover()? {
            messages.push(outcome.message(name, &staging));
        }
    }
    messages.sort();
    Ok(messages)
}

/// Whether a record in `folder` tells of a swap that stands half-way: nothing may serve that data.
pub fn half_done(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| Some(name.to_str()?.strip_prefix('.')?.strip_suffix(SUFFIX)?.to_owned()));
    names.map(|name| Exchange::new(folder, &name).read()).any(|record| match record {
        Ok(Some(record)) if record.state == State::Open => {
            sides(&record).is_ok_and(|sides| sides.contains(&Side::Before) && sides.contains(&Side::After))
        }
        _ => false,
    })
}

/// Moves a directory to a name that is free, and has it on disk.
///
/// # Errors
/// `name-taken`.
pub fn move_to(from: &Path, to: &Path) -> Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => sync_parent(from).and_then(|()| sync_parent(to)),
        Err(Errno::EXIST) => Err(Error::permanent("name-taken", format!("`{}` exists already", to.display()))),
        Err(error) => Err(renamed(from, to, error)),
    }
}

fn identified((live, staging): &(PathBuf, PathBuf)) -> Result<Pair> {
    let (old, new) = (identity(live)?, identity(staging)?);
    Ok(Pair { live: live.clone(), staging: staging.clone(), old, new })
}

/// `None` when nothing has that name. A symbolic link has an identity of its own.
pub fn identity(path: &Path) -> Result<Option<Identity>> {
    match statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(Identity { device: stat.st_dev, inode: stat.st_ino })),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(Error::io(format!("look at `{}`", path.display()), &error.into())),
    }
}

fn sides(record: &Record) -> Result<Vec<Side>> {
    record.pairs.iter().map(side).collect()
}

fn all(record: &Record, wanted: Side) -> bool {
    sides(record).is_ok_and(|sides| sides.iter().all(|side| *side == wanted))
}

fn side(pair: &Pair) -> Result<Side> {
    let now = (identity(&pair.live)?, identity(&pair.staging)?);
    if now == (pair.old, pair.new) {
        Ok(Side::Before)
    } else if now == (pair.new, pair.old) {
        Ok(Side::After)
    } else {
        Err(Error::permanent(
            "swap-unclear",
            format!("`{}` and `{}` are not the directories of the swap that was cut off", pair.live.display(), pair.staging.display()),
        )
        .help("Someone moved them since. Put the wanted data in place by hand, then remove the `.backstay-intent.json` file."))
    }
}

/// Brings a pair from `side` to the other one.
fn turn(pair: &Pair, side: Side) -> Result<()> {
    let (live, staging) = match side {
        Side::Before => (pair.old, pair.new),
        Side::After => (pair.new, pair.old),
    };
    let (from, to, flags) = match (live, staging) {
        (Some(_), Some(_)) => (&pair.staging, &pair.live, RenameFlags::EXCHANGE),
        (Some(_), None) => (&pair.live, &pair.staging, RenameFlags::NOREPLACE),
        (None, _) => (&pair.staging, &pair.live, RenameFlags::NOREPLACE),
    };
    fault::io("swap", "turn", "").map_err(|error| Error::io("exchange directories", &error))?;
    renameat_with(CWD, from, CWD, to, flags).map_err(|error| renamed(from, to, error))?;
    fault::point("swap/turned");
    sync_parent(&pair.live)?;
    sync_parent(&pair.staging)
}

fn renamed(from: &Path, to: &Path, error: Errno) -> Error {
    let doing = format!("exchange `{}` and `{}`", from.display(), to.display());
    match error {
        Errno::INVAL | Errno::NOSYS | Errno::XDEV | Errno::BUSY => {
            Error::permanent("exchange-unsupported", format!("cannot {doing}: {error}"))
                .help("Both must be plain directories of one file system that can exchange names (ext4, xfs, btrfs, tmpfs); restore with `--into` instead.")
        }
        error => Error::io(doing, &error.into()),
    }
}

/// Has a rename in the folder of `path` on disk.
pub fn sync_parent(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::io(format!("have `{}` on disk", folder.display()), &error))
}
