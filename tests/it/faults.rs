//! What goes wrong outside: damaged bytes, stores that vanish, full disks, two runs at once. Each is a clear error and
//! nothing is lost.

use crate::space::{Space, ended, noise, tree};
use std::fs;
use std::os::unix::fs::FileExt;
use std::process::Command;

fn flip(path: &std::path::Path) {
    let mut content = fs::read(path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(path, content).unwrap();
}

#[test]
fn one_flipped_byte_fails_verify_and_restore_and_touches_nothing() {
    let space = Space::quickstart();
    space.edit("exclude \"**/*.tmp\"", "");
    space.run("run").expect(0);
    let bytes = space.ending("backups/local", ".tar").remove(0);
    flip(&bytes);
    let id = bytes.parent().unwrap().parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let verified = space.run("verify --store local").expect(1);
    for what in ["artifact-damaged", &id, "store `local`", "strategy.kdl:"] {
        assert!(verified.err.contains(what), "no {what} in {}", verified.err);
    }
    let before = tree(&space.path("data"));
    let restored = space.run("restore notes --from local --confirm").expect(1);
    for what in ["artifact-damaged", &id, "store `local`", "strategy.kdl:"] {
        assert!(restored.err.contains(what), "no {what} in {}", restored.err);
    }
    assert_eq!(tree(&space.path("data")), before);
    // The other copy is whole: a restore that may use it begins with it, because this one is known to be damaged.
    space.run("restore notes --into back --confirm").expect(0).says("in `offsite`");
    assert_eq!(tree(&space.path("back")), before);
}

/// What is read back for its digest alone is read in spans of 64 MiB, side by side.
#[test]
fn no_byte_of_a_large_copy_is_missed() {
    const SPAN: u64 = 64 << 20;
    let space = Space::quickstart();
    space.edit("bandwidth=\"80MiB/s\"", "");
    space.write("data/large", &noise(130 << 20));
    space.run("run").expect(0);
    let path = space.ending("backups/local", ".tar").remove(0);
    let size = fs::metadata(&path).unwrap().len();
    space.run("verify --store local").expect(0);
    let file = fs::File::options().read(true).write(true).open(&path).unwrap();
    for at in [0, SPAN - 1, SPAN, 2 * SPAN, size - 1] {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 1], at).unwrap();
        space.run("verify --store local").expect(1).says("is damaged: its BLAKE3 digest is");
        file.write_all_at(&byte, at).unwrap();
    }
    for length in [size + 1, size - 1, 2 * SPAN, SPAN, 0] {
        file.set_len(length).unwrap();
        space.run("verify --store local").expect(1).says(&format!("is damaged: it has {length} bytes"));
    }
}

#[test]
fn a_store_that_vanished_is_not_taken_for_a_new_one() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    fs::rename(space.path("backups/offsite"), space.path("elsewhere")).unwrap();
    space.run("run").expect(1).says("store-gone");
    assert!(!space.path("backups/offsite").exists());
    // An empty mount point in its place is not it either.
    fs::create_dir(space.path("backups/offsite")).unwrap();
    space.run("run").expect(1).says("store-gone");
    assert_eq!(space.files("backups/offsite"), Vec::<String>::new());
    space.run("catalog forget offsite").expect(0);
    space.run("run").expect(0);
}

#[test]
fn a_store_of_another_strategy_is_refused() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    let other = Space::quickstart();
    other.edit("strategy \"quickstart\"", "strategy \"other\"");
    other.edit("backups/local", &space.path("backups/local").to_string_lossy());
    other.run("run").expect(1).says("store-foreign");
    space.holds("backups/local", 1);
}

/// A small file system that goes when the test does.
pub(crate) struct Mount(std::path::PathBuf);

