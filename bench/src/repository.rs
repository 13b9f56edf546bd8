//! One large file to a local store, back again, and all of it read for its digests: beside tools with a repository, which
//! keep chunks of their own, and beside the floor, which copies and digests with three programs.

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
    // In turn; the first turn does not count.
    for turn in 0..=TIMES {
        let seconds = turn_of(setting, &folder)?;
        if turn > 0 {
            for (row, [ours, restic, borg, floor]) in rows.iter_mut().zip(seconds) {
                row.ours.0.push(ours);
                row.restic.0.push(restic);
                row.borg.0.push(borg);
                row.floor.0.push(floor);
            }
        }
    }
    let (size, [backup, verify, restore]) = (SIZE / GIB, rows);
    backup.into(table, &format!("backup of {size} GiB to `fs`"), FLOOR, "≤ 1.11 of the other");
    verify.into(table, &format!("verify of {size} GiB"), "`b3sum`", "≤ 1.11 of the other");
    restore.into(table, &format!("restore of {size} GiB"), FLOOR, "≤ 1.11 of the other");
    fs::remove_dir_all(&folder).map_err(failed)
}

/// Seconds of a backup, of a verify and of a restore: ours, restic, borg, the floor.
fn turn_of(setting: &Setting, folder: &Path) -> Result<[[f64; 4]; 3], String> {
    for left in ["store", ".backstay", "restic", "cache", "borg", "base"] {
        let _ = fs::remove_dir_all(folder.join(left));
    }
    let ours = |words: &[&str]| timed(program(&setting.backstay, words, folder), folder);
    let restic = |words: &[&str]| timed(restic(words, folder), folder);
    let borg = |words: &[&str]| timed(borg(words, folder), folder);
    restic(&["init"])?;
    borg(&["init", "--encryption", "none", "borg"])?;
    let backup = [
        ours(&["run", "--job", "copy"])?,
        restic(&["backup", "data"])?,
        borg(&["create", "--compression", "none", "borg::one", "data"])?,
        copied(setting, "data/file", folder)?,
    ];
    let stored = artifact(&folder.join("store")).ok_or("the backup left no artifact")?;
    let verify = [
        ours(&["verify", "--source", "file"])?,
        restic(&["check", "--read-data"])?,
        borg(&["check", "--verify-data", "borg"])?,
        timed(digest(setting, &stored, folder), folder)?,
    ];
    let restore = [
        back(folder, || ours(&["restore", "file", "--into", "back", "--confirm"]))?,
        back(folder, || restic(&["restore", "latest", "--target", "back"]))?,
        back(folder, || timed(borg_in_back(folder), folder))?,
        copied(setting, "data/file", folder)?,
    ];
    Ok([backup, verify, restore])
}

fn timed(mut command: Command, folder: &Path) -> Result<f64, String> {
    settle(folder)?;
    once(&mut command)
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
