//! What can be wrong in a store, by accident or by malice: each is found by `catalog check` and `verify`, nothing is brought
//! back from it, and nothing that a document names is followed.

use crate::space::{Space, noise, tree};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The older of two artifacts in a store, to be damaged.
struct Victim<'a> {
    space: &'a Space,
    /// Its folder, and that of the other one.
    folder: PathBuf,
    other: PathBuf,
}

impl Victim<'_> {
    fn manifest(&self) -> PathBuf {
        self.folder.join("manifest.json")
    }

    fn bytes(&self) -> PathBuf {
        bytes(&self.folder)
    }

    /// Changes the manifest.
    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut document: Value = serde_json::from_slice(&fs::read(self.manifest()).unwrap()).unwrap();
        change(&mut document);
        fs::write(self.manifest(), document.to_string()).unwrap();
    }

    fn size(&self, change: impl FnOnce(u64) -> u64) {
        self.edit(|manifest| {
            manifest["artifact"]["size"] = change(manifest["artifact"]["size"].as_u64().unwrap()).into();
        });
    }

    /// The fact that its check wrote.
    fn fact(&self) -> PathBuf {
        fs::read_dir(self.folder.join("facts")).unwrap().next().unwrap().unwrap().path()
    }
}

fn bytes(folder: &Path) -> PathBuf {
    let mut attempt = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let attempt = attempt.find(|path| path.file_name().unwrap().to_string_lossy().starts_with("a-")).unwrap();
    let mut files = fs::read_dir(attempt).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| !path.to_string_lossy().contains(".index.")).unwrap()
}

type Case = (&'static str, fn(&Victim<'_>), &'static str, &'static str);

