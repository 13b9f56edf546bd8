//! The examples compile without a word, and their plans are as they were.

use crate::case::{facts, of_example};
use crate::expected::{here, matches, read};
use compiler::{Text, check, plan, render};

#[test]
fn plans_of_the_examples() {
    let mut folders: Vec<_> =
        std::fs::read_dir(here().join("../examples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("strategy.kdl").is_file());
    folders.sort();
    assert!(folders.len() >= 2);
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = Text { name: "strategy.kdl".to_owned(), text: read(&format!("examples/{name}/strategy.kdl")) };
        let facts = of_example(&name);
        let checked = check(&[text], &facts);
        let told: String = checked.diagnostics.iter().map(render::diagnostic).collect();
        assert_eq!(told, "", "a rule that fires on an example is the example's fault");
        let plan = plan(&checked.value.unwrap(), &facts, None).value.unwrap();
        let preview = render::Preview::default();
        matches(&folder.join("plan.txt"), &render::text(&plan, &preview)).unwrap();
        matches(&folder.join("plan.md"), &render::markdown(&plan, &preview)).unwrap();
        matches(&folder.join("plan.svg"), &render::svg(&plan, &preview)).unwrap();
        matches(&folder.join("plan.mmd"), &render::mermaid(&plan)).unwrap();
        matches(&here().join(format!("tests/fixtures/{name}.dot")), &render::dot(&plan)).unwrap();
    }
}

/// One strategy, once in one text and once in a folder with imports, values and templates.
#[test]
fn parts_make_the_plan_of_the_whole() {
    let folder = here().join("../examples/03-enterprise-gfs/parts");
    let facts = of_example("03-enterprise-gfs");
    let checked = check(&crate::places::texts(&folder), &facts);
    let told: String = checked.diagnostics.iter().map(render::diagnostic).collect();
    assert_eq!(told, "");
    let plan = plan(&checked.value.unwrap(), &facts, None).value.unwrap();
    let without_places = |text: &str| -> String {
        text.lines().map(|line| line.split(" (strategy.kdl:").next().unwrap().to_owned() + "\n").collect()
    };
    let shown = render::text(&plan, &render::Preview::default()).replace(" (sources.kdl:", " (strategy.kdl:");
    assert_eq!(without_places(&shown), without_places(&read("examples/03-enterprise-gfs/plan.txt")));
    assert_eq!(render::mermaid(&plan), read("examples/03-enterprise-gfs/plan.mmd"));
}

#[test]
fn text_with_a_time_shows_the_next_runs_in_the_zone_of_the_job() {
    let text = Text { name: "strategy.kdl".to_owned(), text: read("examples/01-quickstart/strategy.kdl") };
    let plan = plan(&check(&[text], &facts()).value.unwrap(), &facts(), None).value.unwrap();
    let at = Some("2026-11-22T12:00:00Z".parse().unwrap());
    let shown = render::text(&plan, &render::Preview { at, ..render::Preview::default() });
    let line = shown.lines().find(|line| line.contains("next:")).unwrap();
    assert_eq!(line, "  next: Mon 2026-11-23 03:30 +01:00, Tue 2026-11-24 03:30 +01:00, Wed 2026-11-25 03:30 +01:00");
}
