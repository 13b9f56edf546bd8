//! A backup that is cut off is made anew, and what the store has of it already is not sent again; it is not believed either.

use crate::missing_parts::{SPOIL, again, loses_its_network, part_of, space as unstarted};
use crate::overlap::{Frozen, copied, one_each};
use crate::peer::S3;
use crate::s3::{space_in, turned};
use crate::space::{Space, ended, noise, tree};
use crate::stores::audit;
use std::fs;
use std::os::unix::fs::FileExt;

/// Of the backup: after four of its six parts.
const TOLD: &str = "journal/parts-stored/after#1";
/// Two times six parts and an index.
const ALL: usize = 14;
const THERE: &str = "were there of another attempt";

/// Cut off with four parts of the backup in its store.
fn cut_off() -> Space {
    let space = unstarted();
    space.run_until(TOLD, "run").expect(137);
    space
}

/// Changes a byte of the large file, which nothing else tells.
fn change(space: &Space, at: u64) {
    let path = space.path("data/large");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    file.set_modified(modified).unwrap();
}

/// The artifact is the tree as it is now, in both stores.
#[track_caller]
fn holds_what_is_there(space: &Space, about: &str) {
    for (store, into) in [("local", "one"), ("offsite", "other")] {
        space.holds(&format!("backups/{store}"), 1);
        space.run(&format!("restore notes --from {store} --into {into} --confirm")).expect(0);
        let mut data = tree(&space.path("data"));
        data.retain(|path, _| !path.ends_with("skipped.tmp"));
        assert_eq!(tree(&space.path(into)), data, "{about}: {store}");
    }
}

#[test]
fn a_backup_goes_on_at_the_missing_parts() {
    let places = [
        ("journal/parts-stored/before#1", ALL, false),
        (TOLD, ALL - 4, true),
        ("before-commit#1", ALL - 4, true),
        // The bytes are there under their name, and nothing says that they are those that are made now.
        ("storage/commit/after#1", ALL, false),
    ];
    for (place, parts, there) in places {
        let space = unstarted();
        space.run_until(place, "run").expect(137);
        let (ran, sent) = again(&space);
        assert_eq!((sent, ran.err.contains(THERE)), (parts, there), "{place}: {}", ran.err);
        one_each(&space, place);
    }
}

#[test]
fn what_changed_meanwhile_is_sent_again() {
    // In the third part: the fourth is as it was.
    let space = cut_off();
    change(&space, 20_000_000);
    let (ran, sent) = again(&space);
    assert_eq!((sent, ran.err.contains(THERE)), (ALL - 3, true), "{}", ran.err);
    holds_what_is_there(&space, "one byte");
    // Its time is in the first one, before its bytes.
    let space = cut_off();
    space.write("data/large", &noise(41 << 20));
    let (ran, sent) = again(&space);
    assert_eq!((sent, ran.err.contains(THERE)), (ALL - 3, true), "{}", ran.err);
    holds_what_is_there(&space, "a time");
}

/// What was replaced is not taken for what it was before, by whoever goes on after that.
#[test]
fn it_is_made_again_and_again() {
    let space = cut_off();
    for place in ["made-anew", "before-commit"] {
        space.run_until(place, "run").expect(137);
    }
    change(&space, 20_000_000);
    // The third part is about to be replaced, and then it is.
    for place in ["journal/parts-stored/before", "journal/parts-stored/after", "storage/put-part/after"] {
        space.run_until(place, "run").expect(137);
    }
    change(&space, 20_000_000);
    let (ran, sent) = again(&space);
    assert_eq!((sent, ran.err.contains(THERE)), (ALL - 2, true), "{}", ran.err);
    holds_what_is_there(&space, "again");
}

#[test]
fn parts_that_are_not_what_they_were_are_found_and_sent_again() {
    for spoil in SPOIL {
        let space = cut_off();
        spoil(&part_of(&space, "local"));
        let (ran, _) = again(&space);
        assert!(ran.err.contains("is of no use") && !ran.err.contains(THERE), "{}", ran.err);
        one_each(&space, "spoiled");
    }
}

/// A folder keeps what is behind the end of a smaller artifact.
#[test]
fn a_smaller_one_begins_anew() {
    let space = cut_off();
    space.write("data/large", &noise(10 << 20));
    let (ran, _) = again(&space);
    assert!(ran.err.contains("is of no use") && !ran.err.contains(THERE), "{}", ran.err);
    holds_what_is_there(&space, "smaller");
}

