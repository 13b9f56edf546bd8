//! Conformance of a storage, on the bundled `fs`: what the host promises its callers whatever the plugin does.

use super::{Heard, NO_SECRETS, cache, dir_grant, plugin_use};
use bytes::Bytes;
use runtime::artifact::channel;
use runtime::plugin::{Body, Created, Host, Listed, Storage};
use schema::report::ProblemKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

struct Vault {
    place: TempDir,
    storage: Storage,
}

impl Vault {
    async fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().join("vault");
        std::fs::create_dir(&root).expect("made");
        let host = Host::new(cache()).expect("a host");
        let used = plugin_use("fs", vec![dir_grant(Path::new("vault"))]);
        let observers = Arc::<Heard>::default().observers();
        let storage = Storage::open(&host, &used, place.path(), Arc::new(NO_SECRETS), observers).await;
        Self { place, storage: storage.expect("opened") }
    }

    fn root(&self) -> PathBuf {
        self.place.path().join("vault")
    }

    /// All files, hidden ones too.
    fn files(&self) -> Vec<String> {
        let mut files: Vec<String> = walkdir::WalkDir::new(self.root())
            .into_iter()
            .map(|entry| entry.expect("an entry"))
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| entry.path().strip_prefix(self.root()).expect("below").to_str().expect("UTF-8").to_owned())
            .collect();
        files.sort();
        files
    }

    async fn read(&self, key: &str) -> runtime::Result<Vec<u8>> {
        let (sink, mut feed) = channel();
        let reading = async {
            let size = self.storage.get(key, &sink).await?;
            sink.finish().await.map(|()| size)
        };
        let collecting = async {
            let mut all = Vec::new();
            while let Ok(Some(chunk)) = feed.next().await {
                all.extend_from_slice(&chunk);
            }
            all
        };
        let (size, all) = tokio::join!(reading, collecting);
        assert_eq!(size?, all.len() as u64);
        Ok(all)
    }
}

/// Bytes that differ everywhere.
fn bytes(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 31 + at / 251 + seed) % 256).expect("a byte")).collect()
}

