//! The layout rules of ARCHITECTURE.md as code: every rule looks at the texts of the tree and returns faults. It reads
//! words, not meaning, so a rule must be one that a search can decide.

mod crates;
mod examples;
mod machine;
mod shape;
mod stages;
mod walls;

use crate::{place, shell};
use std::fs;

/// One committed text.
#[derive(Debug)]
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Lines with their number from 1, without the part that a line comment takes.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(n, line)| (n + 1, line))
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// All committed texts, by path.
#[derive(Debug)]
pub(crate) struct Tree(pub(crate) Vec<File>);

/// Samples of bad trees for the tests of the rules: not part of the project's own text.
const SAMPLES: &str = "xtask/tests/tidy/";

impl Tree {
    /// What git knows or would add.
    fn read() -> Result<Self, String> {
        let root = place::root();
        let list = shell::output(shell::command("git").current_dir(&root).args([
            "ls-files",
            "-z",
            "-co",
            "--exclude-standard",
            "--deduplicate",
        ]))?;
        let mut files = Vec::new();
        for path in list.split('\0').filter(|path| !path.is_empty() && !path.starts_with(SAMPLES)) {
            // A file that is no text, or that was just removed, has no lines to judge.
            if let Ok(text) = fs::read_to_string(root.join(path)) {
                files.push(File { path: path.to_owned(), text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self(files))
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.0.iter().filter(|file| file.is_rust())
    }
}

/// Rules over texts, in the order in which their faults are told.
const RULES: [fn(&Tree) -> Vec<String>; 9] = [
    shape::opening,
    shape::length,
    shape::names,
    shape::types,
    shape::one_test_binary,
    walls::words,
    walls::serialised,
    stages::order,
    examples::complete,
];

fn faults(tree: &Tree) -> Vec<String> {
    RULES.iter().flat_map(|rule| rule(tree)).collect()
}

/// Judges the repository.
///
/// # Errors
/// All faults, one a line: `path:line: what is wrong`.
pub(crate) fn run() -> Result<(), String> {
    let tree = Tree::read()?;
    let mut all = faults(&tree);
    all.extend(machine::paths(&tree, &machine::here()));
    match crates::metadata() {
        Ok(metadata) => all.extend(crates::edges(&metadata)),
        Err(error) => all.push(error),
    }
    println!("{}", shape::figures(&tree));
    if all.is_empty() { Ok(()) } else { Err(format!("{}\n{} faults", all.join("\n"), all.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// `=== path` begins a file, `=== faults` begins what the rules must say about them.
    fn sample(text: &str) -> (Tree, String) {
        let mut files: Vec<File> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix("=== "), files.last_mut()) {
                (Some(path), _) => files.push(File { path: path.to_owned(), text: String::new() }),
                (None, Some(file)) => file.text += &format!("{line}\n"),
                (None, None) => panic!("a sample begins with `=== path`"),
            }
        }
        let expected = files.pop_if(|file| file.path == "faults").map(|file| file.text).unwrap_or_default();
        (Tree(files), expected)
    }

    #[test]
    fn every_sample_has_its_faults_and_no_others() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tidy");
        let mut seen = 0;
        for entry in fs::read_dir(folder).expect("samples") {
            let path = entry.expect("entry").path();
            let text = fs::read_to_string(&path).expect("text");
            let (tree, expected) = sample(&text);
            let found: String = faults(&tree).iter().map(|fault| format!("{fault}\n")).collect();
            if std::env::var_os("UPDATE").is_some() {
                let body = text.split("=== faults\n").next().unwrap_or_default();
                fs::write(&path, format!("{body}=== faults\n{found}")).expect("write");
            } else {
                assert_eq!(found, expected, "{}", path.display());
            }
            seen += 1;
        }
        assert!(seen > 5, "the samples are gone");
    }
}
