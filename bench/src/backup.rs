//! Bulk data: a backup of one large file to a directory, beside copying, flushing and digesting it with three programs;
//! and an encoded one, beside a pipe of three programs.

use crate::Setting;
use crate::measure::{Samples, once, program, watched};
use crate::table::Table;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

pub(crate) const GIB: u64 = 1 << 30;
const TIMES: usize = 5;
/// One job `copy`: a folder `data` to a folder `store`.
const STRATEGY: &str = r#"strategy "bench" {
    environment "development"
    source "file" engine="files" { root "data" }
    store "local" plugin="fs" { site "here"; media "disk"; path "store" }
    job "copy" { backup "file" to="local" }
}
"#;

/// What copies are encrypted to: nobody reads them.
const RECIPIENT: &str = "age14yaaqjyvfyd4nhkscu2gwg4xll3n29qp5sc2x2v5hefp8d8cxr8q384g8k";

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let folder = setting.work.join("backup");
    let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", folder.display());
    fs::create_dir_all(folder.join("data")).map_err(failed)?;
    fs::write(folder.join("strategy.kdl"), STRATEGY).map_err(failed)?;

    random(&folder.join("data/file"), 2 * GIB).map_err(failed)?;
    let (mut ours, mut peer, mut peak) = (Samples::default(), Samples::default(), 0);
    // In turn, so that a disk that gets slower is slow for both; the first turn does not count.
    for turn in 0..=TIMES {
        let (seconds, bytes) = backstay(setting, &folder)?;
        let other = by_hand(setting, &folder)?;
        if turn > 0 {
            ours.0.push(seconds);
            peer.0.push(other);
            peak = peak.max(bytes);
        }
    }
    let name = "`cp`, `sync`, `b3sum`";
    table.times("backup of 2 GiB to `fs`", &ours, Some((name, &peer)), "≤ 1.3 of the other");
    table.figure("peak memory of that run", &mebibytes(peak), "≤ 96 MiB");

    random(&folder.join("data/file"), 20 * GIB).map_err(failed)?;
    let (seconds, peak) = backstay(setting, &folder)?;
    let other = by_hand(setting, &folder)?;
    table.times("backup of 20 GiB to `fs`", &Samples(vec![seconds]), Some((name, &Samples(vec![other]))), "–");
    table.figure("peak memory of that run", &mebibytes(peak), "as for 2 GiB");
    encoded(setting, table, &folder)?;
    fs::remove_dir_all(&folder).map_err(failed)
}

/// The same compressed and encrypted, of data that compresses to about half.
fn encoded(setting: &Setting, table: &mut Table, folder: &Path) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", folder.display());
    let store = format!("path \"store\"; compress \"zstd\"; encrypt \"{RECIPIENT}\"");
    fs::write(folder.join("strategy.kdl"), STRATEGY.replace("path \"store\"", &store)).map_err(failed)?;
    digits(&folder.join("data/file"), 2 * GIB).map_err(failed)?;
    let (mut ours, mut peer, mut peak) = (Samples::default(), Samples::default(), 0);
    for turn in 0..=TIMES {
        let (seconds, bytes) = backstay(setting, folder)?;
        let other = pipe(folder)?;
        if turn > 0 {
            ours.0.push(seconds);
            peer.0.push(other);
            peak = peak.max(bytes);
        }
    }
    let name = "`tar`, `zstd -T0`, `age`";
    table.times("backup of 2 GiB to `fs`, zstd and age", &ours, Some((name, &peer)), "≤ 1.0 of the other");
    table.figure("peak memory of that run", &mebibytes(peak), "≤ 160 MiB");
    Ok(())
}

/// The same by a pipe, without digests.
fn pipe(folder: &Path) -> Result<f64, String> {
    settle(folder)?;
    let line = format!("tar --create data | zstd -3 -T0 --quiet | age --recipient {RECIPIENT} --output copy");
    let mut seconds = once(&mut program("sh", &["-c", &line], folder))?;
    seconds += once(&mut program("sync", &["copy"], folder))?;
    let _ = fs::remove_file(folder.join("copy"));
    Ok(seconds)
}

/// One backup into an empty store, with nothing left of the one before.
fn backstay(setting: &Setting, folder: &Path) -> Result<(f64, u64), String> {
    for left in ["store", ".backstay"] {
        let _ = fs::remove_dir_all(folder.join(left));
    }
    settle(folder)?;
    let measured = watched(&mut program(&setting.backstay, &["run", "--job", "copy"], folder))?;
    let _ = fs::remove_dir_all(folder.join("store"));
    Ok(measured)
}

/// The same by hand: all bytes copied, on disk, and read back for a digest.
fn by_hand(setting: &Setting, folder: &Path) -> Result<f64, String> {
    settle(folder)?;
    let mut seconds = once(&mut program("cp", &["--reflink=never", "data/file", "copy"], folder))?;
    seconds += once(&mut program("sync", &["copy"], folder))?;
    seconds += once(&mut program(&setting.b3sum, &["copy"], folder))?;
    let _ = fs::remove_file(folder.join("copy"));
    Ok(seconds)
}

/// Waits until nothing of an earlier run is still on its way to the disk.
pub(crate) fn settle(folder: &Path) -> Result<f64, String> {
    once(&mut program("sync", &[], folder))
}

/// A file of random digits.
fn digits(path: &Path, size: u64) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(path)?);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..size / 16 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        write!(file, "{state:016x}")?;
    }
    file.flush()?;
    file.get_ref().sync_all()
}

/// A file of numbers that look random, so that nothing can be compressed or skipped.
pub(crate) fn random(path: &Path, size: u64) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(path)?);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..size / 8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes())?;
    }
    file.flush()?;
    file.get_ref().sync_all()
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
