//! The law of chains on random trees that change at random: each link brings back the tree of its time.

use super::super::context;
use super::{fed, portrait};
use proptest::prelude::*;
use runtime::artifact::channel;
use runtime::engine::files::{FilesEngine, Moment};
use runtime::engine::{Context, Engine, Links, Listing, Taken};
use runtime::error::Result;
use runtime::world::World;
use schema::source::{Files, OnChange};
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A clock that is an hour ahead: what was just written has long been as it is.
#[derive(Debug)]
struct Later(PathBuf);

impl World for Later {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)
    }

    fn base(&self) -> &Path {
        &self.0
    }
}

fn later(folder: &Path) -> Context {
    let (context, _) = context(folder);
    Context { world: Arc::new(Later(folder.to_owned())), ..context }
}

fn engine(root: &Path) -> FilesEngine {
    let files = Files {
        root: root.to_str().unwrap().to_owned(),
        include: vec!["**".to_owned()],
        exclude: Vec::new(),
        on_change: OnChange::Degrade,
        members: Vec::new(),
    };
    FilesEngine::new("src", &files, root)
}

/// A backup in memory, with where its index is.
struct Link {
    bytes: Vec<u8>,
    index: PathBuf,
    taken: Taken,
}

async fn taken(engine: &FilesEngine, base: Option<&Link>, index: PathBuf, context: &Context) -> Result<Link> {
    let (sink, mut feed) = channel();
    let collect = async {
        let mut bytes = Vec::new();
        while let Some(chunk) = feed.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let listing = Listing { base: base.map(|base| base.index.clone()), index: index.clone() };
    let (taken, bytes) = tokio::join!(engine.backup_listed("files", listing, sink, context), collect);
    // The clock of these tests is ahead, so nothing is taken again for being fresh: the next change must have a later time.
    std::thread::sleep(std::time::Duration::from_millis(25));
    Ok(Link { taken: taken?, bytes: bytes?, index })
}

fn given(links: &[Link]) -> Links {
    let (sender, feeds) = tokio::sync::mpsc::channel(1);
    let all: Vec<Vec<u8>> = links.iter().map(|link| link.bytes.clone()).collect();
    tokio::spawn(async move {
        for bytes in all {
            // A reader that stopped early has said why.
            let _ = sender.send(fed(&bytes)).await;
        }
    });
    feeds
}

/// Checks the chain, stages it, looks at what is there, and compares it.
async fn comes_back(
    engine: &FilesEngine,
    links: &[Link],
    folder: &Path,
    expected: &std::collections::BTreeMap<PathBuf, portrait::Entry>,
    context: &Context,
) {
    let last = links.last().unwrap();
    engine.verify_chain("files", given(links), &last.index, context).await.unwrap();
    let staging = folder.join("tree.backstay-1");
    let text = staging.to_str().unwrap();
    engine.stage_chain("files", text, given(links), &last.index, context).await.unwrap();
    engine.inspect("files", text, context).await.unwrap();
    let into = folder.join("back");
    let _ = fs::remove_dir_all(&into);
    engine.place("files", text, into.to_str().unwrap(), context).await.unwrap();
    portrait::same(expected, &super::portrait(&into));
}

/// As docs/by-hand.md says: the full one, and every differential on it.
fn by_hand(links: &[Link], folder: &Path) {
    const SCRIPT: &str = "set -eu; mkdir by-hand
        for archive in \"$@\"; do
            if [ \"$archive\" != link-0 ]; then
                tar -xOf \"$archive\" .backstay-removed | (cd by-hand && xargs -0 -r rm -rf --)
            fi
            tar --warning=no-timestamp -xp --xattrs --xattrs-include='*' --numeric-owner \\
                --exclude=.backstay-removed -f \"$archive\" -C by-hand
        done";
    let names: Vec<String> = (0..links.len()).map(|number| format!("link-{number}")).collect();
    for (name, link) in names.iter().zip(links) {
        fs::write(folder.join(name), &link.bytes).unwrap();
    }
    let mut bash = std::process::Command::new("bash");
    let output = bash.args(["-c", SCRIPT, "bash"]).args(&names).current_dir(folder).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// One change of a tree. Names are places in a small set, so that changes meet.
#[derive(Clone, Debug)]
enum Change {
    File(usize, Vec<u8>),
    Sparse(usize, u32),
    Folder(usize),
    Symlink(usize, usize),
    Hardlink(usize, usize),
    Rename(usize, usize),
    Delete(usize),
    Mode(usize, u32),
    Attribute(usize, Vec<u8>),
    Time(usize, i64),
    Owner(usize, u32),
}

/// Three names on three levels.
const PLACES: usize = 39;

fn place(root: &Path, at: usize) -> PathBuf {
    let names = ["a", "b\n", "c."];
    let (mut path, mut rest, mut size) = (root.to_owned(), at, 3);
    let mut depth = 1;
    while rest >= size {
        rest -= size;
        size *= 3;
        depth += 1;
    }
    for _ in 0..depth {
        path.push(names[rest % 3]);
        rest /= 3;
    }
    path
}

fn change() -> impl Strategy<Value = Change> {
    let at = || 0..PLACES;
    let bytes = || prop::collection::vec(any::<u8>(), 0..3000);
    prop_oneof![
        4 => (at(), bytes()).prop_map(|(at, bytes)| Change::File(at, bytes)),
        1 => (at(), 1..4_000_000_u32).prop_map(|(at, size)| Change::Sparse(at, size)),
        1 => at().prop_map(Change::Folder),
        1 => (at(), at()).prop_map(|(at, to)| Change::Symlink(at, to)),
        2 => (at(), at()).prop_map(|(at, to)| Change::Hardlink(at, to)),
        2 => (at(), at()).prop_map(|(at, to)| Change::Rename(at, to)),
        2 => at().prop_map(Change::Delete),
        1 => (at(), 0..0o1000_u32).prop_map(|(at, mode)| Change::Mode(at, mode)),
        1 => (at(), bytes()).prop_map(|(at, bytes)| Change::Attribute(at, bytes)),
        1 => (at(), -1_000..2_000_000_000_i64).prop_map(|(at, time)| Change::Time(at, time)),
        1 => (at(), 0..70_000_u32).prop_map(|(at, owner)| Change::Owner(at, owner)),
    ]
}

/// Does what can be done: many a change finds nothing, or something else, at its place.
fn apply(root: &Path, change: &Change) {
    let clear = |path: &Path| {
        let _ = if path.symlink_metadata().is_ok_and(|facts| facts.is_dir()) {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    };
    let plain = |path: &Path| path.symlink_metadata().is_ok_and(|facts| !facts.is_symlink());
    match change {
        Change::File(at, bytes) => {
            let path = place(root, *at);
            // In place where there is a file: other names of it change with it.
            if path.symlink_metadata().is_ok_and(|facts| !facts.is_file()) {
                clear(&path);
            }
            let _ = fs::write(path, bytes);
        }
        Change::Sparse(at, size) => {
            let path = place(root, *at);
            clear(&path);
            if let Ok(file) = fs::File::create(path) {
                file.set_len((*size).into()).unwrap();
                file.write_all_at(b"in the middle", u64::from(*size / 2)).unwrap();
            }
        }
        Change::Folder(at) => {
            let path = place(root, *at);
            clear(&path);
            let _ = fs::create_dir(path);
        }
        Change::Symlink(at, to) => {
            let path = place(root, *at);
            clear(&path);
            let _ = symlink(place(Path::new("."), *to), path);
        }
        Change::Hardlink(at, to) => _ = fs::hard_link(place(root, *at), place(root, *to)),
        Change::Rename(at, to) => _ = fs::rename(place(root, *at), place(root, *to)),
        Change::Delete(at) => clear(&place(root, *at)),
        Change::Mode(at, mode) => {
            let path = place(root, *at);
            if plain(&path) {
                let own = if path.is_dir() { 0o700 } else { 0o400 };
                let _ = fs::set_permissions(path, fs::Permissions::from_mode(*mode | own));
            }
        }
        Change::Attribute(at, bytes) => {
            let path = place(root, *at);
            if plain(&path) {
                let _ = xattr::set(path, "user.note", bytes);
            }
        }
        Change::Time(at, time) => {
            let path = place(root, *at);
            if path.symlink_metadata().is_ok() {
                super::set_time(&path, *time, 0);
            }
        }
        Change::Owner(at, owner) => {
            if rustix::process::geteuid().is_root() {
                let _ = std::os::unix::fs::lchown(place(root, *at), Some(*owner), Some(*owner));
            }
        }
    }
}

/// Cases, when `PROPTEST_CASES` does not say how many.
const CASES: u32 = 60;

/// What was tried.
#[derive(Debug, Default)]
struct Tried {
    cases: u32,
    links: u32,
    differentials: u32,
    longest: usize,
    entries: usize,
}

/// Changes a tree as the rounds say, and takes a backup after each; `true` begins a new chain.
async fn play(rounds: &[(Vec<Change>, bool)], tried: &Mutex<Tried>) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("always there"), "x").unwrap();
    // The upper two levels are folders at first, so that changes have somewhere to happen.
    for at in 0..PLACES {
        let begin = if at < 12 { Change::Folder(at) } else { Change::File(at, vec![1; at]) };
        apply(&root, &begin);
    }
    let (context, engine) = (later(folder.path()), engine(&root));
    let mut links: Vec<Link> = Vec::new();
    for (round, (changes, full)) in rounds.iter().enumerate() {
        for change in changes {
            apply(&root, change);
        }
        let expected = super::portrait(&root);
        if *full {
            links.clear();
        }
        let index = folder.path().join(format!("index-{round}"));
        let link = taken(&engine, links.last(), index, &context).await.unwrap();
        assert!(link.taken.incomplete.is_empty(), "{:?}", link.taken.incomplete);
        links.push(link);
        comes_back(&engine, &links, folder.path(), &expected, &context).await;
        let mut tried = tried.lock().unwrap();
        tried.links += 1;
        tried.differentials += u32::from(links.len() > 1);
        tried.longest = tried.longest.max(links.len());
        tried.entries += expected.len();
    }
    by_hand(&links, folder.path());
    portrait::same(&super::portrait(&root), &super::portrait(&folder.path().join("by-hand")));
    tried.lock().unwrap().cases += 1;
}

#[test]
#[expect(clippy::print_stdout, reason = "what was tried is what the test is worth")]
fn each_link_brings_back_the_tree_of_its_time() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let rounds = prop::collection::vec((prop::collection::vec(change(), 0..40), prop::bool::weighted(0.2)), 1..7);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let tried = Mutex::new(Tried::default());
    let ran = proptest::test_runner::TestRunner::new(config).run(&rounds, |rounds| {
        runtime.block_on(play(&rounds, &tried));
        Ok(())
    });
    println!("random trees: {:?}", tried.lock().unwrap());
    ran.unwrap();
}

/// An unchanged tree has a differential without a member of its own; one changed file, itself and its directory.
#[tokio::test]
async fn a_differential_holds_no_more_than_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir_all(root.join("some/where")).unwrap();
    fs::write(root.join("some/where/file"), "one").unwrap();
    fs::write(root.join("some/other"), vec![1; 100_000]).unwrap();
    let (context, engine) = (later(folder.path()), engine(&root));
    let at = |name: &str| folder.path().join(name);
    let full = taken(&engine, None, at("1"), &context).await.unwrap();
    assert_eq!((full.taken.facts.method.as_str(), full.taken.facts.entries), ("archive", Some(4)));
    let same = taken(&engine, Some(&full), at("2"), &context).await.unwrap();
    assert_eq!((same.taken.facts.method.as_str(), same.taken.facts.entries), ("differential", Some(0)));
    assert_eq!(same.bytes.len(), 10_240);
    fs::write(root.join("some/where/file"), "two").unwrap();
    let one = taken(&engine, Some(&same), at("3"), &context).await.unwrap();
    assert_eq!(one.taken.facts.entries, Some(2));
    let expected = super::portrait(&root);
    comes_back(&engine, &[full, same, one], folder.path(), &expected, &context).await;
}

