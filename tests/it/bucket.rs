//! What holds of a folder holds of a bucket: runs killed at every point where the store is used, attempts that overlap,
//! prunes, chains, drills and locks, on a real server. Each trial has a prefix of its own.

use crate::every_point::{at_each, recorded};
use crate::overlap::{Frozen, copied};
use crate::peer::{self, S3};
use crate::s3::{space_in, turned};
use crate::space::{Space, ended, tree};
use crate::stores::{Audit, audit, check_catalog};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A strategy whose first store is a bucket of the server, below a prefix of its own.
struct Bucket<'a> {
    server: &'a S3,
    prefix: String,
    space: Space,
}

static TRIALS: AtomicUsize = AtomicUsize::new(0);

impl<'a> Bucket<'a> {
    fn new(server: &'a S3) -> Self {
        Self::with(server, "")
    }

    fn with(server: &'a S3, words: &str) -> Self {
        let prefix = format!("trial-{}/", TRIALS.fetch_add(1, Ordering::Relaxed));
        let space = turned(space_in(&server.endpoint(), &prefix, words));
        Self { server, prefix, space }
    }

    /// The objects below the prefix, as files: the server keeps them so.
    fn audit(&self) -> Audit {
        audit(&peer::object(self.server, &self.prefix))
    }

    /// The bucket and the folder hold `count` artifacts with their bytes, and nothing else; no upload is left open.
    #[track_caller]
    fn holds(&self, count: usize, about: &str) {
        for (store, audit) in [("bucket", self.audit()), ("folder", audit(&self.space.path("backups/local")))] {
            assert_eq!(audit.artifacts.len(), count, "{about}: {store}: {audit:?}");
            assert!(audit.faults.is_empty(), "{about}: {store}: {:#?}", audit.faults);
        }
        let open: Vec<String> = self.server.uploads().into_iter().filter(|key| key.starts_with(&self.prefix)).collect();
        assert!(open.is_empty(), "{about}: {open:?}");
    }
}

/// Places at which the bucket is used, and what is recorded of it.
fn of_the_bucket(name: &str) -> bool {
    let used = ["storage/", "in-", "before-", "after-", "journal/upload", "journal/attempt"];
    !name.contains("/probe") && used.iter().any(|begin| name.starts_with(begin))
}

#[test]
fn killed_at_every_point() {
    let server = S3::versitygw();
    let recording = Bucket::new(&server);
    let mut places = recorded(&recording.space, "run");
    places.retain(|name, _| of_the_bucket(name));
    // Bytes come over the network in as many pieces as they happen to.
    let by_chance = places.iter_mut().filter(|(name, _)| matches!(name.as_str(), "in-download" | "in-upload"));
    by_chance.for_each(|(_, passes)| *passes = 1);
    assert!(places.len() > 20, "{places:?}");
    at_each("into a bucket, and from there to a folder", &places, |point| {
        let bucket = Bucket::new(&server);
        bucket.space.run_until(point, "run").expect(137);
        bucket.space.run("run").expect(0);
        bucket.holds(1, point);
        check_catalog(&bucket.space);
        bucket.space.run("restore notes --from offsite --into back --confirm").expect(0);
    });
}

/// The first attempt stands still while another process, with a copy of its state, does all of the run.
#[test]
fn two_attempts_publish_once() {
    let server = S3::versitygw();
    for place in ["before-commit", "in-upload", "before-manifest", "after-manifest"] {
        let bucket = Bucket::new(&server);
        let frozen = Frozen::at(&bucket.space, place);
        copied(&bucket.space.path(".backstay"), &bucket.space.path("elsewhere"));
        let state = bucket.space.path("elsewhere");
        ended(bucket.space.command("run").env("BACKSTAY_STATE", &state)).expect(0).says("resumed");
        let first = frozen.go_on();
        assert_eq!(first.code, 0, "{place}: {}", first.err);
        bucket.holds(1, place);
        bucket.space.run("verify").expect(0);
    }
}

/// Marks, removals and the sweep, whole and cut off anywhere.
#[test]
fn prunes_and_prunes_that_are_killed() {
    const PRUNE: &str = "prune --confirm --safety-age 0s";
    let server = S3::versitygw();
    let three = || {
        let bucket = Bucket::new(&server);
        let rules = "    keep in=\"offsite\" { last 1; }\n    job \"tidy\" { prune \"offsite\"; }\n";
        bucket.space.edit("    job \"nightly\"", &format!("{rules}    job \"nightly\""));
        // A check of its own in the bucket: what is not verified lets nothing go.
        (0..3).for_each(|_| drop(bucket.space.run("run --job nightly").expect(0)));
        bucket.space.run("verify --store offsite").expect(0);
        bucket
    };
    let left = |bucket: &Bucket<'_>, about: &str| {
        let audit = bucket.audit();
        assert!(audit.artifacts.len() == 1 && audit.faults.is_empty(), "{about}: {audit:?}");
    };
    let whole = three();
    whole.space.run("prune").expect(0).says("Nothing was touched");
    assert_eq!(whole.audit().artifacts.len(), 3);
    let mut places = recorded(&whole.space, PRUNE);
    left(&whole, "whole");
    places.retain(|name, _| of_the_bucket(name));
    at_each("a prune of a bucket", &places, |point| {
        let bucket = three();
        bucket.space.run_until(point, PRUNE).expect(137);
        bucket.space.run("catalog rebuild").expect(0);
        bucket.space.run(PRUNE).expect(0);
        left(&bucket, point);
        bucket.space.run("restore notes --from offsite --into back --confirm").expect(0);
    });
}

