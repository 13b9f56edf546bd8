//! The way back when something is wrong: a damaged copy, a store that is away, no room; and what a restore keeps.

use crate::drill::flip;
use crate::space::{BACKSTAY, Space, ended, noise, tree};
use std::fs;
use std::process::Command;

fn backed_up() -> Space {
    let space = Space::quickstart();
    space.edit("exclude \"**/*.tmp\"", "");
    space.run("run").expect(0);
    space
}

#[test]
fn a_damaged_copy_is_passed_over_told_and_remembered() {
    let space = backed_up();
    flip(&space, "backups/local");
    let ran = space.run("restore notes --into back --confirm").expect(6);
    for word in ["after a copy was passed over", "store `local`", "is damaged", "in `offsite`"] {
        assert!(ran.out.contains(word), "no `{word}` in {}", ran.out);
    }
    assert_eq!(fs::read(space.path("back/two/three.bin")).unwrap(), noise(300_000));
    let facts = space.ending("backups/local", ".json");
    let told = facts.iter().find(|path| path.to_string_lossy().contains("/facts/restore-")).unwrap();
    let fact: serde_json::Value = serde_json::from_slice(&fs::read(told).unwrap()).unwrap();
    assert_eq!(fact["ok"], false);
    // The next one does not begin with what is known to be damaged.
    space.run("restore notes --into again --confirm").expect(0);
    assert_eq!(tree(&space.path("again")), tree(&space.path("back")));
}

/// The bytes are as sound as ever: they are only not what the source's new engine reads.
#[test]
fn what_another_engine_made_is_neither_chosen_nor_called_damaged() {
    let space = backed_up();
    let command = "engine=\"command\" { backup \"echo\" \"text\"; restore \"cat\"; check \"cat\" }";
    space.edit("engine=\"files\" { root \"data\";  }", command);
    space.run("restore notes").expect(2).says("nothing-to-restore");
    let before = tree(&space.path("backups"));
    space.run("verify --source notes --with consistency").expect(1).says("engine-differs");
    assert_eq!(tree(&space.path("backups")), before, "nothing is said of the copy");
    space.edit(command, "engine=\"files\" { root \"data\";  }");
    space.run("restore notes --into back --confirm").expect(0);
}

#[test]
fn a_store_that_is_away_is_passed_over() {
    let space = backed_up();
    let plan = space.run("restore notes --into back --plan").expect(0);
    assert!(plan.out.contains("1. local") && plan.out.contains("2. offsite"), "{}", plan.out);
    fs::rename(space.path("backups/local"), space.path("backups/away")).unwrap();
    let ran = space.run("restore notes --into back --confirm").expect(6);
    assert!(ran.out.contains("store `local` was used before") && ran.out.contains("in `offsite`"), "{}", ran.out);
    assert_eq!(fs::read(space.path("back/one.txt")).unwrap(), b"one\n");
    fs::rename(space.path("backups/away"), space.path("backups/local")).unwrap();
    space.run("restore notes --into again --confirm").expect(0);
}

#[test]
fn nothing_is_restored_when_every_copy_is_damaged() {
    let space = backed_up();
    flip(&space, "backups/local");
    flip(&space, "backups/offsite");
    let before = tree(&space.path("data"));
    space.run("restore notes --confirm").expect(1).says("artifact-damaged");
    assert_eq!(tree(&space.path("data")), before);
    // Both are known by now: an older artifact would go first, and the plan says why.
    space.run("run").expect(0);
    let plan = space.run("restore notes").expect(0).out;
    assert!(!plan.contains("found damaged"), "{plan}");
}

