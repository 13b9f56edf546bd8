//! What is shown before anything runs: parts of a plan, its pages, its figures, and a time played.

use crate::space::Space;

#[test]
fn only_what_is_asked_for_is_shown() {
    let space = Space::quickstart();
    let told = space.run("plan --only offsite").expect(0).out;
    assert!(told.contains("transfer/notes/offsite") && !told.contains("backup/notes/local"), "{told}");
    assert!(told.contains("hidden: 3 of 5 steps"), "{told}");
    space.run("plan --only attic").expect(2).says("nothing in the plan belongs to `attic`");
}

#[test]
fn pages_hold_the_plan() {
    let space = Space::quickstart();
    let page = space.run("plan --format html").expect(0).out;
    assert!(page.starts_with("<!doctype html>") && page.contains("backup/notes/local"), "{page}");
    let drawing = space.run("plan --format svg").expect(0).out;
    assert!(drawing.starts_with("<svg") && drawing.trim_end().ends_with("</svg>"), "{drawing}");
    let comment = space.run("plan --format markdown").expect(0).out;
    assert!(comment.contains("<details>") && comment.contains("backup/notes/local"), "{comment}");
}

#[test]
fn figures_come_with_their_sums() {
    let space = Space::quickstart();
    let told = space.run("explain notes").expect(0).out;
    assert!(told.contains("longest wait") && told.contains("Assumed"), "{told}");
    assert!(space.run("explain nightly").expect(0).out.contains("Time from its start to its end"));
    assert!(space.run("explain offsite").expect(0).out.contains("After a year"));
    space.run("explain attic").expect(2).says("name-unknown");
    space.edit("to=\"local\"", "to=\"locl\"");
    space.run("explain notes").expect(2).says("no store is named `locl`");
}

#[test]
fn what_ran_is_reckoned_with() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    let assumed = space.run("plan --verbose").expect(0).out;
    let measured = space.run("plan --verbose --refresh").expect(0).out;
    for figure in ["bytes of all files", "bytes of files that are archived in a second"] {
        assert!(assumed.contains(figure), "{assumed}");
    }
    assert!(!measured.contains("bytes of all files"), "{measured}");
}

/// What a transfer and a check took is kept with the copy, and is what they are reckoned with from then on.
#[test]
fn transfers_and_checks_are_timed() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    let manifests = space.ending("backups/offsite", "manifest.json");
    assert!(!manifests.is_empty() && manifests.iter().all(|path| read(path).contains("\"moved\": ")));
    let first = space.ending("backups/local", "manifest.json");
    assert!(!first.is_empty() && first.iter().all(|path| !read(path).contains("\"moved\": ")));
    let rates = |asked: &str| -> Vec<String> {
        let plan: serde_json::Value = serde_json::from_str(&space.run(asked).expect(0).out).unwrap();
        let terms = plan["forecast"]["jobs"][0]["duration"]["terms"].as_array().unwrap().clone();
        let told = terms.iter().map(|term| term["what"].as_str().unwrap().to_owned());
        told.filter(|what| what.starts_with("digests of") || what.starts_with("transfer of")).collect()
    };
    let is_assumed = |what: &String| what.ends_with(" at 150 MiB/s") || what.ends_with(" at 80 MiB/s");
    let (assumed, measured) = (rates("plan --format json"), rates("plan --format json --refresh"));
    assert!(assumed.len() > 2 && assumed.iter().all(is_assumed), "{assumed:?}");
    assert!(measured.len() > 2 && !measured.iter().any(is_assumed), "{measured:?}");
}

#[test]
fn a_time_is_played() {
    let space = Space::quickstart();
    let at = "--at 2026-11-22T00:00:00Z";
    let told = space.run(&format!("simulate --for 30d {at} --fail site=desk@2026-12-01T00:00:00Z")).expect(0).out;
    assert!(told.contains("When site desk is lost") && told.contains("in offsite"), "{told}");
    let json = space.run(&format!("simulate --for 30d {at} --format json")).expect(0).out;
    let played: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(played["histories"][0]["points"].as_array().unwrap().len(), 30, "{json}");
    assert!(space.run(&format!("simulate --for 30d {at} --format svg")).expect(0).out.starts_with("<svg"));
    space.run("plan --out plan.json").expect(0);
    assert_eq!(space.run(&format!("simulate plan.json --for 30d {at} --format json")).expect(0).out, json);
    space.run("simulate --for soon").expect(2).says("is no time");
    space.run("simulate --fail site=attic").expect(2).says("`cellar`, `desk`");
    space.run("simulate --fail planet=mars").expect(2).says("is none of host, zone");
}
