//! A transfer that is cut off goes on behind the parts that its store has, whoever was cut off and wherever; and what is
//! there of another attempt is not believed.

use crate::faults::wait_for;
use crate::overlap::{Frozen, copied, one_each};
use crate::peer::{Proxy, S3};
use crate::s3::space_in;
use crate::space::{Ran, Space, ended, noise};
use crate::stores::audit;
use std::fs;
use std::path::PathBuf;

/// Six parts in a folder: the journal is told of the first four together.
const BYTES: usize = 41 << 20;
/// How often a part is sent, of the artifact's bytes and of its index.
const SENT: &str = "storage/put-part/before#";
/// Those of the backup are told of before.
const TOLD: &str = "journal/parts-stored/after#2";

pub(crate) fn space() -> Space {
    let space = Space::quickstart();
    space.edit("bandwidth=\"80MiB/s\"", "");
    space.write("data/large", &noise(BYTES));
    space
}

/// Goes on with the run; how it ended, and how many parts it sent.
pub(crate) fn again(space: &Space) -> (Ran, usize) {
    let log = space.path("again.log");
    let _ = fs::remove_file(&log);
    let ran = ended(space.command("run").env("BACKSTAY_FAULT_LOG", &log)).expect(0);
    let log = fs::read_to_string(log).unwrap();
    (ran, log.lines().filter(|line| line.starts_with(SENT)).count())
}

/// What can become of the file that parts are written into.
pub(crate) const SPOIL: [fn(&PathBuf); 3] = [
    |part| {
        let mut bytes = fs::read(part).unwrap();
        bytes[20_000_000] ^= 1;
        fs::write(part, bytes).unwrap();
    },
    |part| fs::write(part, b"").unwrap(),
    |part| fs::remove_file(part).unwrap(),
];

/// The file that parts are written into.
pub(crate) fn part_of(space: &Space, store: &str) -> PathBuf {
    let store = format!("backups/{store}");
    let files = space.files(&store);
    let part = files.iter().find(|name| name.ends_with(".part")).unwrap_or_else(|| panic!("{files:?}"));
    space.path(&store).join(part)
}

/// Where the transfer of a whole run is killed, and how many parts are sent after that.
const KILLS: [(&str, usize); 8] = [
    // Nobody knows what is there: all six, and the index.
    ("in-transfer", 7),
    ("journal/parts-stored/before#2", 7),
    (TOLD, 3),
    // The last part is there, and not in the journal.
    ("before-commit#3", 3),
    // The bytes are there, under their name.
    ("journal/upload-started/before#7", 1),
    ("before-commit#4", 1),
    ("before-manifest#2", 1),
    ("after-manifest#2", 0),
];

#[test]
fn a_transfer_goes_on_at_the_missing_parts() {
    let whole = space();
    let (_, sent) = again(&whole);
    assert_eq!(sent, 14, "two times six parts and an index");
    for (place, missing) in KILLS {
        let space = space();
        space.run_until(place, "run").expect(137);
        let (ran, sent) = again(&space);
        assert_eq!(sent, missing, "{place}: {}", ran.err);
        assert_eq!(ran.err.contains("gone on with behind"), [1, 3].contains(&missing), "{place}: {}", ran.err);
        one_each(&space, place);
    }
    println!("cut off at {} places", KILLS.len());
}

/// Whoever goes on is cut off as well.
#[test]
fn it_goes_on_again_and_again() {
    let space = space();
    space.run_until(TOLD, "run").expect(137);
    for place in ["gone-on", "storage/put-part/after", "before-commit", "storage/commit/after", "storage/commit/after"]
    {
        space.run_until(place, "run").expect(137);
    }
    let (ran, sent) = again(&space);
    assert_eq!(sent, 1, "the index: {}", ran.err);
    one_each(&space, "again");
}

#[test]
fn parts_that_are_not_what_they_were_are_found_and_sent_again() {
    for spoil in SPOIL {
        let space = space();
        space.run_until(TOLD, "run").expect(137);
        spoil(&part_of(&space, "offsite"));
        let (ran, _) = again(&space);
        assert!(ran.err.contains("is of no use") && !ran.err.contains("gone on with behind"), "{}", ran.err);
        one_each(&space, "spoiled");
    }
}