/// What is done, and the codes by which `catalog check` and `verify` tell it; an empty one does not.
const CASES: &[Case] = &[
    ("no manifest", |it| fs::remove_file(it.manifest()).unwrap(), "catalog-drift", "artifact-missing"),
    ("no bytes", |it| fs::remove_file(it.bytes()).unwrap(), "bytes-missing", "object-missing"),
    (
        "bytes cut off",
        |it| fs::File::options().write(true).open(it.bytes()).unwrap().set_len(1000).unwrap(),
        "bytes-size",
        "artifact-damaged",
    ),
    (
        "bytes after the end",
        |it| {
            let mut all = fs::read(it.bytes()).unwrap();
            all.push(0);
            fs::write(it.bytes(), all).unwrap();
        },
        "bytes-size",
        "artifact-damaged",
    ),
    (
        "bytes of the other",
        |it| {
            fs::write(it.bytes(), fs::read(bytes(&it.other)).unwrap()).unwrap();
        },
        "",
        "artifact-damaged",
    ),
    (
        "manifest of the other",
        |it| {
            fs::copy(it.other.join("manifest.json"), it.manifest()).unwrap();
        },
        "document-misplaced",
        "document-misplaced",
    ),
    ("another id", |it| it.edit(|to| to["id"] = "ffff".into()), "document-misplaced", "document-misplaced"),
    ("another strategy", |it| it.edit(|to| to["strategy"] = "x".into()), "document-misplaced", "document-misplaced"),
    ("id leads out", |it| it.edit(|to| to["id"] = "../../../x".into()), "document-misplaced", "document-misplaced"),
    (
        "index leads out",
        |it| it.edit(|to| to["index"]["file"] = "../../../../../canary".into()),
        "manifest-impossible",
        "manifest-impossible",
    ),
    (
        "stored file leads out",
        |it| {
            it.edit(|to| {
                let mut copy = to["artifact"].clone();
                copy["file"] = "../../../../../canary".into();
                copy["encoding"] = serde_json::json!([]);
                copy["recipients"] = serde_json::json!([]);
                to["copy"] = copy;
            });
        },
        "manifest-impossible",
        "manifest-impossible",
    ),
    (
        "attempt leads out",
        |it| it.edit(|to| to["attempt"] = "../../../../..".into()),
        "manifest-impossible",
        "manifest-impossible",
    ),
    (
        "attempt is facts",
        |it| it.edit(|to| to["attempt"] = "facts".into()),
        "manifest-impossible",
        "manifest-impossible",
    ),
    (
        "file leads out",
        |it| it.edit(|to| to["artifact"]["file"] = "../../../../../canary".into()),
        "manifest-impossible",
        "manifest-impossible",
    ),
    (
        "file is absolute",
        |it| it.edit(|to| to["artifact"]["file"] = "/etc/passwd".into()),
        "manifest-impossible",
        "manifest-impossible",
    ),
    (
        "parent leads out",
        |it| it.edit(|to| to["chain"] = serde_json::json!({ "parent": "../../x", "root": "x", "before": 1 })),
        "manifest-impossible",
        "manifest-impossible",
    ),
    (
        "parent is not there",
        |it| it.edit(|to| to["chain"] = serde_json::json!({ "parent": "ffff", "root": "ffff", "before": 1 })),
        "parent-missing",
        "chain-broken",
    ),
    ("as large as can be said", |it| it.size(|_| u64::MAX), "manifest-impossible", "manifest-impossible"),
    ("as large as can be stored", |it| it.size(|_| i64::MAX as u64), "bytes-size", "artifact-damaged"),
    ("said larger", |it| it.size(|size| size + 1), "bytes-size", "artifact-damaged"),
    ("said smaller", |it| it.size(|size| size - 1), "bytes-size", "artifact-damaged"),
    ("said empty", |it| it.size(|_| 0), "bytes-size", "artifact-damaged"),
    (
        "another digest",
        |it| it.edit(|to| to["artifact"]["blake3"] = "0".repeat(64).into()),
        "catalog-drift",
        "artifact-damaged",
    ),
    (
        "no digest",
        |it| it.edit(|to| to["artifact"]["blake3"] = "".into()),
        "manifest-impossible",
        "manifest-impossible",
    ),
    ("no time", |it| it.edit(|to| to["taken"] = "soon".into()), "manifest-impossible", "manifest-impossible"),
    (
        "ten gigabytes",
        |it| fs::File::create(it.manifest()).unwrap().set_len(10_000_000_000).unwrap(),
        "object-too-large",
        "object-too-large",
    ),
    (
        "deeply nested",
        |it| fs::write(it.manifest(), "[".repeat(500_000)).unwrap(),
        "document-damaged",
        "document-damaged",
    ),
    (
        "deeply nested where nobody looks",
        |it| {
            let text = format!("{{\"format\":1,\"x\":{}{}}}", "[".repeat(400_000), "]".repeat(400_000));
            fs::write(it.manifest(), text).unwrap();
        },
        "document-damaged",
        "document-damaged",
    ),
    (
        "a format to come",
        |it| fs::write(it.manifest(), "{\"format\":99,\"id\":{\"new\":true}}").unwrap(),
        "format-too-new",
        "format-too-new",
    ),
    (
        "not UTF-8",
        |it| {
            let text = fs::read_to_string(it.manifest()).unwrap();
            let mut text = text.into_bytes();
            let at = text.iter().position(|byte| *byte == b'n').unwrap();
            text[at] = 0xff;
            fs::write(it.manifest(), text).unwrap();
        },
        "document-damaged",
        "document-damaged",
    ),
    ("no document", |it| fs::write(it.manifest(), "").unwrap(), "document-damaged", "document-damaged"),
    (
        "manifest is a link out",
        |it| {
            fs::rename(it.manifest(), it.space.path("moved.json")).unwrap();
            symlink(it.space.path("moved.json"), it.manifest()).unwrap();
        },
        "catalog-drift",
        "artifact-missing",
    ),
    (
        "bytes are a link out",
        |it| {
            let bytes = it.bytes();
            fs::rename(&bytes, it.space.path("moved.tar")).unwrap();
            symlink(it.space.path("moved.tar"), bytes).unwrap();
        },
        "bytes-missing",
        "error[",
    ),
    ("a check cut off", |it| fs::write(it.fact(), "{").unwrap(), "document-damaged", "document-damaged"),
    (
        "a check of the other",
        |it| {
            let text = fs::read_to_string(it.fact()).unwrap();
            let id = it.folder.file_name().unwrap().to_string_lossy().into_owned();
            fs::write(it.fact(), text.replace(&id, "ffff")).unwrap();
        },
        "document-misplaced",
        "document-misplaced",
    ),
    (
        "a lock without an end",
        |it| {
            let fact = json!({ "format": 1, "id": it.folder.file_name().unwrap().to_string_lossy(), "with": "lock",
                               "ok": true, "at": "2026-01-01T00:00:00Z", "run": "r", "detail": "" });
            fs::write(it.folder.join("facts/lock-2026-01-01T00-00-00Z-r.json"), fact.to_string()).unwrap();
        },
        "document-misplaced",
        "document-misplaced",
    ),
    (
        "a mark that leads out",
        |it| {
            let mark = json!({ "format": 1, "id": "x", "at": "2020-01-01T00:00:00Z", "run": "r", "host": "h",
                               "manifest": "blake3:", "attempt": "../../../../..", "reasons": [] });
            fs::write(it.folder.join("tombstone.json"), mark.to_string()).unwrap();
        },
        "document-misplaced",
        "document-misplaced",
    ),
];