/// What changed a moment ago may change again without another time: it is taken again.
#[tokio::test]
async fn what_is_fresh_is_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("file"), "one").unwrap();
    let (context, _) = context(folder.path());
    let engine = engine(&root);
    let full = taken(&engine, None, folder.path().join("1"), &context).await.unwrap();
    let again = taken(&engine, Some(&full), folder.path().join("2"), &context).await.unwrap();
    assert_eq!(again.taken.facts.entries, Some(1));
}

/// What happens to the tree between the two looks at it, or while a file is read, and what is said of it.
type Race = (Moment, &'static str, fn(&Path), Option<&'static str>);

const RACES: &[Race] = &[
    // `m` is changed, so that there is a moment to act in; `z` comes after it, `a` before.
    (Moment::Listed, "m", |root| fs::remove_file(root.join("z/file")).unwrap(), None),
    (Moment::Listed, "m", |root| fs::write(root.join("z/new"), "new").unwrap(), None),
    (Moment::Listed, "m", |root| fs::write(root.join("m"), "other").unwrap(), None),
    (Moment::Listed, "m", |root| fs::remove_file(root.join("m")).unwrap(), Some("it vanished")),
    (
        Moment::Opened,
        "m",
        |root| fs::write(root.join("m"), vec![3; 900]).unwrap(),
        Some("it changed while it was read"),
    ),
    (Moment::Listed, "m", |root| fs::hard_link(root.join("a"), root.join("z/also-a")).unwrap(), Some("another name")),
    (
        Moment::Listed,
        "m",
        |root| {
            fs::remove_dir_all(root.join("z")).unwrap();
            fs::write(root.join("z"), "a file").unwrap();
        },
        Some("something else"),
    ),
    (
        Moment::Listed,
        "m",
        |root| {
            fs::remove_file(root.join("z/file")).unwrap();
            fs::create_dir(root.join("z/file")).unwrap();
            fs::write(root.join("z/file/inner"), "i").unwrap();
        },
        None,
    ),
    (Moment::Listed, "m", |root| fs::write(root.join("z/back"), "back").unwrap(), None),
];

