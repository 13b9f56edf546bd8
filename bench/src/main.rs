//! Measures the real binary side by side with what it competes with, and writes a table for each part. Takes more than
//! an hour and 45 GiB of disk; started by `cargo xtask bench`, which builds and finds what it needs.
#![expect(clippy::print_stdout, reason = "a program that people watch")]

mod backup;
mod bucket;
mod catalog;
mod editor;
mod fleet;
mod journal;
mod measure;
mod plugin;
mod proof;
mod repository;
mod table;
mod terraform;
mod tools;
mod tree;
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
    /// Folder of the servers and tools that are compared with.
    tools: PathBuf,
    /// Folder of the examples.
    examples: PathBuf,
    /// Empty folder on the disk that is measured.
    work: PathBuf,
    results: PathBuf,
    /// Parts that are measured; all, when there are none.
    parts: Vec<String>,
}

/// A part of the table: its name, and what measures it.
type Part = (&'static str, fn(&Setting, &mut Table) -> Result<(), String>);

/// How often the shortest process is run before each part.
const FLOOR: usize = 40;

/// In the order of the results.
const PARTS: [Part; 14] = [
    ("whole", whole::measure),
    ("editor", editor::measure),
    ("fleet", fleet::measure),
    ("terraform", terraform::measure),
    ("proof", proof::measure),
    ("plugin", plugin::measure),
    ("journal", journal::measure),
    ("catalog", catalog::measure),
    ("backup", backup::measure),
    ("repository", repository::measure),
    ("memory", repository::in_memory),
    ("transfer", repository::transfer),
    ("tree", tree::measure),
    ("bucket", bucket::measure),
];

fn main() -> std::process::ExitCode {
    match setting().and_then(|setting| measure_all(&setting)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Seven arguments, in the order of [`Setting`], and names of parts.
fn setting() -> Result<Setting, String> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let mut next = |name: &str| paths.next().ok_or_else(|| format!("missing argument: {name}"));
    let mut setting = Setting {
        backstay: next("BACKSTAY")?,
        b3sum: next("B3SUM")?,
        terraform: next("TERRAFORM")?,
        tools: next("TOOLS")?,
        examples: next("EXAMPLES")?,
        work: next("WORK")?,
        results: next("RESULTS")?,
        parts: Vec::new(),
    };
    setting.parts = paths.map(|part| part.to_string_lossy().into_owned()).collect();
    let known = |part: &&String| PARTS.iter().any(|(name, _)| name == part);
    match setting.parts.iter().find(|part| !known(part)) {
        Some(part) => Err(format!("no part is named `{part}`; {}", PARTS.map(|(name, _)| name).join(", "))),
        None => Ok(setting),
    }
}

fn measure_all(setting: &Setting) -> Result<(), String> {
    let names = PARTS.map(|(name, _)| name);
    let chosen = |name: &str| setting.parts.is_empty() || setting.parts.iter().any(|part| part == name);
    for (name, measure) in PARTS.iter().filter(|(name, _)| chosen(name)) {
        println!("{name}");
        let floor = measure::often(&mut measure::program("true", &[], &setting.work), FLOOR)?;
        let mut table = Table::default();
        measure(setting, &mut table)?;
        table::replace(&setting.results, &names, name, &table, floor.min())?;
    }
    Ok(())
}