fn prepared() -> Space {
    let space = Space::quickstart();
    let rules = "    keep in=\"local\" { last 1; }\n    job \"tidy\" { prune \"local\"; }\n";
    space.edit("    job \"nightly\"", &format!("{rules}    job \"nightly\""));
    space.run("run --job nightly").expect(0);
    // As many bytes, and others.
    space.write("data/two/three.bin", &noise(300_001)[1..]);
    space.run("run --job nightly").expect(0);
    space.write("canary", b"sings");
    space
}

/// Folders of the two artifacts in a store, the older one first.
fn two(space: &Space) -> (PathBuf, PathBuf) {
    let taken = |manifest: &PathBuf| {
        let read: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
        // Two within a second are told apart by when they were written.
        (read["taken"].as_str().unwrap().to_owned(), fs::metadata(manifest).unwrap().modified().unwrap())
    };
    let mut manifests = space.ending("backups/local", "/manifest.json");
    manifests.sort_by_key(taken);
    (manifests[0].parent().unwrap().to_owned(), manifests[1].parent().unwrap().to_owned())
}

#[test]
fn all_of_it_is_found_and_none_of_it_is_followed() {
    let prepared = prepared();
    for (name, damage, checked, verified) in CASES {
        let space = prepared.copy();
        let (folder, other) = two(&space);
        let id = folder.file_name().unwrap().to_string_lossy().into_owned();
        damage(&Victim { space: &space, folder, other: other.clone() });
        let (data, offsite) = (tree(&space.path("data")), tree(&space.path("backups/offsite")));
        let untouched = tree(&other);
        let ran = space.run("catalog check");
        assert_eq!(ran.code, i32::from(!checked.is_empty()), "{name}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(checked), "{name}: no `{checked}` in {}{}", ran.out, ran.err);
        let ran = space.run("verify --store local");
        assert_eq!(ran.code, i32::from(!verified.is_empty()), "{name}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(verified), "{name}: no `{verified}` in {}{}", ran.out, ran.err);
        if !verified.is_empty() && !untouched_by_bytes(name) {
            let ran = space.run(&format!("restore notes --from local --artifact {id} --into back --confirm"));
            assert!(ran.code != 0 && !space.path("back").exists(), "{name}: {}{}", ran.out, ran.err);
        }
        let pruned = space.run("prune --confirm --safety-age 0s");
        assert!([0, 6].contains(&pruned.code), "{name}: {}{}", pruned.out, pruned.err);
        assert!(other.join("manifest.json").exists() && bytes(&other).exists(), "{name}");
        assert_eq!(tree(&other).len(), untouched.len() + added(&other, &untouched), "{name}");
        assert_eq!(fs::read(space.path("canary")).unwrap(), b"sings");
        assert_eq!((tree(&space.path("data")), tree(&space.path("backups/offsite"))), (data, offsite), "{name}");
    }
    println!("{} kinds of damage", CASES.len());
}

/// Facts that the checks of this test itself have written beside a copy.
fn added(folder: &Path, before: &std::collections::BTreeMap<PathBuf, String>) -> usize {
    let facts = fs::read_dir(folder.join("facts")).unwrap().count();
    facts - before.keys().filter(|path| path.starts_with("facts") && path.components().count() == 2).count()
}

/// What is said beside an artifact is damaged, and its own bytes are right.
fn untouched_by_bytes(name: &str) -> bool {
    ["a check", "a lock", "a mark"].iter().any(|begin| name.starts_with(begin))
}
