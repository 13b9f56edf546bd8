//! One large file to a local store, back again, and all of it read for its digests: beside tools with a repository, which
//! keep chunks of their own, and beside the floor, which copies and digests with three programs. What is read has been read
//! just before, or is not in memory at all, and the row says which.

use crate::Setting;
use crate::backup::{GIB, STRATEGY, copied, random, settle};
use crate::measure::{Samples, once, program};
use crate::table::Table;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TIMES: usize = 2;
const SIZE: u64 = 4 * GIB;
const FLOOR: &str = "`cp`, `sync`, `b3sum`";

/// Seconds of one thing to do, by each that does it.
#[derive(Default)]
struct Row {
    ours: Samples,
    restic: Samples,
    borg: Samples,
    floor: Samples,
}

impl Row {
    fn into(self, table: &mut Table, what: &str, floor: &str, target: &str) {
        table.times(what, &self.ours, Some((floor, &self.floor)), target);
        table.times("the same", &self.ours, Some(("`restic`", &self.restic)), "≤ 0.5 of the other");
        table.times(
            "the same",
            &self.ours,
            Some(("`borg`, neither compressed nor encrypted", &self.borg)),
            "≤ 0.5 of the other",
        );
    }
}

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let folder = setting.work.join("repository");
    let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", folder.display());
    fs::create_dir_all(folder.join("data")).map_err(failed)?;
    fs::write(folder.join("strategy.kdl"), STRATEGY).map_err(failed)?;
    random(&folder.join("data/file"), SIZE).map_err(failed)?;
    let mut rows = [Row::default(), Row::default(), Row::default()];
    let mut cold = [[Samples::default(), Samples::default()], [Samples::default(), Samples::default()]];
    // In turn; the first turn does not count.
    for turn in 0..=TIMES {
        let (seconds, of_cold) = (turn_of(setting, &folder)?, cold_turn_of(setting, &folder)?);
        if turn > 0 {
            for (row, [ours, restic, borg, floor]) in rows.iter_mut().zip(seconds) {
                row.ours.0.push(ours);
                row.restic.0.push(restic);
                row.borg.0.push(borg);
                row.floor.0.push(floor);
            }
            for (samples, seconds) in cold.iter_mut().flatten().zip(of_cold.into_iter().flatten()) {
                samples.0.push(seconds);
            }
        }
    }
    let (size, [backup, verify, restore]) = (SIZE / GIB, rows);
    backup.into(table, &format!("backup of {size} GiB to `fs`"), FLOOR, "≤ 1.11 of the other");
    verify.into(table, &format!("verify of {size} GiB"), "`b3sum`", "≤ 1.11 of the other");
    restore.into(table, &format!("restore of {size} GiB"), FLOOR, "≤ 1.11 of the other");
    let [[backup, copied], [verify, digested]] = &cold;
    let (of_backup, of_verify) = ("the backup, of what is not in memory", "the verify, of what is not in memory");
    table.times(of_backup, backup, Some((FLOOR, copied)), "≤ 1.11 of the other");
    table.times(of_verify, verify, Some(("`b3sum`", digested)), "≤ 1.11 of the other");
    fs::remove_dir_all(&folder).map_err(failed)
}

/// Seconds of a backup, of a verify and of a restore: ours, restic, borg, the floor.
fn turn_of(setting: &Setting, folder: &Path) -> Result<[[f64; 4]; 3], String> {
    for left in ["store", ".backstay", "restic", "cache", "borg", "base"] {
        let _ = fs::remove_dir_all(folder.join(left));
    }
    // What each reads is read once before, so that none is later than what it reads has been forgotten.
    let timed = |command: Command, read: &str| {
        warm(folder, read)?;
        timed(command, folder)
    };
    let ours = |words: &[&str], read: &str| timed(program(&setting.backstay, words, folder), read);
    let restic = |words: &[&str], read: &str| timed(restic(words, folder), read);
    let borg = |words: &[&str], read: &str| timed(borg(words, folder), read);
    let floor = || warm(folder, "data").and_then(|()| copied(setting, "data/file", folder));
    restic(&["init"], "data")?;
    borg(&["init", "--encryption", "none", "borg"], "data")?;
    let backup = [
        ours(&["run", "--job", "copy"], "data")?,
        restic(&["backup", "data"], "data")?,
        borg(&["create", "--compression", "none", "borg::one", "data"], "data")?,
        floor()?,
    ];
    let stored = stored(folder)?;
    let verify = [
        ours(&["verify", "--source", "file"], "store")?,
        restic(&["check", "--read-data"], "restic")?,
        borg(&["check", "--verify-data", "borg"], "borg")?,
        timed(digest(setting, &stored, folder), "store")?,
    ];
    let restore = [
        back(folder, || ours(&["restore", "file", "--into", "back", "--confirm"], "store"))?,
        back(folder, || restic(&["restore", "latest", "--target", "back"], "restic"))?,
        back(folder, || timed(borg_in_back(folder), "borg"))?,
        floor()?,
    ];
    Ok([backup, verify, restore])
}