/// What is kept for whoever goes on does not outlive a run that does not.
#[test]
fn nothing_is_left_when_nobody_goes_on() {
    let space = space();
    space.run_until(TOLD, "run").expect(137);
    part_of(&space, "offsite");
    let ran = space.run("run --skip */transfer/** --skip */verify/** --confirm");
    assert_eq!(ran.code, 6, "{}", ran.err);
    let audit = audit(&space.path("backups/offsite"));
    assert!(audit.artifacts.is_empty() && audit.faults.is_empty(), "{audit:?}");
}

/// The first stands still while another process, with a copy of its state, goes on with the same upload and publishes.
#[test]
fn two_that_go_on_with_one_upload_publish_once() {
    for place in [TOLD, "before-commit#3", "before-manifest#2"] {
        let space = space();
        let frozen = Frozen::at(&space, place);
        copied(&space.path(".backstay"), &space.path("elsewhere"));
        let state = space.path("elsewhere");
        ended(space.command("run").env("BACKSTAY_STATE", &state)).expect(0).says("resumed");
        let first = frozen.go_on();
        assert_eq!(first.code, 0, "{place}: {}", first.err);
        one_each(&space, place);
        space.run("verify").expect(0);
    }
}

/// Into a bucket: the server keeps the parts.
#[test]
fn a_transfer_into_a_bucket_goes_on() {
    let server = S3::versitygw();
    let space = space_in(&server.endpoint(), "missing/", "");
    space.edit("bandwidth=\"80MiB/s\"", "");
    space.write("data/large", &noise(50 << 20));
    space.run_until(TOLD, "run").expect(137);
    assert_eq!(server.uploads().len(), 1);
    let (ran, sent) = again(&space);
    // Seven parts of 8 MiB, sent side by side, and the index: four at least are not sent again, and where the server was
    // quicker than the journal, none of the seven is.
    assert!((1..=4).contains(&sent), "{sent}: {}", ran.err);
    assert!(ran.err.contains("gone on with behind"), "{}", ran.err);
    let audit = audit(&crate::peer::object(&server, "missing/"));
    assert!(audit.artifacts.len() == 1 && audit.faults.is_empty(), "{audit:?}");
    assert_eq!(server.uploads(), Vec::<String>::new());
    space.run("verify").expect(0);
}

#[test]
fn an_attempt_that_lost_its_network_is_gone_on_with() {
    loses_its_network("missing/", TOLD, "gone on with behind", |space| {
        space.edit("bandwidth=\"80MiB/s\"", "");
        space
    });
}

/// The network is gone after a place, until the attempt has given up: the next one of the same run goes on, and says so.
pub(crate) fn loses_its_network(prefix: &str, place: &str, says: &str, changed: fn(Space) -> Space) {
    let server = S3::versitygw();
    let proxy = Proxy::before(server.running.port);
    let space = changed(space_in(&format!("http://127.0.0.1:{}", proxy.port), prefix, ""));
    space.write("data/large", &noise(120 << 20));
    // Of one connection; four parts at once take two seconds.
    proxy.add("bandwidth", "upstream", 1.0, "\"rate\":8000");
    let log = space.path("places.log");
    let came_by = |place: &str| fs::read_to_string(&log).is_ok_and(|log| log.contains(place));
    let mut command = space.command("run");
    let run = command.env("BACKSTAY_FAULT_LOG", &log).stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_for(|| came_by(place));
    proxy.add("reset_peer", "upstream", 1.0, "\"timeout\":0");
    wait_for(|| came_by("journal/attempt-ended/after"));
    proxy.remove("reset_peer");
    proxy.remove("bandwidth");
    let output = run.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && err.contains(says), "{err}");
    let audit = audit(&crate::peer::object(&server, prefix));
    assert!(audit.artifacts.len() == 1 && audit.faults.is_empty(), "{audit:?}");
    assert_eq!(server.uploads(), Vec::<String>::new());
}
