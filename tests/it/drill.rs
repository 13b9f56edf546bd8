//! Drills: a copy comes back into a target, is looked at, and is gone again; what was found stands beside the copy.

use crate::faults::wait_for;
use crate::neo4j::{Graph, xtask};
use crate::space::{Space, noise};
use serde_json::Value;
use std::fs;

/// The first example with a target, and a drill of what is in the second store.
fn drilled() -> Space {
    let space = Space::quickstart();
    space.edit(
        "job \"nightly\" {",
        "target \"scratch\" engine=\"files\" { directory \"scratch\" }\n    \
         job \"drill\" { restore \"notes\" from=\"offsite\" into=\"scratch\" }\n    job \"nightly\" {",
    );
    space.run("run --job nightly").expect(0);
    space
}

/// The facts that drills wrote in a store.
fn facts(space: &Space, store: &str) -> Vec<Value> {
    let files = space.ending(store, ".json");
    let drills = files.iter().filter(|path| path.to_string_lossy().contains("/facts/drill-"));
    drills.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

/// Whether nothing that a drill made is left in the target.
fn is_clean(space: &Space) -> bool {
    fs::read_dir(space.path("scratch")).into_iter().flatten().count() == 0
}

#[test]
fn a_copy_comes_back_and_what_was_found_is_kept() {
    let space = drilled();
    let ran = space.run("run --job drill").expect(0);
    assert!(ran.err.contains("5 entries"), "{}", ran.err);
    assert!(is_clean(&space));
    let facts = facts(&space, "backups/offsite");
    let [fact] = facts.as_slice() else { panic!("{facts:#?}") };
    assert_eq!((&fact["ok"], &fact["with"]), (&Value::Bool(true), &Value::from("drill")));
    let drill = &fact["drill"];
    assert_eq!((&drill["store"], &drill["target"]), (&Value::from("offsite"), &Value::from("scratch")));
    assert_eq!(drill["entries"], 5);
    assert!(drill["size"].as_u64().unwrap() > 300_000 && drill["tool"].as_str().unwrap().starts_with("backstay "));
    for time in ["fetch", "load", "check", "queries"] {
        assert!(drill[time].is_u64(), "{time}: {drill}");
    }
    assert!(self::facts(&space, "backups/local").is_empty());
    space.run("run --job drill").expect(0);
    assert_eq!(self::facts(&space, "backups/offsite").len(), 2);
}

#[test]
fn a_damaged_copy_fails_and_is_the_last_that_a_restore_tries() {
    let space = drilled();
    flip(&space, "backups/offsite");
    space.run("run --job drill").expect(1).says("artifact-damaged").says("store `offsite`");
    assert!(is_clean(&space));
    let facts = facts(&space, "backups/offsite");
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0]["ok"], Value::Bool(false));
    let plan = space.run("restore notes --into back").expect(0).out;
    let (local, offsite) = (plan.find("1. local").unwrap(), plan.find("2. offsite").unwrap());
    assert!(local < offsite && plan.contains("found damaged: only if nothing else is left"), "{plan}");
}

#[test]
fn a_drill_that_is_killed_leaves_what_the_next_one_removes() {
    let space = drilled();
    space.write("scratch/not-ours.txt", b"stays");
    for fault in ["in-download", "in-drill"] {
        space.run_until(fault, "run --job drill").expect(137);
        assert!(facts(&space, "backups/offsite").is_empty(), "{fault}");
    }
    assert!(fs::read_dir(space.path("scratch")).unwrap().count() > 1, "the last one had restored nothing");
    space.run("run --job drill").expect(0);
    assert_eq!(space.files("scratch"), ["not-ours.txt"]);
    assert_eq!(facts(&space, "backups/offsite").len(), 1);
    space.holds("backups/offsite", 1);
}

#[test]
fn live_data_is_no_target_whatever_it_is_called() {
    let space = drilled();
    std::os::unix::fs::symlink("data", space.path("scratch")).unwrap();
    let before = space.files("data");
    space.run("run --job drill").expect(1).says("target-is-live");
    assert_eq!(space.files("data"), before);
    assert!(facts(&space, "backups/offsite").is_empty());
}

#[test]
fn a_tree_that_its_owner_cannot_write_in_is_removed_as_well() {
    let space = drilled();
    fs::set_permissions(space.path("data/two"), std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    space.run("run --job nightly").expect(0);
    space.run("run --job drill").expect(0);
    assert!(is_clean(&space));
    fs::set_permissions(space.path("data/two"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn a_target_holds_one_drill_at_a_time() {
    let space = drilled();
    fs::create_dir_all(space.path(".backstay/lock")).unwrap();
    let lock = space.path(".backstay/lock/target-scratch.lock");
    let mut holder = std::process::Command::new("flock").arg(&lock).args(["sleep", "20"]).spawn().unwrap();
    wait_for(|| {
        let file = fs::File::options().write(true).open(&lock);
        file.is_ok_and(|file| file.try_lock().is_err())
    });
    space.run("run --job drill").expect(1).says("a drill in target `scratch` is under way");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

/// Changes a byte in the middle of the one artifact of a store.
pub(crate) fn flip(space: &Space, store: &str) {
    let tars = space.ending(store, ".tar");
    let [tar] = tars.as_slice() else { panic!("{tars:?}") };
    let mut bytes = fs::read(tar).unwrap();
    let noise = noise(300_000);
    let at = bytes.windows(64).position(|window| window == &noise[..64]).unwrap();
    bytes[at] ^= 1;
    fs::write(tar, bytes).unwrap();
}

/// On a real server: loaded, checked and asked in a second home, whose own data nobody touches.
#[test]
fn on_neo4j_5_26() {
    let graph = Graph::new("5.26");
    let space = &graph.space;
    xtask(&["new", &space.path("scratch").to_string_lossy(), "--version", "5.26", "--nodes", "10"]);
    let own = space.files("scratch/data");
    space.edit("verify \"graph\" with=\"consistency\"", "");
    space.edit(
        "job \"nightly\" {",
        "target \"scratch\" engine=\"neo4j\" { home \"scratch\"; edition \"community\"; version \"5.26\"; }\n    \
         job \"drill\" {\n        restore \"graph\" from=\"offsite\" into=\"scratch\" {\n            check\n            \
         query \"MATCH (n) RETURN count(n) = 20000\"\n        }\n    }\n    job \"nightly\" {",
    );
    space.run("run --job nightly").expect(0);
    space.run_until("in-drill", "run --job drill").expect(137);
    space.run("run --job drill").expect(0);
    assert_eq!(space.files("scratch/data"), own);
    assert!(!space.files("scratch").iter().any(|name| name.contains("drill.backstay-")));
    let facts = facts(space, "backups/offsite");
    assert_eq!(facts.len(), 2, "{facts:#?}");
    assert!(facts.iter().all(|fact| fact["ok"] == true));
    let asked = facts.iter().find(|fact| fact["drill"]["answered"] == 1).unwrap();
    assert!(asked["drill"]["tool"].as_str().unwrap().starts_with("neo4j-admin 5.26"));
    assert!(facts.iter().all(|fact| fact["transaction"].as_u64().unwrap() > 1), "{facts:#?}");
    assert!(asked["drill"]["queries"].as_u64().unwrap() > 0 && asked["drill"]["check"].as_u64().unwrap() > 0);

    space.edit("count(n) = 20000", "count(n) = 1");
    space.run("run --job drill").expect(1).says("query-not-true");
    assert!(self::facts(space, "backups/offsite").iter().any(|fact| fact["ok"] == false));
    assert!(!space.files("scratch").iter().any(|name| name.contains("drill.backstay-")));
}
