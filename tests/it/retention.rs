//! What goes from a store, when, and what never does: prunes on a real store, killed at every place where they could be.

use crate::space::{Space, noise};
use std::fs;

/// Files in two stores; in the first the newest is to be kept, and `tidy` prunes it.
fn pruned(tidy: &str) -> Space {
    let space = Space::quickstart();
    let rules = format!("    keep in=\"local\" {{ last 1; }}\n    job \"tidy\" {{ prune \"local\"{tidy}; }}\n");
    space.edit("    job \"nightly\"", &format!("{rules}    job \"nightly\""));
    space
}

/// The same, backed up three times.
fn three() -> Space {
    backed_up(pruned(""))
}

/// Bytes go with the prune that marks them.
fn three_at_once() -> Space {
    backed_up(pruned(" safety-age=\"0s\""))
}

fn backed_up(space: Space) -> Space {
    for _ in 0..3 {
        space.run("run --job nightly").expect(0);
    }
    space
}

fn count(space: &Space, end: &str) -> usize {
    space.ending("backups/local", end).len()
}

/// No manifest in the store is without its bytes.
#[track_caller]
fn is_sound(space: &Space) {
    for manifest in space.ending("backups/local", "/manifest.json") {
        let read: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        let file = read["artifact"]["file"].as_str().unwrap();
        let bytes = manifest.parent().unwrap().join(read["attempt"].as_str().unwrap()).join(file);
        assert_eq!(fs::metadata(bytes).unwrap().len(), read["artifact"]["size"].as_u64().unwrap());
    }
}

