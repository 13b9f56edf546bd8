//! Differential backups of a tree: small, complete with those before them, also by hand, and never built on sand.

use crate::space::{Space, ended, noise, tree};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const STRATEGY: &str = r#"strategy "diary" {
    environment "development"
    source "notes" engine="files" { root "data" }
    store "local" plugin="fs" { site "desk"; media "disk"; path "backups/local" }
    store "offsite" plugin="fs" { site "cellar"; media "disk"; path "backups/offsite" }
    job "full" { backup "notes" to="local"; verify "notes" with="consistency" }
    job "part" { backup "notes" type="differential" to="local"; verify "notes" with="consistency" }
    job "away" {
        backup "notes" type="differential" to="local"
        verify "notes"
        transfer from="local" to="offsite"
        verify "offsite" with="consistency"
    }
}
"#;

/// A tree whose files changed long enough ago that their times can be trusted.
fn space() -> Space {
    let space = Space::new();
    space.write("strategy.kdl", STRATEGY.as_bytes());
    space.write("data/large.bin", &noise(2_000_000));
    space.write("data/one.txt", b"one\n");
    space.write("data/gone/deep/file", b"soon gone");
    space.write("data/kept/a", b"a");
    fs::hard_link(space.path("data/kept/a"), space.path("data/kept/also-a")).unwrap();
    space.write("data/becomes-a-folder", b"file");
    space.write("data/becomes-a-file/inner", b"inner");
    std::os::unix::fs::symlink("one.txt", space.path("data/link")).unwrap();
    settle();
    space
}

/// What changes within the time that a file system's clock may stand still is taken again.
fn settle() {
    std::thread::sleep(Duration::from_millis(4100));
}

