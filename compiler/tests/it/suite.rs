//! Every case below `tests/suite`: what is told of it, with the lines that it is told of, stands in a file beside it.

use crate::case::{cases, run};
use crate::expected::{here, matches};
use std::collections::BTreeSet;

/// Fewest cases: a suite that is not found must not pass.
const FEWEST: usize = 40;

#[test]
fn cases_say_what_they_are_expected_to() {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    let mut folders: Vec<_> =
        std::fs::read_dir(here().join("tests/suite")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "kdl")) {
            let mut out = String::new();
            for case in cases(&std::fs::read_to_string(file).unwrap()) {
                assert!(names.insert(case.name.clone()), "two cases are named {}", case.name);
                let told = run(&case);
                // A name that begins with a number says how many are told: no more, whatever `UPDATE` would accept.
                if let Some(count) = case.name.split('-').next().and_then(|number| number.parse::<usize>().ok()) {
                    assert_eq!(
                        told.lines().filter(|line| line.contains("]: ")).count(),
                        count,
                        "{}:\n{told}",
                        case.name
                    );
                }
                out.push_str(&format!("--- {}\n{told}\n", case.name));
            }
            wrong.extend(matches(&file.with_extension("txt"), &out).err());
        }
    }
    assert!(names.len() >= FEWEST, "only {} cases", names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
