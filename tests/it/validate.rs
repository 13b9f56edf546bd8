//! What `validate` promises beside its findings: formats, input of any kind, and files that `--fix` leaves whole.

use crate::space::{BACKSTAY, Space, ended, top};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::{Duration, Instant};

/// A strategy with two mistakes that a machine can mend and one that it cannot.
const MISSPELT: &str =
    "strategy \"example\" {\n    enviroment \"development\"\n    objectives { rpo \"30 min\"; rto 30 }\n}\n";

#[test]
fn fixes_are_written_and_told() {
    let space = Space::new();
    space.write("strategy.kdl", MISSPELT.as_bytes());
    let path = space.path("strategy.kdl");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let ran = space.run("validate --fix").expect(2).says("missing-unit");
    assert!(ran.err.contains("fixed strategy.kdl:2:5 [unknown-node]: Write `environment`"), "{}", ran.err);
    let mended = MISSPELT.replace("enviroment", "environment").replace("30 min", "30m");
    assert_eq!(fs::read_to_string(&path).unwrap(), mended);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(fs::read_dir(space.dir.path()).unwrap().count(), 1, "something is left over");
    let again = space.run("validate --fix").expect(2);
    assert!(!again.err.contains("fixed"), "{}", again.err);
}

#[test]
fn fixes_go_through_links_and_keep_marks_and_line_ends() {
    let space = Space::new();
    let text = format!("\u{feff}{}", MISSPELT.replace('\n', "\r\n"));
    space.write("real/one.kdl", text.as_bytes());
    symlink("real/one.kdl", space.path("strategy.kdl")).unwrap();
    space.run("validate --fix").expect(2);
    assert!(fs::symlink_metadata(space.path("strategy.kdl")).unwrap().is_symlink());
    let mended = text.replace("enviroment", "environment").replace("30 min", "30m");
    assert_eq!(fs::read_to_string(space.path("real/one.kdl")).unwrap(), mended);
}

#[test]
fn a_file_that_cannot_be_replaced_is_left() {
    let space = Space::new();
    space.write("strategy.kdl", MISSPELT.as_bytes());
    // A name of the kind that the new text is written under is taken: by nobody, for each process has its own; so the
    // folder itself is made to refuse. Who may write everywhere gives that up first.
    let folder = space.dir.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
    let ran = if fs::write(folder.join("probe"), b"").is_err() {
        space.run("validate --fix")
    } else {
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set", "-dac_override,-dac_read_search", BACKSTAY, "validate", "--fix"]);
        ended(command.current_dir(folder))
    };
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    ran.expect(1).says("not-mended");
    assert_eq!(fs::read_to_string(space.path("strategy.kdl")).unwrap(), MISSPELT);
}

#[test]
fn a_plan_that_cannot_be_tells_why_as_json() {
    let space = Space::new();
    space.write("strategy.kdl", MISSPELT.as_bytes());
    let told = space.run("validate --format json").expect(2);
    let planned = space.run("plan --format json").expect(2);
    assert_eq!((&planned.out, planned.err.as_str()), (&told.out, ""));
    let read: serde_json::Value = serde_json::from_str(&planned.out).unwrap();
    assert!(read["valid"] == false && !read["diagnostics"].as_array().unwrap().is_empty(), "{read}");
    space.run("plan --format json --detailed-exitcode").expect(1);
    space.run("plan").expect(2).says("missing-unit");
    let unread = space.run("plan --format json --strategy nowhere.kdl").expect(2);
    assert!(unread.out.contains("strategy-unreadable") && unread.err.is_empty(), "{}{}", unread.out, unread.err);
    let space = Space::quickstart();
    let job = space.run("plan --format json --job nightyl").expect(2).out;
    assert!(job.contains("unknown-job"), "{job}");
}