fn change(space: &Space) {
    space.write("data/new/file", b"new");
    space.write("data/one.txt", b"two\n");
    fs::remove_dir_all(space.path("data/gone")).unwrap();
    fs::remove_file(space.path("data/becomes-a-folder")).unwrap();
    space.write("data/becomes-a-folder/inner", b"inner");
    fs::remove_dir_all(space.path("data/becomes-a-file")).unwrap();
    space.write("data/becomes-a-file", b"file");
    fs::set_permissions(space.path("data/kept/a"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(space.path("data/link")).unwrap();
    std::os::unix::fs::symlink("new", space.path("data/link")).unwrap();
}

/// Archives of a store, in the order in which they were made.
fn archives(space: &Space, store: &str) -> Vec<PathBuf> {
    let mut archives = space.ending(store, ".tar");
    archives.sort_by_key(|path| path.file_name().unwrap().to_owned());
    archives
}

/// Restores into a folder of its own, and compares it with what the tree is.
#[track_caller]
fn comes_back_as(space: &Space, expected: &std::collections::BTreeMap<PathBuf, String>, words: &str) {
    let _ = fs::remove_dir_all(space.path("back"));
    space.run(&format!("restore notes --confirm --into back {words}")).expect(0);
    let back = tree(&space.path("back"));
    for (name, line) in expected {
        assert_eq!(back.get(name), Some(line), "{}", name.display());
    }
    assert_eq!(back.len(), expected.len());
}

#[test]
fn a_differential_holds_what_changed_and_brings_back_all() {
    let space = space();
    let first = tree(&space.path("data"));
    space.run("run --job full").expect(0);
    change(&space);
    settle();
    let second = tree(&space.path("data"));
    space.run("run --job part").expect(0).says("what changed since artifact");
    space.write("data/third", b"three");
    settle();
    let third = tree(&space.path("data"));
    space.run("run --job part").expect(0);
    space.run("run --job part").expect(0);
    space.holds("backups/local", 4);
    let sizes: Vec<u64> = archives(&space, "backups/local").iter().map(|path| path.metadata().unwrap().len()).collect();
    assert!(sizes[0] > 2_000_000 && sizes[1..].iter().all(|size| *size <= 40_960), "{sizes:?}");

    comes_back_as(&space, &third, "");
    let listed = space.run("catalog list --format json").expect(0).out;
    let ids: Vec<&str> = listed.split("\"id\": \"").skip(1).map(|rest| &rest[..32]).collect();
    let (mut found_first, mut found_second) = (0, 0);
    for id in ids {
        let _ = fs::remove_dir_all(space.path("back"));
        space.run(&format!("restore notes --confirm --into back --artifact {id}")).expect(0);
        let back = tree(&space.path("back"));
        found_first += usize::from(back == first);
        found_second += usize::from(back == second);
    }
    assert_eq!((found_first, found_second), (1, 1), "each backup brings back its own time");

    fs::remove_file(space.path("data/one.txt")).unwrap();
    space.run("restore notes --confirm").expect(0).says("from a chain of 4");
    assert_eq!(tree(&space.path("data")), third);
}

/// Files, folders and other names of files out of any link, with only what is needed of each.
#[test]
fn parts_of_a_chain_come_back() {
    let space = space();
    space.edit("path \"backups/local\" }", "path \"backups/local\"; compress \"zstd\" }");
    parts_come_back(&space, ".tar.zst");
}

/// What was encrypted comes back by a few ranges as well.
#[test]
fn parts_of_an_encrypted_chain_come_back() {
    let space = space();
    let made = ended(Command::new("age-keygen").arg("-o").arg(space.path("key.txt"))).expect(0);
    let recipient = made.err.trim().rsplit(' ').next().unwrap();
    let sealed =
        format!("path \"backups/local\"; compress \"zstd\"; encrypt \"{recipient}\"; identity (file)\"key.txt\" }}");
    space.edit("path \"backups/local\" }", &sealed);
    parts_come_back(&space, ".tar.zst.age");
}

fn parts_come_back(space: &Space, archives: &str) {
    space.run("run --job full").expect(0);
    change(space);
    fs::hard_link(space.path("data/kept/a"), space.path("data/kept/third")).unwrap();
    settle();
    space.run("run --job part").expect(0);
    space.write("data/late.txt", b"late");
    fs::remove_file(space.path("data/kept/a")).unwrap();
    settle();
    space.run("run --job part").expect(0);
    let whole = tree(&space.path("data"));
    for wanted in
        ["one.txt", "late.txt", "large.bin", "kept", "kept/third", "becomes-a-folder", "becomes-a-file", "link"]
    {
        let _ = fs::remove_dir_all(space.path("back"));
        space.run(&format!("restore notes --file {wanted} --into back --confirm")).expect(0).says("were read");
        let back = tree(&space.path("back"));
        let inside = |name: &Path| name.starts_with(wanted);
        let expected = whole.iter().filter(|(name, _)| inside(name)).count();
        assert_eq!(back.keys().filter(|name| inside(name)).count(), expected, "{wanted}");
        for name in back.keys().filter(|name| inside(name) && space.path("data").join(name).is_file()) {
            let (is, was) = (space.path("back").join(name), space.path("data").join(name));
            assert_eq!(fs::read(is).unwrap(), fs::read(was).unwrap(), "{}", name.display());
        }
        assert!(back.keys().all(|name| inside(name) || Path::new(wanted).starts_with(name)), "{wanted}: {back:?}");
    }
    // What an earlier link holds needs that link alone.
    let told = space.run("restore notes --file late.txt --into other --confirm").expect(0).err;
    let read = told.split("for which ").nth(1).unwrap();
    assert!(read.contains(" of 1.9 MiB") && !read.contains(" MiB of 1.9"), "{told}");
    space.run("restore notes --file gone --into never --confirm").expect(1).says("not-in-artifact");
    // A link that is damaged is told, and nothing of it comes back.
    let full = space.ending("backups/local", archives).into_iter().max_by_key(|path| fs::metadata(path).unwrap().len());
    let full = full.unwrap();
    let mut bytes = fs::read(&full).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&full, bytes).unwrap();
    space.run("restore notes --file large.bin --into damaged --confirm").expect(1).says("artifact-damaged");
    assert!(!space.path("damaged").exists());
}

/// A drill restores all of a chain, compares it with the index of its last link, and says which artifacts it took.
#[test]
fn a_drill_of_a_chain_takes_all_of_it() {
    let space = space();
    space.edit(
        "    job \"full\"",
        "    target \"scratch\" engine=\"files\" { directory \"scratch\" }\n    \
         job \"drill\" { restore \"notes\" from=\"local\" into=\"scratch\" }\n    job \"full\"",
    );
    space.run("run --job full").expect(0);
    change(&space);
    settle();
    space.run("run --job part").expect(0);
    let entries = tree(&space.path("data")).len() - 1;
    space.run("run --job drill").expect(0).says("with 1 before it").says(&format!("{entries} entries"));
    let drills = || -> Vec<serde_json::Value> {
        let facts = space.ending("backups/local", ".json");
        let drills = facts.iter().filter(|path| path.to_string_lossy().contains("/facts/drill-"));
        drills.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
    };
    let made = drills();
    let [fact] = made.as_slice() else { panic!("{made:#?}") };
    assert_eq!((&fact["ok"], fact["drill"]["before"].as_array().unwrap().len()), (&true.into(), 1));
    assert!(fact["drill"]["size"].as_u64().unwrap() > 2_000_000, "{fact}");
    assert_eq!(fs::read_dir(space.path("scratch")).unwrap().count(), 0);
    // What it took is known to whoever asks the stores.
    space.run("catalog rebuild").expect(0);
    let known: serde_json::Value =
        serde_json::from_str(&space.run("catalog list --format json").expect(0).out).unwrap();
    let drilled = known.as_array().unwrap().iter().filter(|copy| copy["drilled"].is_u64()).count();
    assert_eq!(drilled, 1, "{known:#}");

    let full = archives(&space, "backups/local").remove(0);
    let mut bytes = fs::read(&full).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&full, bytes).unwrap();
    space.run("run --job drill").expect(1).says("artifact-damaged");
    assert!(drills().iter().any(|fact| fact["ok"] == false), "{:#?}", drills());
    assert_eq!(fs::read_dir(space.path("scratch")).unwrap().count(), 0);
}

