//! Conformance of a storage: what the host promises its callers whatever the plugin does. One suite, for every storage.

use super::{Heard, NO_SECRETS, cache, dir_grant, peer, plugin_use, s3};
use bytes::Bytes;
use runtime::artifact::channel;
use runtime::plugin::{Body, Created, Host, Listed, Storage};
use schema::report::ProblemKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Where the objects of a [`Vault`] are.
pub(crate) enum Place {
    Folder(TempDir),
    Bucket { server: Arc<peer::S3>, prefix: String },
}

/// An empty storage.
pub(crate) struct Vault {
    pub(crate) place: Place,
    pub(crate) storage: Storage,
    /// Bytes of a part that every storage of this kind takes.
    unit: usize,
}

impl Vault {
    pub(crate) async fn fs() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().join("vault");
        std::fs::create_dir(&root).expect("made");
        let host = Host::new(cache()).expect("a host");
        let used = plugin_use("fs", vec![dir_grant(Path::new("vault"))]);
        let observers = Arc::<Heard>::default().observers();
        let storage = Storage::open(&host, &used, place.path(), Arc::new(NO_SECRETS), observers).await;
        Self { place: Place::Folder(place), storage: storage.expect("opened"), unit: 3000 }
    }

    /// A folder of its own in the bucket of a server.
    pub(crate) async fn s3(server: &Arc<peer::S3>) -> Self {
        let prefix = format!("{}/", uuid::Uuid::new_v4());
        let storage = s3::open(&server.endpoint(), &prefix, peer::SECRET, &Arc::default()).await.expect("opened");
        // The least that the protocol has for a part that is not the last.
        Self { place: Place::Bucket { server: server.clone(), prefix }, storage, unit: 5 << 20 }
    }

    pub(crate) fn place(&self) -> &TempDir {
        match &self.place {
            Place::Folder(place) => place,
            Place::Bucket { server, .. } => &server.running.place,
        }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.place().path().join("vault")
    }

    /// All objects, and whatever else is kept under their names.
    fn files(&self) -> Vec<String> {
        let mut files: Vec<String> = match &self.place {
            Place::Folder(_) => walkdir::WalkDir::new(self.root())
                .into_iter()
                .map(|entry| entry.expect("an entry"))
                .filter(|entry| entry.file_type().is_file())
                .map(|entry| entry.path().strip_prefix(self.root()).expect("below").to_str().expect("UTF-8").to_owned())
                .collect(),
            Place::Bucket { server, prefix } => {
                let mut all = server.keys();
                all.extend(server.uploads().into_iter().map(|upload| format!("{upload} (unfinished)")));
                all.iter().filter_map(|key| key.strip_prefix(prefix)).map(str::to_owned).collect()
            }
        };
        files.sort();
        files
    }

    pub(crate) async fn read(&self, key: &str) -> runtime::Result<Vec<u8>> {
        let (sink, mut feed) = channel();
        let reading = async {
            let size = self.storage.get(key, 0, &sink).await?;
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

/// All of it, each on a new storage.
pub(crate) async fn suite(new: impl AsyncFn() -> Vault) {
    parts_twice_and_out_of_order_make_the_object(new().await).await;
    what_is_large_fits_into_the_parts(new().await).await;
    a_commit_needs_every_part(new().await).await;
    an_object_is_never_overwritten(new().await).await;
    of_eight_creators_one_wins(new().await).await;
    listing_reading_and_deleting(new().await).await;
    more_objects_than_a_page_are_listed(new().await).await;
    small_objects_come_in_one_call(new().await).await;
    odd_keys_reach_no_guest(new().await).await;
}

/// Bytes that differ everywhere.
pub(crate) fn bytes(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 31 + at / 251 + seed) % 256).expect("a byte")).collect()
}

/// A part of an object, in chunks of odd sizes.
fn part(all: &[u8], from: usize, to: usize) -> Body {
    let chunks = all[from..to].chunks(777).map(Bytes::copy_from_slice).collect();
    Body::new(from as u64, chunks)
}

