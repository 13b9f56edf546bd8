//! One large file to a local store, all of it read for its digests, and back again: beside tools with a repository, which
//! keep chunks of their own, and beside the floor, which copies and digests with three programs. What is read has been read
//! just before, or is not in memory at all, and the row says which.

use crate::Setting;
use crate::backup::{GIB, random, settle};
use crate::measure::{Samples, once, program};
use crate::table::Table;
use crate::tools::{self, KEPT, TOOLS, Tool};
use std::fs;
use std::path::{Path, PathBuf};

const TIMES: usize = 2;
/// A file system in memory, on every Linux.
const MEMORY: &str = "/dev/shm";
/// A folder `data` to a store `store`, and from there to one that is named as what the others copy to.
const STRATEGY: &str = r#"strategy "bench" {
    environment "development"
    source "file" engine="files" { root "data" }
    store "local" plugin="fs" { site "here"; media "disk"; path "store" }
    store "second" plugin="fs" { site "here"; media "disk"; path "second" }
    job "copy" { backup "file" to="local" }
    job "move" { backup "file" to="local"; transfer from="local" to="second" }
}
"#;

/// Ours, in the words of the others.
const OURS: Tool = Tool {
    shown: "",
    name: "store",
    begin: "true",
    backup: "backstay run --job copy",
    verify: "backstay verify --source file",
    restore: "backstay restore file --into back --confirm",
};

/// Copying, and digesting what was copied.
const FLOOR: Tool = Tool {
    shown: "`cp`, `sync`, `b3sum`",
    name: "floor",
    begin: "mkdir floor",
    backup: "cp --reflink=never data/file floor/file && sync floor/file && b3sum floor/file",
    verify: "b3sum floor/file",
    restore: "mkdir back && cp --reflink=never floor/file back/file && sync back/file && b3sum back/file",
};

/// From store to store by hand: as the floor, and by `copy_file_range`.
const TRANSFERS: [(&str, &str); 2] = [
    (
        "`cp`, `sync`, `b3sum`",
        "mkdir second && cp --reflink=never data/file second && sync second/file && b3sum second/file",
    ),
    (
        "`cp` by `copy_file_range`, `sync`, `b3sum`",
        "mkdir second && cp --reflink=auto data/file second && sync second/file && b3sum second/file",
    ),
];

/// On the disk.
pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let size = 4 * GIB;
    let place = Place { setting, folder: setting.work.join("repository") };
    place.begin(size)?;
    place.warm_rows(table, size)?;
    place.cold_rows(table)?;
    place.end()
}

/// From one store on the disk to another one.
pub(crate) fn transfer(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let size = 4 * GIB;
    let place = Place { setting, folder: setting.work.join("transfer") };
    place.begin(size)?;
    place.transfer_rows(table, size)?;
    place.end()
}

/// In memory, where no disk levels what the programs themselves take.
pub(crate) fn in_memory(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let size = 2 * GIB;
    let place = Place { setting, folder: Path::new(MEMORY).join(format!("backstay-bench-{}", std::process::id())) };
    let measured = place.begin(size).and_then(|()| place.warm_rows(table, size));
    // Nobody else would give the memory back.
    measured.and(place.end())
}

/// Seconds of a backup, of a verify and of a restore.
#[derive(Default)]
struct Turns {
    backup: Samples,
    verify: Samples,
    restore: Samples,
}

/// What the rows of one kind are called, and where their samples are.
type Kind = (&'static str, fn(&Turns) -> &Samples);

struct Place<'a> {
    setting: &'a Setting,
    folder: PathBuf,
}