#[test]
fn a_damaged_artifact_gives_way_to_an_older_one_and_the_plan_says_so() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    let older = space.ending("backups/local", ".tar").remove(0);
    let id = older.ancestors().nth(2).unwrap().file_name().unwrap().to_string_lossy().into_owned();
    space.write("data/new.txt", b"newer");
    space.run("run").expect(0);
    for store in ["backups/local", "backups/offsite"] {
        for tar in space.ending(store, ".tar") {
            if !tar.to_string_lossy().contains(&id) {
                fs::write(&tar, b"not an archive").unwrap();
            }
        }
    }
    space.run("verify").expect(1);
    let plan = space.run("restore notes --into back").expect(0).out;
    assert!(plan.contains("was found damaged"), "{plan}");
    space.run("restore notes --into back --confirm").expect(0);
    assert!(space.path("back/one.txt").exists() && !space.path("back/new.txt").exists());
}

#[test]
fn a_point_in_time_is_the_newest_before_it() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let between = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    space.write("data/one.txt", b"later\n");
    space.run("run").expect(0);
    space.run(&format!("restore notes --into then --at {between} --confirm")).expect(0);
    space.run("restore notes --into now --confirm").expect(0);
    assert_eq!(fs::read(space.path("then/one.txt")).unwrap(), b"one\n");
    assert_eq!(fs::read(space.path("now/one.txt")).unwrap(), b"later\n");
    space.run("restore notes --at 2001-01-01T00:00:00Z").expect(2).says("nothing-to-restore");
}

/// A mount of a small file system in a name space of its own: nothing outside sees it.
#[test]
fn without_room_nothing_is_fetched() {
    let space = Space::quickstart();
    space.write("data/large", &noise(3 << 20));
    space.run("run").expect(0);
    fs::create_dir(space.path("small")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=1m none small && {BACKSTAY} restore notes --into small/back --confirm; code=$?; ls -A small; exit $code"
    );
    space.edit("root \"data\"", "root \"small/data\"");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]).current_dir(space.dir.path());
    let ran = ended(command.env_remove("BACKSTAY_FAULT").env_remove("BACKSTAY_STATE").env("NO_COLOR", "1"));
    let ran = ran.expect(1).says("room-too-small").says("has 1.0 MiB free, and the artifact takes 3.3 MiB");
    assert!(ran.out.ends_with(")\n") && !ran.out.contains(".backstay-"), "something was made: {}", ran.out);
}

#[test]
fn what_is_kept_goes_when_it_is_said_and_only_then() {
    let space = backed_up();
    space.run("restore notes --finish --confirm").expect(1).says("nothing-kept");
    let good = tree(&space.path("data"));
    space.write("data/new.txt", b"written after the backup");
    space.run("restore notes --confirm").expect(0);
    let aside = || {
        let names = fs::read_dir(space.dir.path()).unwrap().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with("data.backstay-")).count()
    };
    assert_eq!(aside(), 1);
    let shown = space.run("restore notes --finish").expect(0).says("Nothing was removed");
    assert!(shown.out.contains("files: 29") && shown.out.contains("data.backstay-"), "{}", shown.out);
    assert_eq!(aside(), 1);
    space.run_until("in-finish", "restore notes --finish --confirm").expect(137);
    assert_eq!(tree(&space.path("data")), good);
    space.run("restore notes --finish --confirm").expect(0).says("Removed");
    assert_eq!((aside(), tree(&space.path("data"))), (0, good));
    space.run("restore notes --finish").expect(1).says("nothing-kept");
}

#[test]
fn old_data_is_never_removed_while_the_restored_data_is_not_live() {
    let space = backed_up();
    space.run("restore notes --confirm").expect(0);
    // Someone put the old data back by hand.
    let names: Vec<_> = fs::read_dir(space.dir.path()).unwrap().flatten().map(|entry| entry.path()).collect();
    let aside =
        names.iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("data.backstay-")).unwrap();
    fs::rename(space.path("data"), space.path("restored")).unwrap();
    fs::rename(aside, space.path("data")).unwrap();
    space.run("restore notes --finish --confirm").expect(1).says("nothing-kept");
    assert!(space.path("data/one.txt").exists() && space.path("restored/one.txt").exists());
}