/// Seconds of a backup and of a verify of what must be read from the disk: ours, the floor.
fn cold_turn_of(setting: &Setting, folder: &Path) -> Result<[[f64; 2]; 2], String> {
    let (data, stored) = (folder.join("data/file"), stored(folder)?);
    let cold = |command: Command, read: &Path| {
        forget(read, folder)?;
        timed(command, folder)
    };
    let ours = |words: &[&str], read: &Path| cold(program(&setting.backstay, words, folder), read);
    let verify = [ours(&["verify", "--source", "file"], &stored)?, cold(digest(setting, &stored, folder), &stored)?];
    let backup = [ours(&["run", "--job", "copy"], &data)?, {
        forget(&data, folder)?;
        copied(setting, "data/file", folder)?
    }];
    Ok([backup, verify])
}

fn timed(mut command: Command, folder: &Path) -> Result<f64, String> {
    settle(folder)?;
    once(&mut command)
}

/// Reads every file of a folder.
fn warm(folder: &Path, read: &str) -> Result<(), String> {
    once(&mut program("sh", &["-c", "find \"$0\" -type f -exec cat {} + > /dev/null", read], folder)).map(|_| ())
}

/// Lets the system forget what it has of a file in memory.
fn forget(file: &Path, folder: &Path) -> Result<(), String> {
    settle(folder)?;
    let of = format!("of={}", file.display());
    let words = ["if=/dev/null", of.as_str(), "oflag=nocache", "conv=notrunc,fdatasync", "status=none", "count=0"];
    once(&mut program("dd", &words, folder)).map(|_| ())
}

/// The artifact in the store.
fn stored(folder: &Path) -> Result<PathBuf, String> {
    artifact(&folder.join("store")).ok_or_else(|| "the backup left no artifact".to_owned())
}

/// A restore, until what came back is on disk; it is removed again.
fn back(folder: &Path, restore: impl FnOnce() -> Result<f64, String>) -> Result<f64, String> {
    let seconds = restore()? + settle(folder)?;
    fs::remove_dir_all(folder.join("back")).map_err(|e| format!("nothing came back: {e}"))?;
    Ok(seconds)
}

fn digest(setting: &Setting, file: &Path, folder: &Path) -> Command {
    let mut command = program(&setting.b3sum, &[], folder);
    command.arg(file);
    command
}

fn restic(words: &[&str], folder: &Path) -> Command {
    let mut command = program("restic", &["--repo", "restic", "--quiet", "--cache-dir", "cache"], folder);
    command.args(words).env("RESTIC_PASSWORD", "measured");
    command
}

fn borg(words: &[&str], folder: &Path) -> Command {
    let mut command = program("borg", words, folder);
    command.env("BORG_BASE_DIR", folder.join("base")).env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes");
    command
}

/// It extracts into the folder that it runs in.
fn borg_in_back(folder: &Path) -> Command {
    let mut command = borg(&["extract", "../borg::one"], folder);
    let back = folder.join("back");
    // A folder that cannot be made fails the command.
    let _ = fs::create_dir(&back);
    command.current_dir(back);
    command
}

/// The largest file below a folder.
fn artifact(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let files = entries.filter_map(|path| if path.is_dir() { artifact(&path) } else { Some(path) });
    files.max_by_key(|path| fs::metadata(path).map_or(0, |found| found.len()))
}