impl Place<'_> {
    fn begin(&self, size: u64) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", self.folder.display());
        fs::create_dir_all(self.folder.join("data")).map_err(failed)?;
        fs::write(self.folder.join("strategy.kdl"), STRATEGY).map_err(failed)?;
        random(&self.folder.join("data/file"), size).map_err(failed)
    }

    fn end(&self) -> Result<(), String> {
        fs::remove_dir_all(&self.folder).map_err(|e| format!("cannot remove `{}`: {e}", self.folder.display()))
    }

    /// All of them in turn; the first turn does not count.
    fn warm_rows(&self, table: &mut Table, size: u64) -> Result<(), String> {
        let mut all: Vec<(&Tool, Turns)> =
            [&OURS, &FLOOR].into_iter().chain(&TOOLS).map(|tool| (tool, Turns::default())).collect();
        for turn in 0..=TIMES {
            for (tool, turns) in &mut all {
                self.clear(tool);
                self.run(tool.begin)?;
                let backup = self.timed(tool.backup, "data")?;
                let verify = self.timed(tool.verify, tool.name)?;
                let restore = self.timed(tool.restore, tool.name)? + settle(&self.folder)?;
                let back = self.folder.join("back");
                fs::remove_dir_all(&back).map_err(|e| format!("{tool:?} brought nothing back: {e}"))?;
                if turn > 0 {
                    turns.backup.0.push(backup);
                    turns.verify.0.push(verify);
                    turns.restore.0.push(restore);
                }
                self.clear(tool);
            }
        }
        let [(_, ours), others @ ..] = all.as_slice() else { return Ok(()) };
        let size = size / GIB;
        let kinds: [Kind; 3] =
            [("backup", |turns| &turns.backup), ("verify", |turns| &turns.verify), ("restore", |turns| &turns.restore)];
        for (kind, of) in kinds {
            for (number, (tool, turns)) in others.iter().enumerate() {
                let what = if number == 0 { format!("{kind} of {size} GiB") } else { "the same".to_owned() };
                let floor = tool.name == FLOOR.name;
                let shown = if floor && kind == "verify" { "`b3sum`" } else { tool.shown };
                let target = if floor { "≤ 1.11 of the other" } else { "≤ 0.5 of the other" };
                table.times(&what, of(ours), Some((shown, of(turns))), target);
            }
        }
        Ok(())
    }

    /// What must be read from the disk: ours beside the floor.
    fn cold_rows(&self, table: &mut Table) -> Result<(), String> {
        let mut all = [(&OURS, Turns::default()), (&FLOOR, Turns::default())];
        for turn in 0..=TIMES {
            for (tool, turns) in &mut all {
                self.clear(tool);
                self.run(tool.begin)?;
                self.forget(&self.folder.join("data/file"))?;
                let backup = self.settled(tool.backup)?;
                let stored = largest(&self.folder.join(tool.name)).ok_or("the backup left no artifact")?;
                self.forget(&stored)?;
                let verify = self.settled(tool.verify)?;
                if turn > 0 {
                    turns.backup.0.push(backup);
                    turns.verify.0.push(verify);
                }
                self.clear(tool);
            }
        }
        let [(_, ours), (_, floor)] = &all;
        let target = "≤ 1.11 of the other";
        table.times("the backup, of what is not in memory", &ours.backup, Some((FLOOR.shown, &floor.backup)), target);
        table.times("the verify, of what is not in memory", &ours.verify, Some(("`b3sum`", &floor.verify)), target);
        Ok(())
    }

    /// From one store to the other: what the copy's manifest says, as the run makes the first copy as well. What a store
    /// has just been given is not in memory any more, so nothing is for the others.
    fn transfer_rows(&self, table: &mut Table, size: u64) -> Result<(), String> {
        let mut ours = Samples::default();
        let mut by_hand = TRANSFERS.map(|(shown, line)| (shown, line, Samples::default()));
        let second = self.folder.join("second");
        let clear = || fs::remove_dir_all(&second).map_err(|e| format!("nothing was brought: {e}"));
        for turn in 0..=TIMES {
            self.clear(&OURS);
            self.settled("backstay run --job move")?;
            let moved = moved(&second)?;
            clear()?;
            if turn > 0 {
                ours.0.push(moved);
            }
            for (_, line, samples) in &mut by_hand {
                self.forget(&self.folder.join("data/file"))?;
                let seconds = self.settled(line)?;
                clear()?;
                if turn > 0 {
                    samples.0.push(seconds);
                }
            }
        }
        for (number, (shown, _, samples)) in by_hand.iter().enumerate() {
            let what = format!("transfer of {} GiB from `fs` to `fs`, of what is not in memory", size / GIB);
            let what = if number == 0 { what.as_str() } else { "the same" };
            table.times(what, &ours, Some((shown, samples)), "≤ 1.11 of the other");
        }
        Ok(())
    }

    /// Nothing is left of an earlier turn.
    fn clear(&self, tool: &Tool) {
        for left in [tool.name, ".backstay"].iter().chain(&KEPT).map(|left| self.folder.join(left)) {
            let _ = fs::remove_dir_all(&left).or_else(|_| fs::remove_file(&left));
        }
    }

    fn run(&self, line: &str) -> Result<f64, String> {
        once(&mut tools::command(line, self.setting, &self.folder))
    }

    /// A line, after everything before it is on the disk.
    fn settled(&self, line: &str) -> Result<f64, String> {
        settle(&self.folder)?;
        self.run(line)
    }

    /// A line, after what it reads was read, so that none is later than what it reads has been forgotten.
    fn timed(&self, line: &str, read: &str) -> Result<f64, String> {
        let words = ["-c", "find \"$0\" -type f -exec cat {} + > /dev/null", read];
        once(&mut program("sh", &words, &self.folder))?;
        self.settled(line)
    }

    /// Lets the system forget what it has of a file in memory.
    fn forget(&self, file: &Path) -> Result<(), String> {
        settle(&self.folder)?;
        let of = format!("of={}", file.display());
        let words = ["if=/dev/null", of.as_str(), "oflag=nocache", "conv=notrunc,fdatasync", "status=none", "count=0"];
        once(&mut program("dd", &words, &self.folder)).map(|_| ())
    }
}

/// Seconds that bytes took on their way into a store, by the one manifest that is there.
fn moved(store: &Path) -> Result<f64, String> {
    let manifest = files(store).into_iter().find(|path| path.ends_with("manifest.json"));
    let manifest = manifest.ok_or_else(|| format!("no manifest is in `{}`", store.display()))?;
    let text = fs::read(&manifest).map_err(|e| format!("cannot read `{}`: {e}", manifest.display()))?;
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    let moved = value.get("moved").and_then(serde_json::Value::as_f64);
    moved.map(|milliseconds| milliseconds / 1e3).ok_or_else(|| "the manifest does not say how long it took".to_owned())
}

/// The largest file below a folder.
fn largest(folder: &Path) -> Option<PathBuf> {
    files(folder).into_iter().max_by_key(|path| fs::metadata(path).map_or(0, |found| found.len()))
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
