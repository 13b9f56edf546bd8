//! `fmt` on real files: what it writes, what it leaves alone, and how it ends.

use crate::space::{BACKSTAY, Space};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

const UNTIDY: &str = "strategy   \"a\" {\r\n  // why\r\n  objectives {rpo \"1h\";}\r\n}";
const TIDY: &str = "strategy \"a\" {\n    // why\n    objectives { rpo \"1h\" }\n}\n";

fn read(space: &Space, name: &str) -> String {
    fs::read_to_string(space.path(name)).unwrap()
}

#[test]
fn the_strategy_is_formatted_once() {
    let space = Space::new();
    space.write("strategy.kdl", UNTIDY.as_bytes());
    assert_eq!(space.run("fmt").expect(0).out, "strategy.kdl\n");
    assert_eq!(read(&space, "strategy.kdl"), TIDY);
    let before = fs::metadata(space.path("strategy.kdl")).unwrap().modified().unwrap();
    assert_eq!(space.run("fmt").expect(0).out, "");
    assert_eq!(fs::metadata(space.path("strategy.kdl")).unwrap().modified().unwrap(), before);
}

#[test]
fn the_strategy_s_imports_are_formatted_with_it() {
    let space = Space::new();
    space.write("a/strategy.kdl", b"import \"../b\";");
    space.write("b/one.kdl", UNTIDY.as_bytes());
    space.write("b/two.kdl", TIDY.as_bytes());
    space.write("other.kdl", UNTIDY.as_bytes());
    assert_eq!(space.run("fmt --strategy a/strategy.kdl").expect(0).out, "a/strategy.kdl\na/../b/one.kdl\n");
    assert_eq!(read(&space, "b/one.kdl"), TIDY);
    assert_eq!(read(&space, "other.kdl"), UNTIDY);
}

#[test]
fn check_and_diff_write_nothing() {
    let space = Space::new();
    space.write("strategy.kdl", UNTIDY.as_bytes());
    space.write("tidy.kdl", TIDY.as_bytes());
    assert_eq!(space.run("fmt --check").expect(1).out, "strategy.kdl\n");
    space.run("fmt --check tidy.kdl").expect(0);
    let diff = space.run("fmt --diff strategy.kdl tidy.kdl").expect(1).out;
    assert!(diff.starts_with("--- strategy.kdl\n+++ strategy.kdl\n@@ -1,4 +1,4 @@\n"), "{diff}");
    assert!(diff.contains("\n+    objectives { rpo \"1h\" }\n"), "{diff}");
    assert!(!diff.contains("tidy.kdl"), "{diff}");
    assert_eq!(read(&space, "strategy.kdl"), UNTIDY);
}

#[test]
fn a_text_that_is_not_kdl_is_left_alone_and_the_others_are_not() {
    let space = Space::new();
    space.write("a/broken.kdl", b"strategy \"a\" {\n");
    space.write("a/c/untidy.kdl", UNTIDY.as_bytes());
    space.write("a/bytes.kdl", b"\xff\n");
    space.write("a/notes.txt", b"not  for us");
    space.write("a/.hidden/untidy.kdl", UNTIDY.as_bytes());
    space.run("fmt a").expect(2).says("a/broken.kdl").says("never closed").says("`a/bytes.kdl` is not UTF-8");
    assert_eq!(read(&space, "a/broken.kdl"), "strategy \"a\" {\n");
    assert_eq!(read(&space, "a/c/untidy.kdl"), TIDY);
    assert_eq!(read(&space, "a/.hidden/untidy.kdl"), UNTIDY);
    space.run("fmt no-such.kdl").expect(2).says("cannot read `no-such.kdl`");
}

#[test]
fn links_and_modes_are_kept_and_nothing_is_left_behind() {
    let space = Space::new();
    space.write("real/file.kdl", UNTIDY.as_bytes());
    fs::set_permissions(space.path("real/file.kdl"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real/file.kdl", space.path("strategy.kdl")).unwrap();
    space.run("fmt").expect(0);
    assert!(fs::symlink_metadata(space.path("strategy.kdl")).unwrap().is_symlink());
    assert_eq!(read(&space, "real/file.kdl"), TIDY);
    let mode = fs::metadata(space.path("real/file.kdl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
    assert_eq!(space.files("real"), ["file.kdl"]);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let formatted = |arguments: &[&str], text: &str| {
        let mut command = Command::new(BACKSTAY);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(formatted(&["fmt", "-"], UNTIDY), (0, TIDY.to_owned()));
    assert_eq!(formatted(&["fmt", "-"], ""), (0, String::new()));
    assert_eq!(formatted(&["fmt", "-"], "a {"), (2, String::new()));
    assert_eq!(formatted(&["fmt", "--check", "-"], UNTIDY), (1, "standard input\n".to_owned()));
    assert_eq!(formatted(&["fmt", "--check", "-"], TIDY), (0, String::new()));
    assert_eq!(formatted(&["fmt", "-", "b.kdl"], TIDY).0, 2);
}
