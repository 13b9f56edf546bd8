//! Fuzz targets: built with the coverage instrumentation that a stable compiler has, and each run for a bounded time.
//! `cargo fuzz` works on the same folder; it is not needed.

use crate::{peers, place, shell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Every target, with its seconds in the checks.
const TARGETS: [&str; 2] = ["compile", "format"];
pub(crate) const SECONDS: u64 = 60;

/// What `cargo fuzz --sanitizer none` passes: libFuzzer is led by these counters. Crashes are panics and failed
/// assertions; memory is not watched, since the code has no `unsafe` of its own.
const FLAGS: [&str; 7] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cstrip=none",
];

/// Longest time for one input, and the most memory: more is a hang or a leak.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"];

/// Builds the targets and runs each.
///
/// # Errors
/// No C++ compiler, a build that fails, or an input that ends a target; the message says where that input is.
pub(crate) fn run(seconds: u64, only: Option<&str>) -> Result<(), String> {
    if let Some(name) = only.filter(|name| !TARGETS.contains(name)) {
        return Err(format!("no fuzz target is named `{name}`; there is {}", TARGETS.join(", ")));
    }
    // libFuzzer itself is C++ and is built with the targets.
    peers::program("c++", "g++")?;
    let host = host()?;
    for target in TARGETS.into_iter().filter(|target| only.is_none_or(|only| only == *target)) {
        let binary = build(target, &host)?;
        fuzz(target, &binary, seconds)?;
    }
    Ok(())
}

fn host() -> Result<String, String> {
    let shown = shell::output(shell::command("rustc").arg("-vV"))?;
    let host = shown.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "`rustc -vV` names no host".to_owned())
}

/// With a target triple, so that build scripts and macros stay without instrumentation.
fn build(target: &str, host: &str) -> Result<PathBuf, String> {
    let folder = place::target().join("fuzz");
    let mut cargo = shell::cargo(&["build", "--quiet", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml"]);
    cargo.args(["--target", host, "--bin", target]).env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", FLAGS.join(" "));
    shell::run(&mut cargo)?;
    Ok(folder.join(host).join("release").join(target))
}

fn fuzz(target: &str, binary: &Path, seconds: u64) -> Result<(), String> {
    let seeds = place::fresh(&format!("fuzz-seeds/{target}"))?;
    let count = gather(target, &seeds)?;
    // What earlier runs found stays beside the build and is gone with it.
    let corpus = place::target().join("fuzz-corpus").join(target);
    let crashes = place::fresh(&format!("fuzz-crashes/{target}"))?;
    fs::create_dir_all(&corpus).map_err(|e| format!("cannot make `{}`: {e}", corpus.display()))?;
    let mut fuzzer = shell::command(binary);
    fuzzer.args([&corpus, &seeds]).args(LIMITS).arg(format!("-max_total_time={seconds}"));
    fuzzer.arg(format!("-artifact_prefix={}/", crashes.display())).arg("-print_final_stats=1");
    fuzzer.arg(format!("-dict={}", place::root().join("fuzz/dictionary.txt").display()));
    let shown = shell::shown(&fuzzer);
    let ended = fuzzer.stdin(Stdio::null()).output().map_err(|e| format!("cannot run `{shown}`: {e}"))?;
    let told = String::from_utf8_lossy(&ended.stderr);
    if !ended.status.success() {
        let lines: Vec<&str> = told.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n");
        return Err(format!("{tail}\n`{shown}` ended with {}; the input is in {}", ended.status, crashes.display()));
    }
    println!("{target}: {count} seeds, {}", summary(&told));
    Ok(())
}

/// Seeds of the target's own, every example, and every case of the compiler's suite. Returns how many.
fn gather(target: &str, into: &Path) -> Result<usize, String> {
    let root = place::root();
    let mut texts = Vec::new();
    for folder in ["fuzz/seeds", "examples", "compiler/tests/suite"] {
        below(&root.join(folder), &mut texts)?;
    }
    let cases = texts.iter().flat_map(|text| text.split("// --- "));
    let mut count = 0;
    for (at, case) in cases.enumerate().filter(|(_, case)| !case.trim().is_empty()) {
        let path = into.join(format!("{target}-{at}"));
        fs::write(&path, case).map_err(|e| format!("cannot write `{}`: {e}", path.display()))?;
        count += 1;
    }
    if count < 100 { Err(format!("only {count} seeds: the suite is gone")) } else { Ok(count) }
}

/// The texts of strategies below a folder, by path.
fn below(folder: &Path, texts: &mut Vec<String>) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot read `{}`: {e}", folder.display());
    let mut paths = fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|it| it.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(&path, texts)?;
        } else if path.extension().is_some_and(|extension| extension == "kdl") {
            // Seeds that are not UTF-8 are no input of these targets, whose inputs are texts.
            texts.extend(fs::read_to_string(&path));
        }
    }
    Ok(())
}

/// How much was tried, from what libFuzzer prints.
fn summary(told: &str) -> String {
    let stat = |name: &str| {
        let line =
            told.lines().rev().find_map(|line| line.strip_prefix("stat::").filter(|line| line.starts_with(name)));
        line.and_then(|line| line.split_whitespace().last()).unwrap_or("?").to_owned()
    };
    let edges = told.lines().rev().find_map(|line| line.split("cov: ").nth(1)?.split_whitespace().next());
    let (runs, speed, most) = (stat("number_of_executed_units"), stat("average_exec_per_sec"), stat("peak_rss_mb"));
    format!("{runs} inputs ({speed} a second), {} edges, {most} MiB at most, no fault", edges.unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_summed_up() {
        let told = "#8\tINITED cov: 120 ft: 3\n#99\tDONE   cov: 4711 ft: 9 corp: 3\nstat::number_of_executed_units: 99\n\
                    stat::average_exec_per_sec: 33\nstat::peak_rss_mb: 45\n";
        assert_eq!(summary(told), "99 inputs (33 a second), 4711 edges, 45 MiB at most, no fault");
    }
}
