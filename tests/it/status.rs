//! How backups stand, by cases that are written down, and by the real binary in a folder of its own.

use crate::drill::flip;
use crate::space::{Space, top};
use compiler::render::standing;
use jiff::Timestamp;
use runtime::journal::Ran;
use runtime::report::{Due, Seen};
use schema::fact::{PluginManifest, StoredArtifact};
use schema::manifest::{DrillFacts, LaterFact};
use schema::plan::Plan;
use schema::status::{Status, Verdict};
use std::fs;

/// What a case says that was found.
#[derive(Default)]
struct Case {
    name: String,
    now: Timestamp,
    seen: Seen,
    due: Vec<Due>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut out: Vec<Case> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.trim_start_matches("// ").split(' ').collect();
        if let ["---", name] = words.as_slice() {
            out.push(Case { name: (*name).to_owned(), ..Case::default() });
            continue;
        }
        directive(out.last_mut().unwrap(), &words);
    }
    out
}

fn directive(case: &mut Case, words: &[&str]) {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let owned = |text: &str| text.to_owned();
    match words {
        ["now", time] => case.now = at(time),
        ["remembered", time] => case.seen.remembered = Some(at(time)),
        ["away", store] => case.seen.unreachable.push((owned(store), "no such directory".to_owned())),
        ["artifact", store, source, database, id, taken, more @ ..] => case.seen.artifacts.push(StoredArtifact {
            store: owned(store),
            source: owned(source),
            database: owned(database),
            id: owned(id),
            manifest: format!("blake3:{id}"),
            taken: owned(taken),
            size: 4096,
            verified: more.is_empty(),
            damaged: more.contains(&"damaged"),
            parent: None,
            locked_until: None,
            took: None,
            tombstone: None,
            moved: None,
            checked: None,
            inspected: None,
            drilled: None,
            transaction: None,
            engine: String::new(),
        }),
        ["fact", store, id, with, ok, time, more @ ..] => {
            let load = more.first().map(|took| took.parse().unwrap());
            let fact = LaterFact {
                format: 1,
                id: owned(id),
                with: owned(with),
                ok: *ok == "ok",
                at: owned(time),
                run: "r-1".to_owned(),
                detail: "what was found".to_owned(),
                until: None,
                took: None,
                drill: load.map(|load| DrillFacts { load, ..DrillFacts::default() }),
                transaction: None,
            };
            case.seen.facts.push((owned(store), fact));
        }
        ["run", job, started, outcome] => case.seen.runs.push(Ran {
            run: format!("r-{}", case.seen.runs.len() + 1),
            job: owned(job),
            started: owned(started),
            ended: owned(started),
            outcome: serde_json::from_value((*outcome).into()).ok(),
        }),
        ["due", job, past @ ..] => {
            let past = past.iter().map(|time| at(time)).collect();
            case.due.push(Due { job: owned(job), past, next: None });
        }
        ["next", job, time] => {
            case.due.iter_mut().find(|due| due.job == *job).unwrap().next = Some(at(time));
        }
        other => panic!("{other:?}"),
    }
}

fn plan() -> Plan {
    let text = fs::read_to_string(top().join("tests/status/strategy.kdl")).unwrap();
    let texts = [compiler::Text { name: "strategy.kdl".to_owned(), text }];
    let plugin =
        |it: runtime::plugin::Bundled| PluginManifest { name: it.name.to_owned(), text: it.manifest.to_owned() };
    let plugins = runtime::plugin::bundled().into_iter().map(plugin).collect();
    let facts = compiler::Facts { plugins, ..compiler::Facts::default() };
    let checked = compiler::check(&texts, &facts);
    checked.value.unwrap_or_else(|| panic!("{:?}", checked.diagnostics)).into_plan().value.unwrap()
}

fn judged(plan: &Plan, case: &Case) -> Status {
    runtime::report::status(plan, &case.seen, &case.due, case.now)
}

#[track_caller]
fn is_as_written(name: &str, actual: &str) {
    let path = top().join("tests/status").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "tests/status/{name} is another: UPDATE=1 rewrites it\n{actual}");
}

#[test]
fn cases_are_told_as_written() {
    let plan = plan();
    let text = fs::read_to_string(top().join("tests/status/cases.kdl")).unwrap();
    let mut out = String::new();
    for case in cases(&text) {
        let status = judged(&plan, &case);
        out.push_str(&format!("--- {}\n{}\n", case.name, standing::status(&status)));
        if case.name == "green" {
            assert_eq!(status.verdict, Verdict::Fine);
            is_as_written("green.prom", &standing::prometheus(&status));
            let from = "2026-11-01T00:00:00Z".parse().unwrap();
            let evidence = runtime::report::evidence(&plan, &case.seen, status, "here", from, case.now);
            is_as_written("green.report.txt", &standing::report(&evidence));
            is_as_written("green.report.html", &standing::page(&evidence));
        }
    }
    is_as_written("cases.txt", &out);
}

#[test]
fn the_binary_tells_it_by_its_exit_code() {
    let space = Space::quickstart();
    space.run("status").expect(7);
    space.run("run").expect(0);
    let fine = space.run("status").expect(0);
    assert!(fine.out.contains("All is as promised."), "{}", fine.out);
    let offline = space.run("status --offline").expect(0);
    assert!(offline.out.contains("the stores were not asked"), "{}", offline.out);
    let json = space.run("status --format json").expect(0).out;
    let status: Status = serde_json::from_str(&json).unwrap();
    assert_eq!(status.databases[0].spread.copies, 3);
    assert!(status.jobs[0].next.is_some() && status.jobs[0].missed.is_empty());
    assert!(space.run("status --format prometheus").expect(0).out.contains("backstay_copies{source=\"notes\""));
    let page = space.run("report --format html").expect(0).out;
    assert!(page.contains("<!doctype html>") && page.contains("journal of"), "{page}");

    // One store away cannot be told; a damaged copy is missed, whatever else there is.
    fs::rename(space.path("backups/offsite"), space.path("backups/away")).unwrap();
    space.run("status").expect(1);
    fs::rename(space.path("backups/away"), space.path("backups/offsite")).unwrap();
    flip(&space, "backups/offsite");
    space.run("verify").expect(1);
    let red = space.run("status").expect(7);
    assert!(red.out.contains("copy-damaged"), "{}", red.out);
    // And a run that failed is not fine.
    let space = Space::quickstart();
    space.run("run").expect(0);
    fs::rename(space.path("data"), space.path("gone")).unwrap();
    space.run("run").expect(1);
    let red = space.run("status").expect(7);
    assert!(red.out.contains("run-failed"), "{}", red.out);
}
