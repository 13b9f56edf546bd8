//! The product shown on itself: real commands on a copy of an example, each printed with its output. A step that does
//! not do what it should ends the demo with failure.

mod byhand;
mod compare;
mod files;
mod graph;
mod tree;

use crate::neo4j::Version;
use crate::{place, plugins, shell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which example is shown.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// Example 01: a tree of files, no server (the default).
    Files,
    /// Example 02: a real Neo4j Community server with 20,000 nodes.
    Neo4j {
        #[arg(long, default_value = "5.26")]
        version: Version,
    },
}

/// Sets up what is missing, then shows.
///
/// # Errors
/// Something cannot be set up, or the product did not do what it should.
pub(crate) fn run(what: &What) -> Result<(), String> {
    plugins::build()?;
    heading("building backstay");
    // As the tests build it: whoever looks first waits less, and the checks do not build everything a second time.
    shell::run(&mut shell::cargo(&["build", "--locked", "--package", "backstay"]))?;
    match what {
        What::Files => files::show(),
        What::Neo4j { version } => graph::show(*version),
    }?;
    println!("\nThe demo did all that it should.");
    Ok(())
}

fn heading(text: &str) {
    println!("\n── {text}");
}

/// A copy of an example in which the real commands run.
struct Stage {
    folder: PathBuf,
    backstay: PathBuf,
}

impl Stage {
    /// Copies an example's own files into an empty folder below `target/demo`.
    fn copy(example: &str) -> Result<Self, String> {
        let folder = place::fresh(&format!("demo/{example}"))?;
        copy_files(&place::root().join("examples").join(example), &folder)?;
        Ok(Self { folder, backstay: place::built("debug", "backstay") })
    }

    fn backstay(&self, words: &[&str]) -> Command {
        println!("$ backstay {}", words.join(" "));
        let mut command = shell::command(&self.backstay);
        command.args(words).current_dir(&self.folder);
        command
    }

    /// Runs a command with our own output; it must succeed.
    fn succeeds(&self, words: &[&str]) -> Result<(), String> {
        let status = self.backstay(words).status().map_err(|e| format!("cannot run backstay: {e}"))?;
        if status.success() { Ok(()) } else { Err(format!("`backstay {}` ended with {status}", words.join(" "))) }
    }

    /// Runs a command that must be refused with an exit code, saying each of the texts.
    fn is_refused(&self, words: &[&str], code: i32, says: &[&str]) -> Result<(), String> {
        let output = self.backstay(words).output().map_err(|e| format!("cannot run backstay: {e}"))?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        println!("{text}(exit code {})", output.status.code().unwrap_or(-1));
        if output.status.code() != Some(code) {
            return Err(format!("`backstay {}` should end with {code}, not {}", words.join(" "), output.status));
        }
        match says.iter().find(|says| !text.contains(**says)) {
            Some(missing) => Err(format!("`backstay {}` does not say `{missing}`", words.join(" "))),
            None => Ok(()),
        }
    }

    /// Replaces a text in a file of the copy; it must be there.
    fn edit(&self, file: &str, from: &str, to: &str) -> Result<(), String> {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
        if !text.contains(from) {
            return Err(format!("`{}` does not hold `{from}`", path.display()));
        }
        fs::write(&path, text.replace(from, to)).map_err(|e| format!("cannot write `{}`: {e}", path.display()))
    }

    /// Fails unless the folder of a store holds that many published artifacts.
    fn holds(&self, store: &str, artifacts: usize) -> Result<(), String> {
        let found = manifests(&self.folder.join(store)).len();
        println!("{store}: {found} published");
        if found == artifacts { Ok(()) } else { Err(format!("`{store}` should hold {artifacts}, not {found}")) }
    }
}

/// Manifests below a folder: one an artifact.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.append(&mut manifests(&entry.path()));
        } else if entry.file_name() == "manifest.json" {
            found.push(entry.path());
        }
    }
    found
}

/// Copies the files of a folder, not what is below its folders: an example's own texts are all at its top.
pub(crate) fn copy_files(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot copy `{}`: {e}", from.display());
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
        } else if entry.file_type().map_err(failed)?.is_dir() {
            let folder = to.join(entry.file_name());
            fs::create_dir_all(&folder).map_err(failed)?;
            copy_files(&entry.path(), &folder)?;
        }
    }
    Ok(())
}
