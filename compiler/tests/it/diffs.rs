//! Changes of one line and what they must report, below `tests/diffs`: base strategies, and beside them files of changes,
//! each a small patch of one of them. `UPDATE=1` rewrites what they report.
//!
//! ```text
//! === name BASE                begins a change
//!  line                        stands there and stays
//! -line                        goes
//! +line                        comes
//! @@                           begins another place
//! ```

use crate::case::of_example;
use crate::expected::{here, matches};
use compiler::{Text, check, diff, plan, render};
use schema::plan::Plan;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Fewest changes: a corpus that is not found must not pass.
const FEWEST: usize = 35;

/// A change of a base strategy.
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

fn folder() -> PathBuf {
    here().join("tests/diffs")
}

/// The changes of a file.
fn changes(text: &str) -> Vec<Change> {
    let parts = text.split("=== ").skip(1);
    parts
        .map(|part| {
            let (head, body) = part.split_once('\n').unwrap();
            let (name, base) = head.split_once(' ').unwrap();
            let before = std::fs::read_to_string(folder().join("base").join(format!("{base}.kdl"))).unwrap();
            let mut after: Vec<String> = before.lines().map(str::to_owned).collect();
            for hunk in body.trim_end().split("\n@@\n") {
                patch(&mut after, hunk, name);
            }
            Change { name: name.to_owned(), before, after: after.join("\n") + "\n" }
        })
        .collect()
}

/// Replaces the one place that the lines of a hunk stand at, whatever their indent.
fn patch(lines: &mut Vec<String>, hunk: &str, name: &str) {
    let of = |signs: &[char]| -> Vec<&str> {
        hunk.lines().filter(|line| line.starts_with(signs)).map(|line| line[1..].trim()).collect()
    };
    let (old, new) = (of(&[' ', '-']), of(&[' ', '+']));
    let is_here =
        |at: &usize| old.iter().enumerate().all(|(n, line)| lines.get(at + n).is_some_and(|it| it.trim() == *line));
    let places: Vec<usize> = (0..lines.len()).filter(is_here).collect();
    assert_eq!(places.len(), 1, "{name}: the lines stand at {places:?}\n{hunk}");
    lines.splice(places[0]..places[0] + old.len(), new.into_iter().map(str::to_owned));
}

/// The plan of a text, with what the plugins of the examples say.
pub(crate) fn planned(text: &str, name: &str) -> Plan {
    let facts = of_example("03-enterprise-gfs");
    let checked = check(&[Text { name: "strategy.kdl".to_owned(), text: text.to_owned() }], &facts);
    let told: String = checked.diagnostics.iter().map(render::diagnostic).collect();
    let checked = checked.value.unwrap_or_else(|| panic!("{name} does not compile:\n{told}\n{text}"));
    plan(&checked, &facts, None).value.unwrap()
}

/// Every change of the corpus, by file.
pub(crate) fn corpus() -> Vec<(PathBuf, Vec<Change>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "diffs"));
    files.sort();
    let changes = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        let changes = changes(&text);
        (file, changes)
    };
    files.into_iter().map(changes).collect()
}

#[test]
fn changes_report_what_they_do_and_no_more() {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for (file, changes) in corpus() {
        let mut out = String::new();
        for change in changes {
            assert!(names.insert(change.name.clone()), "two changes are named {}", change.name);
            let diff = diff(&planned(&change.before, &change.name), &planned(&change.after, &change.name));
            let shown = render::diff::text(&diff, &render::diff::DiffOptions::default());
            out.push_str(&format!("=== {}\n{shown}\n", change.name));
        }
        wrong.extend(matches(&file.with_extension("txt"), &out).err());
    }
    assert!(names.len() >= FEWEST, "only {} changes", names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