/// The chain stays sound whatever happens, and the next differential is right again.
#[tokio::test]
async fn a_tree_that_changes_while_it_is_read_is_right_the_next_time() {
    for (case, (when, name, change, said)) in RACES.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("tree");
        fs::create_dir_all(root.join("z")).unwrap();
        for name in ["a", "m", "z/file", "z/back", "z/stays"] {
            fs::write(root.join(name), name).unwrap();
        }
        let (context, engine) = (later(folder.path()), engine(&root));
        let at = |name: &str| folder.path().join(name);
        let mut links = vec![taken(&engine, None, at("1"), &context).await.unwrap()];
        fs::write(root.join("m"), "changed").unwrap();
        fs::remove_file(root.join("z/back")).unwrap();
        let (moment, wanted, change, place) = (*when, *name, *change, root.clone());
        let once = std::sync::Once::new();
        let seam = move |now: Moment, name: &Path| {
            if now == moment && name == Path::new(wanted) {
                once.call_once(|| change(&place));
            }
        };
        let racing = engine.clone().with_seam(Arc::new(seam));
        links.push(taken(&racing, links.last(), at("2"), &context).await.unwrap());
        let incomplete = &links.last().unwrap().taken.incomplete;
        match said {
            Some(said) => assert!(incomplete.iter().any(|line| line.contains(said)), "{case}: {incomplete:?}"),
            None => assert!(incomplete.is_empty(), "{case}: {incomplete:?}"),
        }
        let last = &links.last().unwrap().index;
        engine.verify_chain("files", given(&links), last, &context).await.unwrap();
        links.push(taken(&engine, links.last(), at("3"), &context).await.unwrap());
        let expected = super::portrait(&root);
        comes_back(&engine, &links, folder.path(), &expected, &context).await;
    }
}

