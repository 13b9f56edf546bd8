//! The line from strategy to restored files, on the first example.

use crate::space::{BACKSTAY, Space, ended, noise, tree};
use std::fs;

#[test]
fn what_was_backed_up_comes_back() {
    let space = Space::quickstart();
    let before = tree(&space.path("data"));
    space.run("validate").expect(0);
    space.run("run").expect(0);
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 1);
    space.run("run").expect(0);
    space.holds("backups/local", 2);
    space.run("verify").expect(0);

    fs::remove_file(space.path("data/one.txt")).unwrap();
    fs::write(space.path("data/two/three.bin"), b"overwritten").unwrap();
    space.run("restore notes --into back").expect(0).says("Nothing was touched");
    assert!(!space.path("back").exists());
    space.run("restore notes --into back --confirm").expect(0);
    let mut wanted = before;
    wanted.remove(std::path::Path::new("skipped.tmp"));
    assert_eq!(tree(&space.path("back")), wanted);
}

#[test]
fn a_whole_tree_is_swapped_and_the_old_one_kept() {
    let space = Space::quickstart();
    space.edit("exclude \"**/*.tmp\"", "");
    let before = tree(&space.path("data"));
    space.run("run").expect(0);
    fs::remove_file(space.path("data/one.txt")).unwrap();
    space.write("data/new.txt", b"written after the backup");
    let damaged = tree(&space.path("data"));
    let ran = space.run("restore notes --confirm").expect(0).says("kept as");
    assert_eq!(tree(&space.path("data")), before);
    let kept = ran.err.split("kept as `").nth(1).unwrap().split('`').next().unwrap();
    assert_eq!(tree(&space.path(kept)), damaged);
}

#[test]
fn part_of_a_tree_is_never_swapped_over_the_whole() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    let before = tree(&space.path("data"));
    space.run("restore notes --confirm").expect(2).says("--into");
    assert_eq!(tree(&space.path("data")), before);
}

#[test]
fn the_catalog_is_only_a_cache() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    let before = space.run("catalog list --format json").expect(0).out;
    assert!(before.contains("\"verified\": true"), "{before}");
    fs::remove_dir_all(space.path(".backstay")).unwrap();
    space.run("catalog rebuild").expect(0);
    assert_eq!(space.run("catalog list --format json").expect(0).out, before);
    // And the next run knows its own stores again.
    space.run("run").expect(0);
    space.holds("backups/local", 2);
}

#[test]
fn a_restore_on_a_bare_machine_needs_the_strategy_and_a_store() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    fs::remove_dir_all(space.path(".backstay")).unwrap();
    fs::remove_dir_all(space.path("data")).unwrap();
    fs::remove_dir_all(space.path("backups/local")).unwrap();
    space.run("restore notes --into back --confirm").expect(0);
    assert_eq!(fs::read(space.path("back/two/three.bin")).unwrap(), noise(300_000));
}

#[test]
fn the_same_inputs_give_the_same_plan() {
    let space = Space::quickstart();
    for format in ["text", "json", "mermaid", "dot"] {
        let command = format!("plan --format {format} --at 2026-11-22T00:00:00Z");
        assert_eq!(space.run(&command).expect(0).out, space.run(&command).expect(0).out);
    }
}

#[test]
fn a_transfer_does_not_need_the_source() {
    let space = Space::quickstart();
    space.run_until("in-transfer", "run").expect(137);
    fs::remove_dir_all(space.path("data")).unwrap();
    space.run("run --resume").expect(0).says("not needed");
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 1);
}

/// `script` gives the program a terminal. What it shows there is drawn over itself; the same in a pipe is plain lines.
#[test]
fn progress_is_drawn_on_a_terminal_only() {
    let space = Space::quickstart();
    space.write("data/large", &noise(64 << 20));
    let plain = space.run("run").expect(0);
    assert!(!plain.err.contains(['\r', '\u{1b}']), "{:?}", plain.err);
    let typed = space.path("typescript");
    let program = format!("{BACKSTAY} run");
    let mut command = std::process::Command::new("script");
    command.args(["--quiet", "--return", "--command", &program]).arg(&typed).current_dir(space.dir.path());
    command.env("TERM", "xterm").stdin(std::process::Stdio::null());
    assert_eq!(ended(&mut command).code, 0);
    let shown = String::from_utf8(fs::read(&typed).unwrap()).unwrap();
    assert!(shown.contains("\u{1b}[") && shown.contains("MiB/s"), "{shown:?}");
}
