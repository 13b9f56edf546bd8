//! `init`: from flags, from lines on standard input, and what it never does.

use crate::space::{Ran, Space};
use std::io::Write;
use std::process::Stdio;

/// `init` with these lines as a person's answers.
fn told(space: &Space, arguments: &str, lines: &str) -> Ran {
    let mut command = space.command(&format!("init {arguments}"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn what_is_written_runs() {
    let space = Space::new();
    space.write("data/one.txt", b"one\n");
    space.run("init --name notes --environment development --timezone UTC").expect(0).says("valid, nothing to remark");
    let shown = space.run("validate").expect(0);
    assert!(shown.out.contains("0 errors, 0 warnings") && shown.err.is_empty(), "{shown:?}");
    space.run("run").expect(0);
    space.holds("backups/vault", 1);
    space.holds("backups/offsite", 1);
    std::fs::write(space.path("data/one.txt"), b"damaged").unwrap();
    space.run("restore files --confirm").expect(0);
    assert_eq!(std::fs::read(space.path("data/one.txt")).unwrap(), b"one\n");
}

#[test]
fn what_cannot_be_run_is_said() {
    let space = Space::new();
    let ran = space.run("init --engine neo4j --edition enterprise --size 10GiB --cpus 8").expect(0);
    for text in
        ["`edition`: an Enterprise server is planned, and cannot be run yet", "`cpus`: a run does", "`schedule`: shown"]
    {
        assert!(ran.err.contains(text), "no `{text}` in {}", ran.err);
    }
    let text = std::fs::read_to_string(space.path("strategy.kdl")).unwrap();
    assert!(text.contains("refuses to run it"), "{text}");
    let community = space.run("init --engine neo4j --out -").expect(0);
    assert!(!community.err.contains("`edition`") && !community.out.contains("refuses to run"), "{community:?}");
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let space = Space::new();
    space.write("strategy.kdl", b"mine");
    space.run("init --defaults").expect(2).says("file-exists");
    std::os::unix::fs::symlink("gone", space.path("link.kdl")).unwrap();
    space.run("init --defaults --out link.kdl").expect(2).says("file-exists");
    space.run("init --defaults --out no/such/folder.kdl").expect(1).says("no/such/folder.kdl");
    assert_eq!(std::fs::read(space.path("strategy.kdl")).unwrap(), b"mine");
    assert_eq!(space.files("").len(), 1, "{:?}", space.files(""));
    let printed = space.run("init --defaults --out -").expect(0);
    assert!(printed.out.starts_with("// A backup strategy"), "{}", printed.out);
    space.run("init --defaults --out other.kdl").expect(0);
    // The name comes from the folder, and the zone from the machine: the same for both.
    assert_eq!(std::fs::read_to_string(space.path("other.kdl")).unwrap(), printed.out);
}

#[test]
fn a_wrong_flag_is_told_and_nothing_is_written() {
    let space = Space::new();
    for (flags, why) in [
        ("--rpo 24", "`--rpo` is refused: `24` is not a duration"),
        ("--rpo 1h --schedule 30_2_*_*_*", "has 1 fields and not five"),
        ("--engine neo4j --root data", "`--root` means nothing beside the other answers"),
        ("--second-path none", "one store is one failure"),
        ("--timezone Mars/Olympus", "is no time zone"),
        ("--environment prod", "[possible values: development, staging, production]"),
    ] {
        space.run(&format!("init {flags}")).expect(2).says(why);
    }
    assert_eq!(space.files(""), Vec::<String>::new());
}

#[test]
fn questions_are_asked_by_lines_and_again_after_a_wrong_answer() {
    let space = Space::new();
    let lines = "orders\nproducton\ndevelopment\nfiles\n/srv/data\n";
    let rest = "\n".repeat(40);
    let ran = told(&space, "--ask --rpo 2h --timezone UTC", &format!("{lines}{rest}")).expect(0);
    let refused = ["not accepted: `producton` is none of the choices. Did you mean `production`?"];
    for text in refused.iter().chain(&["── What is protected", "rto [4h]:", "schedule [30 * * * *]:"]) {
        assert!(ran.err.contains(text), "no `{text}` in {}", ran.err);
    }
    assert!(!ran.err.contains("rpo ["), "a flag is not asked for: {}", ran.err);
    let text = std::fs::read_to_string(space.path("strategy.kdl")).unwrap();
    for line in ["strategy \"orders\"", "environment \"development\"", "root \"/srv/data\"", "rto \"4h\"", "rpo \"2h\""]
    {
        assert!(text.contains(line), "no `{line}` in {text}");
    }
}

#[test]
fn answers_that_end_early_write_nothing() {
    let space = Space::new();
    told(&space, "--ask", "orders\n").expect(2).says("standard input ended before the answer to `environment`");
    assert_eq!(space.files(""), Vec::<String>::new());
}

#[test]
fn a_server_that_does_not_answer_is_told() {
    let space = Space::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    space.run(&format!("init --from http://127.0.0.1:{port}")).expect(1).says("no-server");
    space.run("init --from ftp://127.0.0.1").expect(1).says("bad-url");
    assert_eq!(space.files(""), Vec::<String>::new());
}