/// A machine died while it sent, and its state is lost: nobody goes on, and the server keeps the parts until they are cleared away.
#[test]
fn what_a_lost_machine_was_sending() {
    let server = S3::versitygw();
    let bucket = Bucket::new(&server);
    let rules = "    keep in=\"offsite\" { last 1; }\n    job \"tidy\" { prune \"offsite\"; }\n";
    bucket.space.edit("    job \"nightly\"", &format!("{rules}    job \"nightly\""));
    bucket.space.run("run --job nightly").expect(0);
    bucket.space.run_until("storage/put-part/after", "run --job nightly").expect(137);
    assert_eq!(server.uploads().len(), 1);
    fs::remove_dir_all(bucket.space.path(".backstay")).unwrap();
    bucket.space.run("catalog rebuild").expect(0);
    let told = bucket.space.run("catalog check");
    assert!(
        format!("{}{}", told.out, told.err).contains("began to send and did not end it"),
        "{} {}",
        told.out,
        told.err
    );
    // Another machine may be at it.
    bucket.space.run("prune --confirm --safety-age 1h").expect(0);
    assert_eq!(server.uploads().len(), 1);
    bucket.space.run("prune --confirm --safety-age 0s").expect(0);
    bucket.holds(1, "cleared away");
}

/// A differential, its check, its copy, its drill, and one file of it.
#[test]
fn chains_and_drills() {
    let server = S3::versitygw();
    let bucket = Bucket::new(&server);
    let space = &bucket.space;
    space.edit(
        "    job \"nightly\"",
        "    target \"scratch\" engine=\"files\" { directory \"scratch\" }\n    \
         job \"drill\" { restore \"notes\" from=\"offsite\" into=\"scratch\" }\n    job \"nightly\"",
    );
    space.write("data/stays.bin", &crate::space::noise(300_000));
    std::thread::sleep(Duration::from_millis(4100));
    space.run("run --job nightly").expect(0);
    space.write("data/late.txt", b"late\n");
    std::thread::sleep(Duration::from_millis(4100));
    space.edit("backup \"notes\" to=\"offsite\"", "backup \"notes\" type=\"differential\" to=\"offsite\"");
    space.edit("    job \"drill\"", "    job \"full\" { backup \"notes\" to=\"offsite\"; }\n    job \"drill\"");
    space.run("run --job nightly").expect(0).says("what changed since artifact");
    bucket.holds(2, "a chain");
    space.run("run --job drill").expect(0).says("with 1 before it");
    space.run("restore notes --from offsite --file stays.bin --into part --confirm").expect(0).says("were read");
    assert_eq!(fs::read(space.path("part/stays.bin")).unwrap(), fs::read(space.path("data/stays.bin")).unwrap());
    space.run("restore notes --from offsite --into back --confirm").expect(0).says("from a chain of 2");
    let back = tree(&space.path("back"));
    assert!(back.keys().any(|name| name.ends_with("late.txt")), "{back:?}");
    assert_eq!(fs::read_dir(space.path("scratch")).unwrap().count(), 0);
}

/// Objects that the server itself lets nobody remove, and a prune that does not try.
#[test]
fn copies_that_nobody_can_remove() {
    let server = S3::versitygw_with_locks();
    let bucket = Bucket::with(&server, "; immutable \"1d\"");
    let space = &bucket.space;
    space.edit(
        "    job \"nightly\"",
        "    keep in=\"offsite\" { last 1; }\n    job \"tidy\" { prune \"offsite\"; }\n    job \"nightly\"",
    );
    for _ in 0..2 {
        space.run("run --job nightly").expect(0);
    }
    space.run("verify --store offsite").expect(0);
    let bytes = server.keys().into_iter().find(|key| key.contains("/a-") && key.ends_with(".tar")).unwrap();
    let retention = server.ask("GET", &format!("/{bytes}?retention="), &[]);
    assert!(retention.contains("<Mode>COMPLIANCE</Mode>") && retention.contains("RetainUntilDate"), "{retention}");
    let kept = space.run("plan --refresh --verbose").expect(0).out;
    assert!(kept.contains("locked until"), "{kept}");
    space.run("prune --confirm --safety-age 0s").expect(0);
    bucket.holds(2, "locked");
    let known = space.run("catalog list --format json").expect(0).out;
    assert_eq!(known.matches("\"locked-until\": \"20").count(), 2, "{known}");
}
