//! One command run many times: how long it took, and how much memory it held at most. The first runs do not count.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Seconds of each counted run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(pub(crate) Vec<f64>);

impl Samples {
    pub(crate) fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// A program, silent, in a folder.
pub(crate) fn program(path: impl AsRef<std::ffi::OsStr>, words: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(path);
    command.args(words).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Runs to the end; it must succeed. Seconds from before the start to after the end.
pub(crate) fn once(command: &mut Command) -> Result<f64, String> {
    let began = Instant::now();
    let child = command.spawn().map_err(|e| format!("cannot run {command:?}: {e}"))?;
    finish(child, command)?;
    Ok(began.elapsed().as_secs_f64())
}

/// As [`once`], many times, after three that do not count.
pub(crate) fn often(command: &mut Command, times: usize) -> Result<Samples, String> {
    for _ in 0..3 {
        once(command)?;
    }
    (0..times).map(|_| once(command)).collect::<Result<Vec<f64>, String>>().map(Samples)
}

/// As [`once`], with the peak of resident memory in bytes: the kernel's own high-water mark of the process, read every
/// five milliseconds, so growth in the last five is missed.
pub(crate) fn watched(command: &mut Command) -> Result<(f64, u64), String> {
    let began = Instant::now();
    let child = command.spawn().map_err(|e| format!("cannot run {command:?}: {e}"))?;
    let status = format!("/proc/{}/status", child.id());
    let (done, peak) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                peak.fetch_max(high_water(&status), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let ended = finish(child, command);
        let seconds = began.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
        ended.map(|()| seconds)
    })
    .map(|seconds| (seconds, peak.load(Ordering::Relaxed)))
}

fn finish(child: Child, command: &Command) -> Result<(), String> {
    let output = child.wait_with_output().map_err(|e| format!("cannot wait for {command:?}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} ended with {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

/// `VmHWM` in bytes; 0 when the process is gone.
fn high_water(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