/// Compressed it comes out the same; encrypted it never does, and nobody goes on with it.
#[test]
fn what_is_compressed_is_made_anew_and_what_is_encrypted_is_not() {
    let space = unstarted();
    space.edit("path \"backups/local\"", "path \"backups/local\"; compress \"zstd\"");
    space.run_until(TOLD, "run").expect(137);
    let (ran, sent) = again(&space);
    assert_eq!((sent, ran.err.contains(THERE)), (ALL - 4, true), "{}", ran.err);
    holds_what_is_there(&space, "compressed");
    let space = unstarted();
    let recipient = crate::encoded::keys(&space, "key.txt");
    for store in ["local", "offsite"] {
        let path = format!("path \"backups/{store}\"");
        space.edit(&path, &format!("{path}; encrypt \"{recipient}\"; identity (file)\"key.txt\""));
    }
    space.run_until("before-commit#1", "run").expect(137);
    let (ran, sent) = again(&space);
    assert_eq!((sent, ran.err.contains(THERE)), (ALL, false), "{}", ran.err);
    holds_what_is_there(&space, "encrypted");
}

/// A run of another plan does not go on: what is there is removed.
#[test]
fn nothing_is_left_when_nobody_goes_on() {
    let space = cut_off();
    part_of(&space, "local");
    space.edit("exclude \"**/*.tmp\"", "");
    let (ran, sent) = again(&space);
    assert_eq!((sent, ran.err.contains(THERE)), (ALL, false), "{}", ran.err);
    one_each(&space, "another plan");
}

/// Into a bucket: the server keeps the parts.
#[test]
fn a_backup_into_a_bucket_goes_on() {
    let server = S3::versitygw();
    let space = turned(space_in(&server.endpoint(), "anew/", ""));
    space.write("data/large", &noise(50 << 20));
    space.run_until("journal/parts-stored/after", "run").expect(137);
    assert_eq!(server.uploads().len(), 1);
    change(&space, 20_000_000);
    let (ran, _) = again(&space);
    assert!(ran.err.contains(THERE), "{}", ran.err);
    let audit = audit(&crate::peer::object(&server, "anew/"));
    assert!(audit.artifacts.len() == 1 && audit.faults.is_empty(), "{audit:?}");
    assert_eq!(server.uploads(), Vec::<String>::new());
    space.run("verify").expect(0);
    space.run("restore notes --from offsite --into back --confirm").expect(0);
    assert_eq!(fs::read(space.path("back/large")).unwrap(), fs::read(space.path("data/large")).unwrap());
}

#[test]
fn an_attempt_that_lost_its_network_is_gone_on_with() {
    loses_its_network("anew/", TOLD, THERE, turned);
}

/// The first stands still while another process, with a copy of its state, makes something else: that one is not alone, sends
/// nothing into the upload of the first, and both come to one artifact.
#[test]
fn whoever_is_not_alone_goes_on_with_nothing() {
    let server = S3::versitygw();
    for place in [TOLD, "storage/put-part/after#6", "before-commit#1", "storage/commit/after#1", "before-manifest#1"] {
        let prefix = place.replace(['/', '#'], "-") + "/";
        for space in [unstarted(), turned(space_in(&server.endpoint(), &prefix, ""))] {
            space.write("data/large", &noise(41 << 20));
            let frozen = Frozen::at(&space, place);
            copied(&space.path(".backstay"), &space.path("elsewhere"));
            change(&space, 20_000_000);
            let mut second = space.command("run");
            let second = ended(second.env("BACKSTAY_STATE", space.path("elsewhere"))).expect(0).says("resumed");
            assert!(!second.err.contains(THERE), "{place}: {}", second.err);
            let first = frozen.go_on();
            assert_eq!(first.code, 0, "{place}: {}", first.err);
            space.run("verify").expect(0);
            let into = space.path("back");
            space.run("restore notes --into back --confirm").expect(0);
            assert_eq!(fs::read(into.join("large")).unwrap(), fs::read(space.path("data/large")).unwrap());
        }
        assert_eq!(server.uploads(), Vec::<String>::new(), "{place}");
        let audit = audit(&crate::peer::object(&server, &prefix));
        assert!(audit.artifacts.len() == 1 && audit.faults.is_empty(), "{place}: {audit:?}");
    }
}
