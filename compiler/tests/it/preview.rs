//! Every strategy below `tests/preview` with facts in comment lines at its head; what a reader sees of its plan stands
//! beside it. Besides the directives of a case:
//!
//! ```text
//! // at TIME | only PATTERN | verbose
//! // databases SOURCE NAME COUNT                  NAME-0001 and on, and system
//! // verdict STORE SOURCE DATABASE ID TAKEN SIZE keep|delete REASON[; REASON]…
//! // drift STORE SOURCE DATABASE ID WHAT
//! // shows text markdown html svg                 what is compared
//! ```

use crate::case::cases;
use crate::expected::{here, matches};
use compiler::{check, plan, render};
use schema::fact::{Drift, Inventory};
use schema::retain::Verdict;

#[derive(Default)]
pub(crate) struct Asked {
    at: Option<jiff::Timestamp>,
    only: Option<String>,
    verbose: bool,
    verdicts: Vec<Verdict>,
    drift: Vec<Drift>,
    inventory: Vec<Inventory>,
    shows: Vec<String>,
}

impl Asked {
    pub(crate) fn preview(&self) -> render::Preview<'_> {
        let only = self.only.as_deref();
        render::Preview { at: self.at, verdicts: &self.verdicts, drift: &self.drift, verbose: self.verbose, only }
    }

    /// Takes a line, or gives it back.
    fn line<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let words: Vec<&str> = line.trim_start_matches("// ").split(' ').collect();
        match words.as_slice() {
            _ if !line.starts_with("// ") => return Some(line),
            ["at", time] => self.at = Some(time.parse().unwrap()),
            ["only", pattern] => self.only = Some((*pattern).to_owned()),
            ["verbose"] => self.verbose = true,
            ["databases", source, name, count] => {
                let count: usize = count.parse().unwrap();
                let mut databases: Vec<String> = (1..=count).map(|at| format!("{name}-{at:04}")).collect();
                databases.push("system".to_owned());
                self.inventory.push(Inventory { source: (*source).to_owned(), databases });
            }
            ["verdict", store, source, database, id, taken, size, keep, reasons @ ..] => self.verdicts.push(Verdict {
                store: (*store).to_owned(),
                source: (*source).to_owned(),
                database: (*database).to_owned(),
                id: (*id).to_owned(),
                manifest: format!("blake3:{id}"),
                taken: (*taken).to_owned(),
                size: size.parse().unwrap(),
                keep: *keep == "keep",
                reasons: reasons.join(" ").split("; ").map(str::to_owned).collect(),
            }),
            ["drift", store, source, database, id, what @ ..] => self.drift.push(Drift {
                store: (*store).to_owned(),
                source: (*source).to_owned(),
                database: (*database).to_owned(),
                id: (*id).to_owned(),
                what: what.join(" "),
            }),
            ["shows", shows @ ..] => self.shows = shows.iter().map(|word| (*word).to_owned()).collect(),
            _ => return Some(line),
        }
        None
    }
}

/// The plan of a file, and what is asked about it.
pub(crate) fn read(text: &str) -> (schema::plan::Plan, Asked) {
    let mut asked = Asked::default();
    let kept: Vec<&str> = text.lines().filter_map(|line| asked.line(line)).collect();
    let case = cases(&format!("// --- {}\n{}\n", "preview", kept.join("\n"))).remove(0);
    let text = compiler::Text { name: "strategy.kdl".to_owned(), text: case.text };
    let mut facts = case.facts;
    facts.inventory.extend(asked.inventory.clone());
    let checked = check(&[text], &facts);
    let told: String = checked.diagnostics.iter().map(render::diagnostic).collect();
    (plan(&checked.value.unwrap_or_else(|| panic!("{told}")), &facts, None).value.unwrap(), asked)
}

#[test]
fn previews_are_as_they_were() {
    let mut files: Vec<_> =
        std::fs::read_dir(here().join("tests/preview")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "kdl"));
    files.sort();
    assert!(files.len() >= 4);
    let mut wrong = Vec::new();
    for file in files {
        let (plan, asked) = read(&std::fs::read_to_string(&file).unwrap());
        assert!(!asked.shows.is_empty(), "{}", file.display());
        for shows in &asked.shows {
            let (extension, shown) = match shows.as_str() {
                "text" => ("txt", render::text(&plan, &asked.preview())),
                "svg" => ("svg", render::svg(&plan, &asked.preview())),
                other => panic!("{other}"),
            };
            wrong.extend(matches(&file.with_extension(extension), &shown).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
