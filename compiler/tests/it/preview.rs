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
                self.inventory.push(Inventory { source: (*source).to_owned(), databases, virtuals: Vec::new() });
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
                "markdown" => ("md", render::markdown(&plan, &asked.preview())),
                "html" => ("html", render::html(&plan, &asked.preview())),
                other => panic!("{other}"),
            };
            wrong.extend(matches(&file.with_extension(extension), &shown).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The plan of a file, and as many deletions as nobody would read.
fn great() -> (schema::plan::Plan, Vec<Verdict>) {
    let text = std::fs::read_to_string(here().join("tests/preview/great.kdl")).unwrap();
    let (plan, _) = read(&text);
    let verdict = |at: usize| Verdict {
        store: "vault".to_owned(),
        source: "graph".to_owned(),
        database: format!("orders-{:04}", at % 100),
        id: format!("{at:08x}"),
        manifest: format!("blake3:{at:08x}"),
        taken: "2026-10-01T01:00:00Z".to_owned(),
        size: 1 << 30,
        keep: false,
        reasons: vec!["no rule keeps it".to_owned()],
    };
    (plan, (0..5_000).map(verdict).collect())
}

#[test]
fn a_page_of_a_great_plan_fits_and_names_what_it_leaves_out() {
    let (plan, verdicts) = great();
    let preview = render::Preview { verdicts: &verdicts, verbose: true, ..render::Preview::default() };
    let page = render::markdown(&plan, &preview);
    assert!(page.len() <= render::markdown::MOST, "{} bytes", page.len());
    assert!(page.contains("5000 of 5000 copies would go, 4.8 TiB in all; 0 stay."), "{}", &page[..2_000]);
    assert!(page.contains("The 5000 lines of this table do not fit here."));
    let last = page.lines().last().unwrap();
    assert!(last.starts_with("> Not shown in full") && last.ends_with("shows all."), "{last}");
    // In the text every one of them has its line.
    let text = render::text(&plan, &render::Preview { verbose: false, ..preview });
    assert_eq!(text.lines().filter(|line| line.starts_with("  − vault")).count(), 5_000);
}

#[test]
fn a_drawing_of_a_great_plan_has_few_boxes() {
    let (mut plan, _) = great();
    let boxes = |plan: &schema::plan::Plan| {
        let svg = render::svg(plan, &render::Preview::default());
        assert_eq!(svg.matches("<g>").count(), svg.matches("</g>").count());
        (svg.matches("<g>").count(), svg)
    };
    let (count, svg) = boxes(&plan);
    assert!(count < 20 && svg.contains("911 steps in 12 boxes"), "{count}");
    // A hundred jobs with steps that are all different.
    for (at, step) in plan.steps.iter_mut().enumerate() {
        step.needs.clear();
        step.job = format!("job-{}", at % 100);
        step.address.0 = format!("{}/backup/graph:db-{at}/vault-{at}", step.job);
    }
    let (count, svg) = boxes(&plan);
    assert!(count <= 300 && svg.contains(" jobs are not drawn"), "{count}");
}

/// What a reader chose is shown, and the rest is counted.
#[test]
fn patterns_cover_names() {
    for (pattern, name, covered) in [
        ("orders", "orders", true),
        ("Orders", "oRDERS", true),
        ("orders", "orders-1", false),
        ("orders-*", "orders-0017", true),
        ("*17", "orders-0017", true),
        ("o*-00?7", "orders-0017", true),
        ("o*-00?7", "orders-0117", false),
        ("**", "", true),
        ("", "a", false),
        ("*a*b*c*", "xaxbxcx", true),
        ("*a*b*c*", "xaxcxbx", false),
    ] {
        assert_eq!(compiler::model::glob_covers(pattern, name), covered, "{pattern} over {name}");
    }
}

#[test]
fn a_requirement_that_is_not_met_is_told_and_many_findings_are_folded() {
    let text = std::fs::read_to_string(here().join("tests/preview/deletions.kdl")).unwrap();
    let (mut plan, _) = read(&text);
    let finding = |code: &str, message: &str| schema::plan::Finding {
        code: code.to_owned(),
        level: schema::plan::Level::Warn,
        message: message.to_owned(),
        origin: plan.requirements[0].origin.clone(),
    };
    let unmet = finding("policy-not-met", "`notes` has 2 of 3 copies");
    let many = (0..9).map(|at| finding("unverified-copy", &format!("`d{at}` is not verified"))).collect::<Vec<_>>();
    plan.findings.push(unmet);
    plan.findings.extend(many);
    let shown = |verbose| render::text(&plan, &render::Preview { verbose, ..render::Preview::default() });
    let folded = shown(false);
    assert!(folded.contains("copies at least 3  not met: `notes` has 2 of 3 copies\n"), "{folded}");
    assert!(folded.contains("`d0` is not verified … and 8 more like this (") && !folded.contains("`d1`"), "{folded}");
    assert!(shown(true).contains("`d8` is not verified ("));
    let page = render::markdown(&plan, &render::Preview::default());
    assert!(page.contains("### Policy\n") && page.contains("not met: `notes` has 2 of 3 copies |"), "{page}");
}

/// Whatever a strategy says, a page holds no program and asks nobody for anything.
#[test]
fn pages_stand_alone() {
    for name in ["deletions", "great"] {
        let (plan, asked) = read(&std::fs::read_to_string(here().join(format!("tests/preview/{name}.kdl"))).unwrap());
        for page in [render::html(&plan, &asked.preview()), render::svg(&plan, &asked.preview())] {
            for word in ["<script", "<link", "<iframe", "<b>", " src=", " href=", "@import", "javascript:"] {
                assert!(!page.contains(word), "{name}: {word}");
            }
            assert_eq!(page.matches("url(").count(), page.matches("url(#g-arrow)").count(), "{name}");
        }
    }
}
