//! Faults other than death: a full disk, a device that fails, rights that are missing, a journal that was torn. A run
//! ends red or has really done its work, says why, and a later one heals.

use crate::every_point::{at_each, recorded};
use crate::faults::Mount;
use crate::space::{Space, ended, tree};
use crate::stores::{audit, check_claims};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a place fails with, and the words of it that must be told.
const ERRORS: [(&str, &str); 4] = [
    ("ENOSPC", "No space left"),
    ("EIO", "Input/output error"),
    ("EACCES", "Permission denied"),
    ("EROFS", "Read-only file system"),
];

const STORES: [&str; 2] = ["backups/local", "backups/offsite"];

fn small() -> Space {
    let space = Space::example("01-quickstart");
    space.write("data/one.txt", b"one\n");
    space.write("data/two/three.bin", &crate::space::noise(40_000));
    space
}

/// Every place that touches a file, each with an error of its own at one pass, and with another at every pass.
#[test]
fn a_file_operation_that_fails_is_never_green() {
    let recording = small();
    let places: BTreeMap<String, u32> =
        recorded(&recording, "run").into_iter().filter(|(name, _)| is_of_files(name)).collect();
    let order: Vec<String> = places.keys().cloned().collect();
    at_each("backup, verify, transfer, verify under errors", &places, |point| {
        let (name, _) = point.rsplit_once('#').unwrap();
        let nth = order.iter().position(|other| other == name).unwrap();
        // At one pass it fails with one error; at every pass, as a device that stays broken, with the next.
        for (place, turn) in [(point, nth), (name, nth + 1)] {
            one_error(place, ERRORS[turn % ERRORS.len()]);
        }
    });
}

/// Places at which an operation on files is about to be made.
fn is_of_files(name: &str) -> bool {
    ["fs/", "state/", "journal/write"].iter().any(|layer| name.starts_with(layer))
}

fn one_error(place: &str, (error, words): (&str, &str)) {
    let space = small();
    let ran = ended(space.command("run").env("BACKSTAY_FAULT_ERROR", format!("{place}:{error}")));
    let found: Vec<_> = STORES.iter().map(|store| audit(&space.path(store))).collect();
    let about = format!("{place}:{error} ended with {}\n{}", ran.code, ran.err);
    if ran.code == 0 {
        // It was tried again, or did not matter: then all is there.
        assert!(found.iter().all(|audit| audit.artifacts.len() == 1 && audit.faults.is_empty()), "{about}\n{found:?}");
    } else {
        assert!(matches!(ran.code, 1 | 6), "{about}");
        assert!(ran.err.contains(words), "no `{words}` in: {about}");
        assert!(!ran.err.contains("panicked"), "{about}");
    }
    // Whatever it left says so, and a manifest never stands without its bytes.
    let told = ran.err.contains("could not be removed");
    let broken = found.iter().flat_map(|audit| &audit.faults).filter(|fault| !fault.starts_with("nothing names"));
    assert_eq!(broken.count(), 0, "{about}\n{found:?}");
    let healed = space.run("run");
    assert_eq!(healed.code, 0, "{about}\nand then {}", healed.err);
    for store in STORES {
        let audit = audit(&space.path(store));
        assert!(!audit.artifacts.is_empty() && (audit.faults.is_empty() || told), "{about}\n{store}: {audit:?}");
    }
    check_claims(&space);
    space.run("restore notes --into back --confirm").expect(0);
    assert_eq!(tree(&space.path("back")), tree(&space.path("data")));
}

#[test]
fn a_restore_under_errors_leaves_a_whole_tree() {
    let prepared = || {
        let space = small();
        space.run("run").expect(0);
        fs::write(space.path("data/one.txt"), b"damaged").unwrap();
        space
    };
    let restore = "restore notes --confirm";
    let places = recorded(&prepared(), restore);
    let of_files = |name: &str| ["fs/", "stage/", "swap", "journal/write"].iter().any(|start| name.starts_with(start));
    let places: BTreeMap<String, u32> =
        places.into_iter().filter(|(name, _)| of_files(name) && name != "swap/turned").collect();
    let order: Vec<String> = places.keys().cloned().collect();
    at_each("restore in place under errors", &places, |point| {
        let (name, _) = point.rsplit_once('#').unwrap();
        let (error, words) = ERRORS[order.iter().position(|other| other == name).unwrap() % ERRORS.len()];
        let space = prepared();
        let damaged = tree(&space.path("data"));
        let ran = ended(space.command(restore).env("BACKSTAY_FAULT_ERROR", format!("{point}:{error}")));
        let restored = fs::read(space.path("data/one.txt")).unwrap() == b"one\n";
        let about = format!("{point}:{error} ended with {}\n{}", ran.code, ran.err);
        assert!(restored || tree(&space.path("data")) == damaged, "half a tree: {about}");
        assert!(restored || ran.code != 0, "{about}");
        assert!(ran.code == 0 || ran.err.contains(words), "no `{words}` in: {about}");
        space.run(restore).expect(0);
        assert_eq!(fs::read(space.path("data/one.txt")).unwrap(), b"one\n", "{about}");
    });
}