/// Ids in the store, oldest first.
fn ids(space: &Space) -> Vec<String> {
    let listed = space.run("catalog list --format json").expect(0).out;
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    let local = listed.iter().filter(|copy| copy["store"] == "local");
    local.map(|copy| copy["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_preview_touches_nothing_and_shows_what_would_go() {
    let space = three();
    let before = space.files("backups/local");
    let told = space.run("prune").expect(0).says("Nothing was touched");
    assert!(told.out.contains("Deletions") && told.out.contains("last 1: as many newer ones are kept"), "{}", told.out);
    assert_eq!(space.files("backups/local"), before);
    space.run("prune offsite").expect(2).says("prune-without-keep");
    space.run("prune nowhere").expect(2).says("no store is named `nowhere`");
}

#[test]
fn first_a_mark_then_the_bytes_and_the_last_good_one_never() {
    let space = three();
    space.run("prune --confirm").expect(0);
    assert_eq!((count(&space, "/manifest.json"), count(&space, "/tombstone.json")), (3, 2));
    // What is marked is no copy to restore from, and not judged again.
    let known = ids(&space);
    let restore = |id: &str| space.run(&format!("restore notes --from local --into back {id}"));
    assert!(restore("").expect(0).out.contains(&known[2][..8]));
    fs::rename(space.path("backups/local/quickstart/notes/files").join(&known[2]), space.path("aside")).unwrap();
    restore("").expect(2).says("nothing-to-restore");
    restore(&format!("--artifact {}", known[0])).expect(0);
    fs::rename(space.path("aside"), space.path("backups/local/quickstart/notes/files").join(&known[2])).unwrap();
    assert!(!space.run("prune").expect(0).says("is marked to go since").out.contains("2 of"));
    space.run("prune --confirm --format json").expect(0);
    assert_eq!(count(&space, "/manifest.json"), 3);
    space.run("prune --confirm --safety-age 0s").expect(0);
    space.holds("backups/local", 1);
    space.run("prune --confirm --safety-age 0s").expect(0);
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 3);
    assert_eq!(ids(&space).len(), 1);
    space.run("verify").expect(0);
    space.run("restore notes --into back --confirm").expect(0);
}

#[test]
fn a_mark_can_be_taken_back() {
    let space = three();
    let oldest = ids(&space).remove(0);
    space.run("prune --confirm").expect(0);
    space.run(&format!("prune --revive {oldest}")).expect(0).says("it stays");
    assert_eq!(count(&space, "/tombstone.json"), 1);
    space.run(&format!("prune --revive {oldest}")).expect(0).says("it is not marked to go");
    space.run("prune --revive ffffnothing").expect(1).says("artifact-unknown");
}

/// A killed prune leaves every manifest with its bytes, and the next one ends what it began.
#[test]
fn killed_anywhere_it_is_gone_on_with() {
    for fault in [
        "before-lease",
        "after-lease",
        "before-tombstone",
        "after-tombstone",
        "before-manifest-removal",
        "after-manifest-removal",
        "in-removal",
        "before-tombstone-removal",
        "after-tombstone-removal",
        "before-lease-end",
    ] {
        let space = three();
        space.run_until(fault, "prune --confirm --safety-age 0s").expect(137);
        is_sound(&space);
        space.run("catalog rebuild").expect(0);
        space.run("verify").expect(0);
        space.run("prune --confirm --safety-age 0s").expect(0);
        space.holds("backups/local", 1);
        space.holds("backups/offsite", 3);
    }
}

#[test]
fn what_no_manifest_names_goes_only_when_it_is_old() {
    let space = pruned("");
    space.run("run --job nightly").expect(0);
    space.run_until("before-manifest", "run --job nightly").expect(137);
    fs::remove_dir_all(space.path(".backstay")).unwrap();
    assert_eq!(count(&space, ".tar"), 2);
    let told = space.run("prune --confirm --format json").expect(0).out;
    assert!(told.contains("1 left-overs wait"), "{told}");
    assert_eq!(
        (count(&space, ".tar"), space.files("backups/local").iter().any(|name| name.contains("/swept/"))),
        (2, true)
    );
    for fault in ["before-sweep", "after-sweep"] {
        space.run_until(fault, "prune --confirm --safety-age 0s").expect(137);
    }
    space.run("prune --confirm --safety-age 0s").expect(0);
    space.holds("backups/local", 1);
}

#[test]
fn what_a_lost_machine_was_sending_goes_only_when_it_is_old() {
    let space = pruned("");
    space.run("run --job nightly").expect(0);
    space.run_until("in-upload", "run --job nightly").expect(137);
    fs::remove_dir_all(space.path(".backstay")).unwrap();
    assert_eq!(count(&space, ".part"), 1);
    space.run("catalog rebuild").expect(0);
    let told = space.run("catalog check").expect(0);
    assert!(
        format!("{}{}", told.out, told.err).contains("began to send and did not end it"),
        "{}{}",
        told.out,
        told.err
    );
    let told = space.run("prune --confirm --format json").expect(0).out;
    assert!(told.contains("1 left-overs wait"), "{told}");
    assert_eq!(count(&space, ".part"), 1);
    for fault in ["before-sweep", "after-sweep"] {
        space.run_until(fault, "prune --confirm --safety-age 0s").expect(137);
    }
    space.run("prune --confirm --safety-age 0s").expect(0);
    assert_eq!(count(&space, ".part"), 0);
    space.holds("backups/local", 1);
    let told = space.run("catalog check").expect(0);
    assert!(!format!("{}{}", told.out, told.err).contains("left-over"), "{}{}", told.out, told.err);
}

#[test]
fn after_a_degraded_backup_nothing_goes() {
    let space = three();
    space.edit("transfer from", "prune \"local\" safety-age=\"0s\"\n        transfer from");
    fs::remove_file(space.path("data/two/three.bin")).unwrap();
    let report = space.run("run --job nightly --format json").expect(6).out;
    assert!(report.contains("not tried, because of nightly/backup/notes/local"), "{report}");
    assert_eq!((count(&space, "/manifest.json"), count(&space, "/tombstone.json")), (4, 0));
    // What is usual is not changed by one that collapsed; once the tree is as it was, the next one is believed.
    space.write("data/two/three.bin", &noise(300_000));
    space.run("run --job nightly").expect(0);
    // What this run made lets nothing go: of the four before it, one stays beside its own.
    space.holds("backups/local", 2);
}

#[test]
fn after_a_failed_check_nothing_goes() {
    let space = three();
    space.edit("transfer from", "prune \"local\" safety-age=\"0s\"\n        transfer from");
    // Damage what the resumed run has just published.
    space.run_until("after-manifest", "run --job nightly").expect(137);
    let newest = space
        .ending("backups/local", ".tar")
        .into_iter()
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    let newest = newest.unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    bytes[100] ^= 1;
    fs::write(&newest, bytes).unwrap();
    space.run("run --job nightly").expect(1).says("artifact-damaged");
    assert_eq!((count(&space, "/manifest.json"), count(&space, "/tombstone.json")), (4, 0));
}

/// The plan of a run that prunes names what the stores held: what the run itself adds does not make it another plan.
#[test]
fn a_job_that_prunes_is_resumed() {
    let space = three();
    space.edit("transfer from", "prune \"local\" safety-age=\"0s\"\n        transfer from");
    for fault in ["after-manifest", "after-tombstone", "after-manifest-removal"] {
        space.run_until(fault, "run --job nightly").expect(137);
        is_sound(&space);
    }
    space.run("run --job nightly").expect(0).says("resumed");
    space.holds("backups/local", 2);
}

#[test]
fn a_lock_is_heeded_and_never_made_shorter() {
    let space = three_at_once();
    let oldest = ids(&space).remove(0);
    let lock = |until: &str| space.run(&format!("lock {oldest} --store local --until {until}"));
    lock("2001-01-01T00:00:00Z").expect(1).says("lock-in-the-past");
    // A plan from before the lock names the copy; the look before the deletion sees it.
    space.run("plan --refresh --out plan.json").expect(0);
    lock("2090-01-01T00:00:00Z").expect(0).says("locked until 2090-01-01T00:00:00Z, heeded by every Backstay");
    lock("2080-01-01T00:00:00Z").expect(0).says("no lock is made shorter");
    let report = space.run("run plan.json --job tidy --format json").expect(6).out;
    assert!(report.contains(&format!("{oldest} stays: locked until 2090-01-01T00:00:00Z")), "{report}");
    space.holds("backups/local", 2);
    // A new plan does not name it.
    let told = space.run("prune --verbose").expect(0).out;
    assert!(told.contains("locked until 2090-01-01T00:00:00Z"), "{told}");
    space.run("prune --confirm --safety-age 0s").expect(0);
    space.holds("backups/local", 2);
    let listed = space.run("catalog list --format json").expect(0).out;
    assert!(listed.contains("2090-01-01T00:00:00Z"), "{listed}");
}

/// A plan that names everything, by mistake or malice.
#[test]
fn a_plan_that_asks_for_all_does_not_get_the_last() {
    let space = three_at_once();
    space.run("plan --refresh --out plan.json").expect(0);
    let mut plan: serde_json::Value = serde_json::from_slice(&fs::read(space.path("plan.json")).unwrap()).unwrap();
    let listed: Vec<serde_json::Value> =
        serde_json::from_str(&space.run("catalog list --format json").expect(0).out).unwrap();
    let steps = plan["steps"].as_array_mut().unwrap();
    let prune = steps.iter_mut().find(|step| step["action"]["do"] == "prune").unwrap();
    let all = listed.iter().filter(|copy| copy["store"] == "local").map(|copy| {
        let mut deletion = copy.clone();
        deletion["reasons"] = serde_json::json!(["because"]);
        deletion
    });
    prune["action"]["deletes"] = all.collect();
    space.write("plan.json", plan.to_string().as_bytes());
    let report = space.run("run plan.json --job tidy --format json").expect(6).out;
    assert!(report.contains("nothing else that is good is there"), "{report}");
    space.holds("backups/local", 1);
    space.run("verify --store local").expect(0);
}

/// A plan from before something changed is refused copy by copy.
#[test]
fn what_has_moved_since_the_plan_stays() {
    let space = three_at_once();
    space.run("plan --refresh --out plan.json").expect(0);
    let text = fs::read_to_string(space.path("plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let step = plan["steps"].as_array().unwrap().iter().find(|step| step["action"]["do"] == "prune").unwrap();
    let digest = step["action"]["deletes"][0]["manifest"].as_str().unwrap();
    space.write("plan.json", text.replace(digest, &format!("blake3:{}", "0".repeat(64))).as_bytes());
    let report = space.run("run plan.json --job tidy --format json").expect(6).out;
    assert!(report.contains("its manifest is not the one that the plan was made with"), "{report}");
    space.holds("backups/local", 2);
}

/// Only what was verified counts: where nothing was, nothing goes.
#[test]
fn where_nothing_is_verified_nothing_goes() {
    let space = pruned(" safety-age=\"0s\"");
    space.edit("verify \"notes\" with=\"digest\"", "");
    for _ in 0..3 {
        space.run("run --job nightly").expect(0);
    }
    space.run("run --job tidy").expect(0);
    space.holds("backups/local", 3);
}

/// Two machines that share a store: one prunes, the other says who does. What a dead one held runs out, or is taken up again.
#[test]
fn one_at_a_time_prunes_a_store() {
    let space = three();
    space.run_until("after-lease", "prune --confirm --safety-age 0s").expect(137);
    let other = space.run("prune --state other --confirm --safety-age 0s").expect(1).says("lease-held");
    assert!(other.err.contains("until "), "{}", other.err);
    space.holds("backups/local", 3);
    let mut leases = space.ending("backups/local", ".json").into_iter();
    let lease = leases.rfind(|path| path.to_string_lossy().contains("/lease/prune/")).unwrap();
    // The lease of the dead one runs out.
    let text = fs::read_to_string(&lease).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["until"] = "2020-01-01T00:00:00Z".into();
    fs::write(&lease, document.to_string()).unwrap();
    space.run("prune --state other --confirm --safety-age 0s").expect(0);
    space.holds("backups/local", 1);
    let epoch = |path: &std::path::Path| -> u64 {
        serde_json::from_slice::<serde_json::Value>(&fs::read(path).unwrap()).unwrap()["epoch"].as_u64().unwrap()
    };
    let newest = space.ending("backups/local", ".json").into_iter();
    let newest = newest.filter(|path| path.to_string_lossy().contains("/lease/prune/")).collect::<Vec<_>>();
    assert_eq!(newest.len(), 1, "{newest:?}");
    assert!(epoch(&newest[0]) > document["epoch"].as_u64().unwrap());
    space.run("prune --confirm --safety-age 0s").expect(0);
}