async fn parts_twice_and_out_of_order_make_the_object(vault: Vault) {
    let (unit, key) = (vault.unit, "s/db/id/1/x.dump");
    let all = bytes(3 * unit + 1000, 1);
    let plan = vault.storage.prepare(key, None).await.expect("a plan");
    assert!(plan.part_size >= 1 << 20 && plan.max_parts > 1000 && plan.parallel >= 1, "{plan:?}");
    let session = vault.storage.begin(key, None).await.expect("begun");
    let mut receipts = vec![vec![]; 4];
    for n in [2, 0, 3, 1, 2, 0, 3, 1] {
        let (from, to) = (n * unit, (n * unit + unit).min(all.len()));
        let number = u32::try_from(n).expect("small") + 1;
        receipts[n] = vault.storage.put_part(&session, number, part(&all, from, to)).await.expect("put");
        assert_eq!(vault.storage.stat(key).await.expect("stat"), None, "nothing is visible before the commit");
        assert!(vault.storage.list("").await.expect("list").is_empty());
    }
    vault.storage.commit(&session, &receipts).await.expect("committed");
    vault.storage.commit(&session, &receipts).await.expect("committed again");
    assert!(vault.read(key).await.expect("read") == all, "other bytes than were stored");
    assert_eq!(vault.storage.stat(key).await.expect("stat"), Some(all.len() as u64));
    assert_eq!(vault.files(), [key]);
}

async fn what_is_large_fits_into_the_parts(vault: Vault) {
    for size in [1 << 30, 160 << 30, 900 << 30, 4 << 40] {
        let plan = vault.storage.prepare("s/db/id/1/x.dump", Some(size)).await.expect("a plan");
        assert!(plan.part_size.saturating_mul(plan.max_parts.into()) > size, "{size}: {plan:?}");
        let at_once = plan.part_size * u64::from(plan.parallel);
        assert!(at_once <= (64 << 20).max(size / 4_000), "{size}: {plan:?}");
    }
}

async fn a_commit_needs_every_part(vault: Vault) {
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

async fn an_object_is_never_overwritten(vault: Vault) {
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

async fn of_eight_creators_one_wins(vault: Vault) {
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

async fn listing_reading_and_deleting(vault: Vault) {
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
    vault.storage.begin("ab2", None).await.expect("begun beside them");
    let unfinished = async |prefix: &str| {
        let listed = vault.storage.unfinished(prefix).await.expect("listed");
        listed.into_iter().map(|listed| listed.key).collect::<Vec<_>>()
    };
    assert_eq!(unfinished("").await, ["a/b2", "a/b2", "ab2"]);
    assert_eq!(unfinished("a/").await, ["a/b2", "a/b2"]);
    assert_eq!(unfinished("a/b").await, ["a/b2", "a/b2"]);
    assert!(unfinished("a/b3").await.is_empty() && unfinished("zz/").await.is_empty());
    assert_eq!(keys("a/").await, ["a/b=1", "a/c/d=3"], "what is unfinished is no object");
    vault.storage.delete("a/b2").await.expect("leftovers removed");
    assert_eq!(unfinished("").await, ["ab2"]);
    vault.storage.delete("ab2").await.expect("leftovers removed");
    for key in ["a/b", "a/b", "missing", "no/such/folder"] {
        vault.storage.delete(key).await.expect("deleted");
    }
    assert_eq!(vault.files(), ["a.b", "a/c/d", "ab", "b"]);
}

async fn more_objects_than_a_page_are_listed(vault: Vault) {
    const OBJECTS: usize = 1100;
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let storage = vault.storage.clone();
        tasks.spawn(async move {
            for n in (worker..OBJECTS).step_by(8) {
                storage.create(&format!("p/{n:05}"), b"x").await.expect("created");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic");
    }
    let listed = vault.storage.list("p/").await.expect("listed");
    assert_eq!(listed.len(), OBJECTS);
    assert!(listed.is_sorted_by(|a, b| a.key < b.key));
}

async fn small_objects_come_in_one_call(vault: Vault) {
    for (key, size) in [("a/one", 10), ("b/two", 100_000), ("c/empty", 0), ("d/last", 16)] {
        vault.storage.create(key, &bytes(size, size)).await.expect("created");
    }
    let keys = ["d/last", "missing", "b/two", "a/one", "c/empty"].map(str::to_owned);
    let mut read: Vec<_> = vault.storage.get_each(&keys, 16).await.into_iter().collect();
    read.sort();
    let wanted = [("a/one", 10), ("c/empty", 0), ("d/last", 16)];
    assert_eq!(read, wanted.map(|(key, size)| (key.to_owned(), bytes(size, size))), "the others are asked for alone");
    assert!(vault.storage.get_each(&["../x".to_owned()], 16).await.is_empty());
}

async fn odd_keys_reach_no_guest(vault: Vault) {
    for key in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".hidden", "a\0b", "a\\b", "%2e%2e/x", "é"] {
        assert_eq!(vault.storage.create(key, b"x").await.expect_err(key).code, "bad-key");
        assert_eq!(vault.storage.begin(key, None).await.expect_err(key).code, "bad-key");
        assert_eq!(vault.storage.stat(key).await.expect_err(key).code, "bad-key");
        assert_eq!(vault.storage.delete(key).await.expect_err(key).code, "bad-key");
    }
    assert!(vault.files().is_empty());
}