/// SQLite's log as a power cut may leave it: cut at any length, or with noise where the last write was.
#[test]
fn a_torn_journal_is_begun_with() {
    let space = small();
    space.run_until("before-manifest#2", "run").expect(137);
    let wal = space.path(".backstay/journal.db-wal");
    let whole = fs::read(&wal).unwrap();
    let keep = space.path("kept");
    copied(space.dir.path(), &keep);
    let (cuts, mut tried) = (40, 0);
    let lengths: Vec<usize> = (0..=cuts).map(|n| whole.len() * n / cuts).chain([whole.len() - 1]).collect();
    for length in lengths {
        for noise in [0, 5_000] {
            let torn = Space::new();
            copied(&keep, torn.dir.path());
            let mut log = whole[..length].to_vec();
            log.extend(crate::space::noise(noise));
            fs::write(torn.path(".backstay/journal.db-wal"), log).unwrap();
            // The index of the log is in memory; after a power cut it is not there.
            let _ = fs::remove_file(torn.path(".backstay/journal.db-shm"));
            torn.run("run").expect(0);
            for store in STORES {
                let audit = audit(&torn.path(store));
                let broken: Vec<_> = audit.faults.iter().filter(|fault| !fault.starts_with("nothing names")).collect();
                assert!(!audit.artifacts.is_empty() && broken.is_empty(), "cut at {length}: {store}: {audit:?}");
                // Only a journal that forgot what was acknowledged forgets what to clear up; a torn last write does not.
                assert!(length < whole.len() || audit.faults.is_empty(), "cut at {length}: {store}: {audit:?}");
            }
            tried += 1;
        }
    }
    println!("the journal was torn in {tried} ways");
}

/// The content of a folder, into another.
fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path != to {
            assert!(Command::new("cp").arg("-a").args([&path, to]).status().unwrap().success());
        }
    }
}

#[test]
fn a_state_directory_on_a_full_disk_runs_nothing() {
    let space = small();
    space.run("run").expect(0);
    let state = space.path(".backstay");
    let aside = space.path("aside");
    fs::rename(&state, &aside).unwrap();
    let _mount = Mount::new(state.clone(), "size=1m");
    copied(&aside, &state);
    let ballast = filled(&state);
    let ran = space.run("run").expect(1);
    // What SQLite calls it depends on what it wanted to write first.
    let words = ["disk-full", "cannot open the journal", "cannot write to the journal"];
    assert!(words.iter().any(|word| ran.err.contains(word)), "{}", ran.err);
    assert_eq!(audit(&space.path(STORES[0])).artifacts.len(), 1);
    fs::remove_file(ballast).unwrap();
    space.run("run").expect(0);
    for store in STORES {
        let audit = audit(&space.path(store));
        assert!(audit.artifacts.len() == 2 && audit.faults.is_empty(), "{store}: {audit:?}");
    }
}

/// A file that takes all that is left.
fn filled(folder: &Path) -> PathBuf {
    let path = folder.join("ballast");
    let mut file = fs::File::create(&path).unwrap();
    while std::io::Write::write_all(&mut file, &[1; 512]).is_ok() {}
    path
}

#[test]
fn a_store_that_became_read_only_fails_its_step_and_heals() {
    let space = small();
    let mount = Mount::new(space.path("backups/offsite"), "size=4m");
    space.run("run").expect(0);
    mount.remount("ro");
    let ran = space.run("run").expect(1).says("Read-only file system");
    assert!(ran.err.contains("offsite"), "{}", ran.err);
    let offsite = audit(&space.path("backups/offsite"));
    assert!(offsite.artifacts.len() == 1 && offsite.faults.is_empty(), "{offsite:?}");
    mount.remount("rw");
    space.run("run").expect(0);
    let offsite = audit(&space.path("backups/offsite"));
    assert!(offsite.artifacts.len() >= 2 && offsite.faults.is_empty(), "{offsite:?}");
}

#[test]
fn a_store_that_may_not_be_written_fails_its_step_and_heals() {
    const NOBODY: &str = "65534";
    let space = small();
    let own = space.path("backstay");
    fs::copy(crate::space::BACKSTAY, &own).unwrap();
    assert!(Command::new("chown").args(["-R", NOBODY]).arg(space.dir.path()).status().unwrap().success());
    let run = |arguments: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&own);
        command.args(arguments.split_whitespace()).current_dir(space.dir.path()).env("HOME", space.dir.path());
        ended(&mut command)
    };
    run("run").expect(0);
    // The folder in which the next artifact would get its own.
    let folder = space.path("backups/local/quickstart/notes/files");
    let mode = |bits| fs::set_permissions(&folder, fs::Permissions::from_mode(bits)).unwrap();
    mode(0o500);
    run("run").expect(1).says("Permission denied");
    let local = audit(&space.path("backups/local"));
    assert!(local.artifacts.len() == 1 && local.faults.is_empty(), "{local:?}");
    mode(0o700);
    run("run").expect(0);
    let local = audit(&space.path("backups/local"));
    assert!(local.artifacts.len() == 2 && local.faults.is_empty(), "{local:?}");
}
