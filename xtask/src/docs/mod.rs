//! Runs what the documents tell a reader to type, and compares what they show with what comes out. With `--update`, shown
//! output that has moved is rewritten.

mod normal;
mod page;

use crate::{demo, neo4j, place, shell};
use page::{Command, Page};
use std::fs;
use std::path::{Path, PathBuf};

/// Runs every document's commands with the debug build.
///
/// # Errors
/// A command did not end as the document says, or prints something else than it shows.
pub(crate) fn run(update: bool) -> Result<(), String> {
    shell::run(&mut shell::cargo(&["build", "--quiet", "--package", "backstay", "--package", "xtask"]))?;
    let mut faults = Vec::new();
    for path in documents()? {
        let text = fs::read_to_string(place::root().join(&path)).map_err(|e| format!("cannot read `{path}`: {e}"))?;
        let mut page = Page::read(&text);
        if page.commands.is_empty() {
            continue;
        }
        println!("{path}: {} commands", page.commands.len());
        let outputs = follow(&path, &page, &mut faults)?;
        if update && page.show(&outputs) {
            fs::write(place::root().join(&path), page.text()).map_err(|e| format!("cannot write `{path}`: {e}"))?;
            println!("{path}: rewritten");
        } else if !update {
            faults.extend(page.drift(&outputs).into_iter().map(|fault| format!("{path}:{fault}")));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Committed Markdown files, by path.
fn documents() -> Result<Vec<String>, String> {
    let root = place::root();
    let mut git = shell::command("git");
    git.current_dir(&root).args(["ls-files", "-co", "--exclude-standard", "--deduplicate", "*.md"]);
    Ok(shell::output(&mut git)?.lines().filter(|path| root.join(path).is_file()).map(str::to_owned).collect())
}

/// Runs the commands of one document in order, in a folder of its own; returns what each printed.
fn follow(path: &str, page: &Page, faults: &mut Vec<String>) -> Result<Vec<String>, String> {
    let folder = place::fresh(&format!("docs/{}", path.replace(['/', '.'], "-")))?;
    demo::copy_files(&example(path), &folder)?;
    // A server that the document starts does not outlive a command that failed.
    let _stopped = neo4j::Stopped(folder.join("server"));
    let mut outputs = Vec::new();
    for command in &page.commands {
        let (code, output) = typed(&command.line, &folder)?;
        if code != command.exit {
            let Command { line, at, exit, .. } = command;
            faults.push(format!("{path}:{}: `{line}` ended with {code}, not {exit}\n{output}", at + 1));
        }
        outputs.push(output);
    }
    Ok(outputs)
}

/// The example whose files stand beside the commands: a document's own, else the first.
fn example(path: &str) -> PathBuf {
    let own = Path::new(path).parent().filter(|folder| folder.starts_with("examples"));
    place::root().join(own.unwrap_or(Path::new("examples/01-quickstart")))
}

/// Runs a line as a shell would, with the built programs first on the path.
fn typed(line: &str, folder: &Path) -> Result<(i32, String), String> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(place::target().join("debug")).chain(std::env::split_paths(&old));
    let path = std::env::join_paths(paths).map_err(|e| format!("`PATH` cannot be set: {e}"))?;
    let mut bash = shell::command("bash");
    bash.args(["-c", &format!("exec 2>&1; {line}")]).current_dir(folder).env("PATH", path).env("NO_COLOR", "1");
    let output = bash.stdin(std::process::Stdio::null()).output().map_err(|e| format!("cannot run `bash`: {e}"))?;
    // A reader's folder is another one.
    let here = folder.display().to_string();
    let text = String::from_utf8_lossy(&output.stdout).replace(&format!("{here}/"), "").replace(&here, ".");
    Ok((output.status.code().unwrap_or(-1), text))
}