#[test]
fn the_first_differential_is_a_full_one_and_says_so() {
    let space = space();
    space.run("run --job part").expect(0).says("nothing that a differential can build on");
    let manifest = fs::read_to_string(&space.ending("backups/local", "manifest.json")[0]).unwrap();
    assert!(manifest.contains("\"index\"") && !manifest.contains("\"chain\""), "{manifest}");
}

#[test]
fn a_machine_that_lost_its_state_goes_on_with_the_chain() {
    let space = space();
    space.run("run --job full").expect(0);
    fs::remove_dir_all(space.path(".backstay")).unwrap();
    space.run("run --job part").expect(0).says("what changed since artifact");
    comes_back_as(&space, &tree(&space.path("data")), "");
}

#[test]
fn nothing_is_built_on_what_is_damaged() {
    let space = space();
    space.run("run --job full").expect(0);
    let bytes = archives(&space, "backups/local").remove(0);
    let whole = fs::read(&bytes).unwrap();
    fs::write(&bytes, &whole[..whole.len() - 512]).unwrap();
    space.run("run --job part").expect(0).says("is not built on");
    comes_back_as(&space, &tree(&space.path("data")), "");

    let index = space.ending("backups/local", ".index.zst");
    for index in index {
        fs::write(index, b"{\"backstay_index\":1}\n").unwrap();
    }
    space.run("run --job part").expect(0).says("is not built on").says("is damaged");
}

#[test]
fn a_chain_that_lacks_a_link_is_refused_and_another_store_is_tried() {
    let space = space();
    space.run("run --job full").expect(0);
    change(&space);
    settle();
    let expected = tree(&space.path("data"));
    space.run("run --job away").expect(0).says("1 before it in its chain");
    space.holds("backups/offsite", 2);
    let full = archives(&space, "backups/local").remove(0);
    fs::remove_dir_all(full.parent().unwrap().parent().unwrap()).unwrap();
    space.run("verify --store local").expect(1).says("chain-broken");
    space.run("restore notes --confirm --into back --from local").expect(1).says("chain-broken");
    assert!(!space.path("back").exists());
    // The check has told that the copy here is worth nothing.
    space.run("restore notes --confirm --into back").expect(0).says("in `offsite`");
    assert_eq!(tree(&space.path("back")), expected);
}

/// The attempt that is cut off has published what its artifact builds on: that is no leftover.
#[test]
fn a_link_that_was_brought_outlives_the_death_of_what_brought_it() {
    let before = space();
    before.run("run --job full").expect(0);
    change(&before);
    settle();
    for place in ["before-manifest#3", "in-transfer#2", "journal/upload-started/after#10"] {
        let space = before.copy();
        space.run_until(place, "run --job away").expect(137);
        space.run("run --job away --resume").expect(0);
        space.holds("backups/offsite", 2);
        space.run("verify --store offsite").expect(0);
        let audit = crate::stores::audit(&space.path("backups/offsite"));
        assert!(audit.artifacts.len() == 2 && audit.faults.is_empty(), "{place}: {audit:?}");
    }
}

