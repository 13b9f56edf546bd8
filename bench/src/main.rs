//! Measures the real binary side by side with what it competes with, and writes one table. Takes minutes and 20 GiB of
//! disk; started by `cargo xtask bench`, which builds and finds what it needs.
#![expect(clippy::print_stdout, reason = "a program that people watch")]

mod backup;
mod editor;
mod fleet;
mod measure;
mod plugin;
mod table;
mod terraform;
mod whole;

use std::path::PathBuf;
use table::Table;

/// What to measure with.
#[derive(Debug)]
struct Setting {
    /// The release build.
    backstay: PathBuf,
    b3sum: PathBuf,
    /// Terraform or OpenTofu.
    terraform: PathBuf,
    /// Folder of the examples.
    examples: PathBuf,
    /// Empty folder on the disk that is measured.
    work: PathBuf,
    results: PathBuf,
}

fn main() -> std::process::ExitCode {
    match setting().and_then(|setting| measure_all(&setting)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Six arguments, in the order of [`Setting`].
fn setting() -> Result<Setting, String> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let mut next = |name: &str| paths.next().ok_or_else(|| format!("missing argument: {name}"));
    Ok(Setting {
        backstay: next("BACKSTAY")?,
        b3sum: next("B3SUM")?,
        terraform: next("TERRAFORM")?,
        examples: next("EXAMPLES")?,
        work: next("WORK")?,
        results: next("RESULTS")?,
    })
}

fn measure_all(setting: &Setting) -> Result<(), String> {
    let mut table = Table::default();
    whole::measure(setting, &mut table)?;
    editor::measure(setting, &mut table)?;
    fleet::measure(setting, &mut table)?;
    terraform::measure(setting, &mut table)?;
    plugin::measure(setting, &mut table)?;
    backup::measure(setting, &mut table)?;
    let text = table.text();
    println!("{text}");
    std::fs::write(&setting.results, text).map_err(|e| format!("cannot write `{}`: {e}", setting.results.display()))
}