impl Mount {
    pub(crate) fn new(path: std::path::PathBuf, size: &str) -> Self {
        fs::create_dir_all(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", size, "none"]).arg(&path).status().unwrap();
        assert!(mounted.success(), "this test mounts a small tmpfs: run it as root");
        Self(path)
    }

    /// With another option, `ro` or `rw`.
    pub(crate) fn remount(&self, option: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_publishes_nothing() {
    let space = Space::quickstart();
    let _mount = Mount::new(space.path("backups/local"), "size=200k");
    space.run("run").expect(1).says("disk-full");
    let files = space.files("backups/local");
    let artifacts = files.iter().filter(|name| *name != "store.json" && !name.starts_with("texts/"));
    assert_eq!(artifacts.count(), 0, "{files:?}");
}

/// The disk is full long before all is read: what reads does not wait for room that never comes.
#[test]
fn what_fails_early_ends_with_much_left() {
    let space = Space::quickstart();
    space.edit("bandwidth=\"80MiB/s\"", "");
    space.write("data/large.bin", &crate::space::noise(60 << 20));
    let mount = Mount::new(space.path("backups/offsite"), "size=9m");
    space.run("run").expect(1).says("disk-full");
    drop(mount);
    let restore = "restore notes --from local --into back --confirm";
    ended(space.command(restore).env("BACKSTAY_FAULT_ERROR", "stage/make:ENOSPC")).expect(1).says("No space left");
    space.run(restore).expect(0);
    assert_eq!(fs::read(space.path("back/large.bin")).unwrap(), fs::read(space.path("data/large.bin")).unwrap());
}

#[test]
fn two_runs_at_once_are_one() {
    let space = Space::quickstart();
    // Three chunks of a mebibyte: the first goes at once, each of the others waits two seconds.
    space.edit("bandwidth=\"80MiB/s\"", "bandwidth=\"500KiB/s\"");
    space.write("data/large.bin", &crate::space::noise(3_000_000));
    let mut first = space.start("run");
    wait_for(|| !space.ending("backups/local", "manifest.json").is_empty());
    space.run("run").expect(5).says("lock-held");
    assert!(first.wait().unwrap().success());
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 1);
}

#[track_caller]
pub(crate) fn wait_for(done: impl Fn() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(180);
    while !done() {
        assert!(std::time::Instant::now() < end, "waited for three minutes");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn nothing_to_back_up_is_not_a_success() {
    let space = Space::example("01-quickstart");
    fs::create_dir(space.path("data")).unwrap();
    space.run("run").expect(1).says("nothing-matched");
    assert_eq!(space.ending("backups/local", "manifest.json"), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_size_that_collapsed_is_degraded() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    fs::remove_file(space.path("data/two/three.bin")).unwrap();
    space.run("run").expect(6).says("is usual");
}

/// A file that its reader may not open is named, and the rest is kept.
#[test]
fn an_unreadable_file_makes_the_backup_degraded() {
    const NOBODY: &str = "65534";
    let space = Space::quickstart();
    space.write("data/secret.txt", b"not for you");
    let own = space.path("backstay");
    fs::copy(crate::space::BACKSTAY, &own).unwrap();
    let chown = |who: &str, path: &std::path::Path| {
        assert!(Command::new("chown").args(["-R", who]).arg(path).status().unwrap().success(), "run this test as root");
    };
    chown(NOBODY, space.dir.path());
    chown("0", &space.path("data/secret.txt"));
    fs::set_permissions(space.path("data/secret.txt"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let run = |arguments: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&own);
        command.args(arguments.split_whitespace()).current_dir(space.dir.path()).env("HOME", space.dir.path());
        crate::space::ended(&mut command)
    };
    run("run").expect(6).says("secret.txt");
    space.holds("backups/local", 1);
    // Owners cannot be given by one who is not root: that is told, and the content is there.
    run("restore notes --into back --confirm");
    assert_eq!(fs::read(space.path("back/one.txt")).unwrap(), b"one\n");
    assert!(!space.path("back/secret.txt").exists());

    space.edit("root \"data\"", "root \"data\"; on-change \"fail\"");
    run("run").expect(1).says("secret.txt");
    space.holds("backups/local", 1);
}