/// A part of an object, in chunks of odd sizes.
fn part(all: &[u8], from: usize, to: usize) -> Body {
    let chunks = all[from..to].chunks(777).map(Bytes::copy_from_slice).collect();
    Body::new(from as u64, chunks)
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_twice_and_out_of_order_make_the_object() {
    let vault = Vault::new().await;
    let (all, key) = (bytes(10_000, 1), "s/db/id/1/x.dump");
    let plan = vault.storage.prepare(key, None).await.expect("a plan");
    assert!(plan.part_size >= 1 << 20 && plan.max_parts > 1000 && plan.parallel == 1, "{plan:?}");
    let session = vault.storage.begin(key, None).await.expect("begun");
    let mut receipts = vec![vec![]; 4];
    for n in [2, 0, 3, 1, 2, 0, 3, 1] {
        let (from, to) = (n * 3000, (n * 3000 + 3000).min(all.len()));
        let number = u32::try_from(n).expect("small") + 1;
        receipts[n] = vault.storage.put_part(&session, number, part(&all, from, to)).await.expect("put");
        assert_eq!(vault.storage.stat(key).await.expect("stat"), None, "nothing is visible before the commit");
        assert!(vault.storage.list("").await.expect("list").is_empty());
    }
    vault.storage.commit(&session, &receipts).await.expect("committed");
    vault.storage.commit(&session, &receipts).await.expect("committed again");
    assert_eq!(vault.read(key).await.expect("read"), all);
    assert_eq!(vault.storage.stat(key).await.expect("stat"), Some(10_000));
    assert_eq!(vault.files(), [key]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_needs_every_part() {
    let vault = Vault::new().await;
    let all = bytes(6000, 2);
    let session = vault.storage.begin("a", Some(6000)).await.expect("begun");
    let first = vault.storage.put_part(&session, 1, part(&all, 0, 3000)).await.expect("put");
    let third = vault.storage.put_part(&session, 3, part(&all, 5000, 6000)).await.expect("put");
    for receipts in [vec![first.clone()], vec![first.clone(), third.clone()], vec![third], vec![b"{}".to_vec()], vec![]]
    {
        assert!(vault.storage.commit(&session, &receipts).await.is_err());
        assert_eq!(vault.storage.stat("a").await.expect("stat"), None);
    }
    vault.storage.abort(&session).await.expect("aborted");
    vault.storage.abort(&session).await.expect("aborted again");
    assert!(vault.files().is_empty());
    assert!(
        vault.storage.put_part(&session, 1, part(&all, 0, 3000)).await.is_err(),
        "an aborted session takes no part"
    );
    assert!(vault.storage.commit(b"not a session", &[]).await.is_err());
    vault.storage.create("a", b"theirs").await.expect("created");
    assert!(vault.storage.abort(b"a\na\n").await.is_err(), "a forged session removes no object");
    assert_eq!(vault.files(), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_never_overwritten() {
    let vault = Vault::new().await;
    let (ours, theirs) = (bytes(500, 3), bytes(700, 4));
    let session = vault.storage.begin("a/b", None).await.expect("begun");
    let receipt = vault.storage.put_part(&session, 1, part(&ours, 0, 500)).await.expect("put");
    assert_eq!(vault.storage.create("a/b", &theirs).await.expect("created"), Created::Created);
    let lost = vault.storage.commit(&session, &[receipt]).await.expect_err("taken");
    assert_eq!((lost.kind, lost.code), (ProblemKind::Conflict, "object-exists"));
    let late = vault.storage.begin("a/b", None).await.expect_err("taken");
    assert_eq!(late.kind, ProblemKind::Conflict);
    assert_eq!(vault.storage.create("a/b", &ours).await.expect("answered"), Created::Exists);
    assert_eq!(vault.read("a/b").await.expect("read"), theirs);
    vault.storage.abort(&session).await.expect("aborted");
    assert_eq!(vault.read("a/b").await.expect("read"), theirs);
    assert_eq!(vault.files(), ["a/b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_creators_one_wins() {
    let vault = Vault::new().await;
    for round in 0..10 {
        let key = format!("race/{round}/manifest.json");
        let mut racers = tokio::task::JoinSet::new();
        for racer in 0..8usize {
            let (storage, key) = (vault.storage.clone(), key.clone());
            racers.spawn(async move { (racer, storage.create(&key, &bytes(2000 + racer, racer)).await) });
        }
        let mut winners = Vec::new();
        while let Some(raced) = racers.join_next().await {
            let (racer, created) = raced.expect("no panic");
            if created.expect("an answer") == Created::Created {
                winners.push(racer);
            }
        }
        let [winner] = winners[..] else { panic!("winners: {winners:?}") };
        assert_eq!(vault.read(&key).await.expect("read"), bytes(2000 + winner, winner));
    }
    assert_eq!(vault.files().len(), 10, "no temporary file stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_while_others_delete_next_door_works() {
    let vault = Vault::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let storage = vault.storage.clone();
        tasks.spawn(async move {
            let key = format!("x/y/{n}");
            storage.create(&key, b"1").await?;
            storage.delete(&key).await
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic").expect("created and deleted");
    }
    assert_eq!(std::fs::read_dir(vault.root()).expect("read").count(), 0, "empty folders go");
}

#[tokio::test(flavor = "multi_thread")]
async fn listing_reading_and_deleting() {
    let vault = Vault::new().await;
    for (key, size) in [("a/b", 1), ("a.b", 2), ("a/c/d", 3), ("ab", 4), ("b", 0)] {
        vault.storage.create(key, &bytes(size, 0)).await.expect("created");
    }
    let keys = async |prefix: &str| {
        let listed = vault.storage.list(prefix).await.expect("listed");
        listed.into_iter().map(|Listed { key, size }| format!("{key}={size}")).collect::<Vec<_>>()
    };
    assert_eq!(keys("").await, ["a.b=2", "a/b=1", "a/c/d=3", "ab=4", "b=0"]);
    assert_eq!(keys("a/").await, ["a/b=1", "a/c/d=3"]);
    assert_eq!(keys("a/c").await, ["a/c/d=3"]);
    assert!(keys("zz/").await.is_empty());
    assert_eq!(vault.read("b").await.expect("read"), b"");
    assert_eq!(vault.storage.get_small("ab", 4).await.expect("read"), Some(bytes(4, 0)));
    assert_eq!(vault.storage.get_small("ab", 3).await.expect_err("too large").code, "object-too-large");
    assert_eq!(vault.storage.get_small("missing", 3).await.expect("read"), None);
    assert_eq!(vault.read("missing").await.expect_err("missing").code, "object-missing");
    assert_eq!(vault.storage.stat("a").await.expect("a folder is no object"), None);
    vault.storage.begin("a/b2", None).await.expect("begun");
    vault.storage.begin("a/b2", None).await.expect("begun twice");
    vault.storage.delete("a/b2").await.expect("leftovers removed");
    for key in ["a/b", "a/b", "missing", "no/such/folder"] {
        vault.storage.delete(key).await.expect("deleted");
    }
    assert_eq!(vault.files(), ["a.b", "a/c/d", "ab", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_objects_than_a_page_are_listed() {
    let vault = Vault::new().await;
    std::fs::create_dir(vault.root().join("p")).expect("made");
    for n in 0..2500 {
        std::fs::write(vault.root().join(format!("p/{n:05}")), b"x").expect("written");
    }
    let listed = vault.storage.list("p/").await.expect("listed");
    assert_eq!(listed.len(), 2500);
    assert!(listed.is_sorted_by(|a, b| a.key < b.key));
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_keys_reach_no_guest() {
    let vault = Vault::new().await;
    for key in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".hidden", "a\0b", "a\\b", "%2e%2e/x", "é"] {
        assert_eq!(vault.storage.create(key, b"x").await.expect_err(key).code, "bad-key");
        assert_eq!(vault.storage.begin(key, None).await.expect_err(key).code, "bad-key");
        assert_eq!(vault.storage.stat(key).await.expect_err(key).code, "bad-key");
        assert_eq!(vault.storage.delete(key).await.expect_err(key).code, "bad-key");
    }
    assert!(vault.files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn links_do_not_lead_out() {
    let vault = Vault::new().await;
    let outside = vault.place.path().join("outside");
    std::fs::create_dir(&outside).expect("made");
    std::fs::write(outside.join("secret"), b"secret").expect("written");
    std::os::unix::fs::symlink(&outside, vault.root().join("out")).expect("linked");
    std::os::unix::fs::symlink(outside.join("secret"), vault.root().join("file")).expect("linked");
    for key in ["out/secret", "file"] {
        let read = vault.read(key).await.expect_err("refused");
        assert_eq!(read.code, "grant-denied", "{read:?}");
    }
    assert_eq!(vault.storage.create("out/new", b"x").await.expect_err("refused").code, "grant-denied");
    assert!(vault.storage.create("file/new", b"x").await.is_err());
    assert!(vault.storage.delete("out/secret").await.is_err());
    assert!(vault.storage.list("").await.expect("listed").is_empty(), "links are not listed");
    assert_eq!(std::fs::read(outside.join("secret")).expect("read"), b"secret");
    assert_eq!(std::fs::read_dir(&outside).expect("read").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_vanished_is_named() {
    let vault = Vault::new().await;
    vault.storage.create("a", b"x").await.expect("created");
    std::fs::rename(vault.root(), vault.place.path().join("gone")).expect("renamed");
    for error in [
        vault.storage.create("b", b"x").await.expect_err("gone"),
        vault.storage.list("").await.expect_err("gone"),
        vault.storage.stat("a").await.expect_err("gone"),
    ] {
        assert_eq!((error.code, error.kind), ("directory-missing", ProblemKind::Permanent));
        assert!(error.message.contains("/vault`"), "{}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_ends_the_call() {
    let vault = Vault::new().await;
    std::fs::write(vault.root().join("big"), bytes(8 << 20, 0)).expect("written");
    let (sink, feed) = channel();
    drop(feed);
    let error = vault.storage.get("big", &sink).await.expect_err("nobody reads");
    assert_eq!(error.code, "consumer-gone");
}