#[tokio::test]
async fn a_hostile_differential_stays_in_its_directory() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    symlink("/etc", root.join("away")).unwrap();
    let (context, engine) = (later(folder.path()), engine(&root));
    let full = taken(&engine, None, folder.path().join("1"), &context).await.unwrap();
    let staging = folder.path().join("tree.backstay-1");
    for (removed, code) in [
        ("../outside\0", "archive-escapes"),
        ("away/passwd\0", "archive-escapes"),
        ("/etc/passwd\0", "archive-escapes"),
        ("cut off", "archive-damaged"),
    ] {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(removed.len() as u64);
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        archive.append_data(&mut header, ".backstay-removed", removed.as_bytes()).unwrap();
        let bytes = archive.into_inner().unwrap();
        fs::write(folder.path().join("outside"), "x").unwrap();
        let link = Link { bytes, index: full.index.clone(), taken: full.taken.clone() };
        let first = Link { bytes: full.bytes.clone(), index: full.index.clone(), taken: full.taken.clone() };
        let staged =
            engine.stage_chain("files", staging.to_str().unwrap(), given(&[first, link]), &full.index, &context).await;
        assert_eq!(staged.unwrap_err().code, code, "{removed:?}");
        assert!(folder.path().join("outside").exists());
    }
    // Without its list it is no differential.
    let first = || Link { bytes: full.bytes.clone(), index: full.index.clone(), taken: full.taken.clone() };
    let staged =
        engine.stage_chain("files", staging.to_str().unwrap(), given(&[first(), first()]), &full.index, &context).await;
    assert_eq!(staged.unwrap_err().code, "archive-damaged");
}