#[test]
fn formats_are_on_standard_output_alone() {
    let space = Space::new();
    space.write("in fra/strategy.kdl", MISSPELT.as_bytes());
    for (format, beginning) in [
        ("json", "{\n  \"format\": 1,\n  \"valid\": false,"),
        ("sarif", "{\n  \"$schema\""),
        ("github", "::error file=in fra/strategy.kdl,line=2,"),
        ("junit", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
    ] {
        let mut command = space.command(&format!("validate --format {format}"));
        let ran = crate::space::ended(command.arg("in fra/strategy.kdl")).expect(2);
        assert!(ran.out.starts_with(beginning), "{format}: {}", ran.out);
        assert_eq!(ran.err, "", "{format}");
        let missing = space.run(&format!("validate --format {format} nowhere.kdl")).expect(2);
        assert!(missing.out.contains("strategy-unreadable"), "{format}: {}", missing.out);
    }
}

/// Whatever is named as the strategy, it ends soon and says why.
#[test]
fn what_is_no_file_is_refused_at_once() {
    let space = Space::new();
    fs::create_dir(space.path("folder")).unwrap();
    assert!(Command::new("mkfifo").arg(space.path("pipe")).status().unwrap().success());
    symlink("loop", space.path("loop")).unwrap();
    for (name, reason) in [
        ("folder", "it is a directory"),
        ("pipe", "not a file but a pipe"),
        ("/dev/zero", "not a file but a pipe, a socket or a device"),
        ("loop", "symbolic links"),
        ("nowhere.kdl", "No such file"),
    ] {
        let begun = Instant::now();
        space.run(&format!("validate {name}")).expect(2).says("strategy-unreadable").says(reason);
        space.run(&format!("plan {name}")).expect(2).says("strategy-unreadable");
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} took {:?}", begun.elapsed());
    }
}

#[test]
fn bytes_that_are_no_text_are_shown_where_they_are() {
    let space = Space::new();
    space.write("strategy.kdl", b"strategy \"x\" {\n    source \"f\xf6r\" engine=\"files\"\n}\n");
    space.run("validate").expect(2).says("wrong-encoding").says("which is `ö` in Latin-1").says("strategy.kdl:2:14");
    space.write("strategy.kdl", &vec![b'\n'; 9 * 1024 * 1024]);
    space.run("validate").expect(2).says("too-large");
}

/// The same number of nodes ten times over takes about ten times as long, and not a hundred times.
#[test]
fn a_hundred_thousand_nodes_are_no_trouble() {
    let space = Space::new();
    let strategy = |count: usize, broken: bool| {
        let mut text = String::from("strategy \"example\" {\n    environment \"development\"\n");
        for at in 0..count / 2 {
            let path = if broken { "pth" } else { "path" };
            text.push_str(&format!("    store \"s{at}\" plugin=\"fs\" {{ {path} \"s{at}\"; }}\n"));
        }
        text + "}\n"
    };
    let mut took = Vec::new();
    for count in [10_000, 100_000] {
        space.write("strategy.kdl", strategy(count, false).as_bytes());
        let begun = Instant::now();
        space.run("validate").expect(0);
        took.push(begun.elapsed());
    }
    assert!(took[1] < took[0] * 40, "{took:?}");
    space.write("strategy.kdl", strategy(10_000, true).as_bytes());
    let ran = space.run("validate").expect(2).says("and 4900 more");
    assert!(ran.out.contains("5000 errors"), "{}", ran.out);
}

#[test]
fn explain_knows_all_codes() {
    let space = Space::new();
    let ran = space.run("explain").expect(0);
    assert!(ran.out.lines().count() > 40, "{}", ran.out);
    for code in ["copies-too-few", "old-syntax", "strategy-unreadable"] {
        assert!(ran.out.lines().any(|line| line.starts_with(code)), "no {code}");
    }
    space.run("explain copies-to-few").expect(2).says("Did you mean `copies-too-few`?");
    assert!(top().join("docs/diagnostics.md").is_file());
}

/// Far in the east it is tomorrow already, or far in the west it is still yesterday: nobody's exception ends sooner for it.
#[test]
fn an_exception_ends_by_the_day_in_utc() {
    let space = Space::new();
    let ended_on = |day: jiff::civil::Date, zone: &str| {
        let policy = format!("policy {{ allow \"drill-missing\" reason=\"a test\" until=\"{day}\" }}");
        space.write(
            "strategy.kdl",
            format!("strategy \"example\" {{ environment \"development\"; {policy} }}\n").as_bytes(),
        );
        let ran = ended(space.command("validate --format json").env("TZ", zone));
        format!("{}{}", ran.out, ran.err).contains("exception-expired")
    };
    let today = || jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    for zone in ["<+14>-14", "<-12>12", "UTC"] {
        let day = today();
        let ends = (ended_on(day, zone), ended_on(day.yesterday().unwrap(), zone));
        // Unless midnight passed by.
        assert!(ends == (false, true) || today() != day, "{zone}: {ends:?}");
    }
}