#[test]
fn a_damaged_link_is_found_by_the_check_of_the_chain() {
    let space = space();
    space.run("run --job full").expect(0);
    let full = archives(&space, "backups/local").remove(0);
    let mut bytes = fs::read(&full).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&full, bytes).unwrap();
    // By its size it is all there: only reading tells.
    space.run("run --job part").expect(1).says("artifact-damaged");
    space.run("restore notes --confirm --into back").expect(1).says("artifact-damaged");
}

/// As docs/by-hand.md says.
#[test]
fn tar_alone_brings_a_chain_back() {
    let space = space();
    space.run("run --job full").expect(0);
    change(&space);
    settle();
    space.run("run --job part").expect(0);
    fs::remove_file(space.path("data/new/file")).unwrap();
    settle();
    space.run("run --job part").expect(0);
    fs::create_dir(space.path("restored")).unwrap();
    for (at, archive) in archives(&space, "backups/local").iter().enumerate() {
        let script = r#"
            set -eu
            if [ "$2" != 0 ]; then
                tar --extract --to-stdout --file "$1" .backstay-removed | (cd restored && xargs -0 -r rm -rf --)
            fi
            tar --extract --preserve-permissions --xattrs --xattrs-include='*' --numeric-owner \
                --exclude=.backstay-removed --file "$1" --directory restored
        "#;
        let mut bash = Command::new("bash");
        bash.args(["-c", script, "bash"]).arg(archive).arg(at.to_string()).current_dir(space.path("."));
        ended(&mut bash).expect(0);
    }
    assert_eq!(tree(&space.path("restored")), tree(&space.path("data")));
}

/// What could not be read is not gone: a restore brings it back as it was when it could be.
#[test]
fn what_cannot_be_read_now_stays_as_it_was() {
    const NOBODY: &str = "65534";
    let space = space();
    space.edit("verify \"notes\" with=\"consistency\"", "");
    let own = space.path("backstay");
    fs::copy(crate::space::BACKSTAY, &own).unwrap();
    ended(Command::new("chown").args(["-R", NOBODY]).arg(space.dir.path())).expect(0);
    settle();
    let run = |words: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&own);
        ended(command.args(words.split_whitespace()).current_dir(space.dir.path()).env("HOME", space.dir.path()))
    };
    let mode = |name: &str, mode| {
        fs::set_permissions(space.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    run("run --job full").expect(0);
    space.write("data/one.txt", b"changed, and closed");
    mode("data/one.txt", 0);
    mode("data/gone", 0);
    space.write("data/new", b"new");
    run("run --job part").expect(6).says("one.txt").says("gone: ");
    // As root, who may look into everything.
    space.run("restore notes --confirm --into back").expect(0);
    assert_eq!(fs::read(space.path("back/one.txt")).unwrap(), b"one\n");
    assert_eq!(fs::read(space.path("back/gone/deep/file")).unwrap(), b"soon gone");
    assert_eq!(fs::read(space.path("back/new")).unwrap(), b"new");

    mode("data/one.txt", 0o600);
    mode("data/gone", 0o755);
    settle();
    run("run --job part").expect(0);
    comes_back_as(&space, &tree(&space.path("data")), "");
}

/// Kills a differential at `fault`, then goes on with it.
fn killed_and_resumed(fault: &str) {
    let space = space();
    space.run("run --job full").expect(0);
    change(&space);
    settle();
    space.run_until(fault, "run --job away").expect(137);
    space.run("run --job away --resume").expect(0).says("resumed");
    space.holds("backups/local", 2);
    space.holds("backups/offsite", 2);
    comes_back_as(&space, &tree(&space.path("data")), "--from offsite");
}

#[test]
fn killed_in_the_middle_of_the_bytes() {
    killed_and_resumed("in-upload");
}

#[test]
fn killed_before_the_bytes_are_committed() {
    killed_and_resumed("before-commit");
}

#[test]
fn killed_between_the_index_and_the_manifest() {
    killed_and_resumed("after-index");
}

#[test]
fn killed_before_the_manifest() {
    killed_and_resumed("before-manifest");
}

#[test]
fn killed_after_the_manifest() {
    killed_and_resumed("after-manifest");
}

#[test]
fn killed_while_the_chain_is_transferred() {
    killed_and_resumed("in-transfer");
}
