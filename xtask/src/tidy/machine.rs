//! No committed text names this machine's own folders: such a text works here and nowhere else.

use super::Tree;
use crate::place;

/// Folders of this machine that must be in no committed text, each with a trailing `/`.
pub(super) fn here() -> Vec<String> {
    let set = |name: &str| std::env::var(name).ok();
    let root = place::root().display().to_string();
    [Some(root), set("HOME"), set("CARGO_HOME"), set("RUSTUP_HOME")]
        .into_iter()
        .flatten()
        .map(|folder| format!("{}/", folder.trim_end_matches('/')))
        .filter(|folder| folder.len() > 2)
        .collect()
}

/// No text holds one of the folders.
pub(super) fn paths(tree: &Tree, folders: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in &tree.0 {
        for (line, text) in file.text.lines().enumerate() {
            for folder in folders.iter().filter(|folder| begins(text, folder)) {
                faults.push(format!("{}:{}: names `{folder}`, a folder of this machine", file.path, line + 1));
            }
        }
    }
    faults
}

/// Whether the folder stands in the line as the beginning of a path: `server/data/` does not hold `/data/`.
fn begins(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "_-.$}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::*;

    #[test]
    fn only_whole_paths_are_found() {
        let text = "see /data/x\nserver/data/x and $HOME/data/x\n".to_owned();
        let tree = Tree(vec![File { path: "docs/a.md".to_owned(), text }]);
        let faults = paths(&tree, &["/data/".to_owned()]);
        assert_eq!(faults, ["docs/a.md:1: names `/data/`, a folder of this machine"]);
    }
}
