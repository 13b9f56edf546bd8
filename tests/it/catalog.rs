//! The catalog is a cache of the stores: lost, it is made again and is the same; what it holds can be looked through, and
//! files that Backstay did not make can be brought in.

use crate::overlap::Frozen;
use crate::peer::{self, S3};
use crate::space::{Space, ended};
use serde_json::Value;
use std::fs;
use std::process::Command;

fn pruned() -> Space {
    let space = Space::quickstart();
    let rules = "    keep in=\"local\" { last 1; }\n    job \"tidy\" { prune \"local\"; }\n";
    space.edit("    job \"nightly\"", &format!("{rules}    job \"nightly\""));
    space
}

#[test]
fn a_lost_catalog_is_made_again_and_is_the_same() {
    let space = pruned();
    for _ in 0..3 {
        space.run("run --job nightly").expect(0);
    }
    let list = |space: &Space| space.run("catalog list --format json").expect(0).out;
    let ids: Vec<Value> = serde_json::from_str(&list(&space)).unwrap();
    let id = ids[0]["id"].as_str().unwrap().to_owned();
    space.run("prune --confirm").expect(0);
    let newest = ids.last().unwrap()["id"].as_str().unwrap();
    space.run(&format!("lock {newest} --until 2090-01-01T00:00:00Z")).expect(0);
    let before = list(&space);
    let plan = space.run("plan --refresh --job tidy --format json").expect(0).out;
    assert!(plan.contains("\"safety-age\": 86400"), "{plan}");
    for name in ["catalog.db", "catalog.db-wal", "catalog.db-shm"] {
        let _ = fs::remove_file(space.path(".backstay").join(name));
    }
    assert_eq!(list(&space).trim(), "[]");
    space.run("catalog rebuild").expect(0);
    assert_eq!(list(&space), before);
    assert!(before.contains("tombstone") && before.contains("2090-01-01"), "{before}");
    assert_eq!(space.run("plan --refresh --job tidy --format json").expect(0).out, plan);
    let shown = space.run(&format!("catalog show {id}")).expect(0).out;
    assert!(shown.contains("marked to go since") && shown.contains("in `offsite`: verified"), "{shown}");
    space.run("catalog show ffffnothing").expect(2).says("artifact-unknown");
    space.run("catalog check").expect(0).says("0 errors");
}

/// A catalog of another version is thrown away and asked for again, and a vanished store is still not taken for a new one.
#[test]
fn an_old_catalog_is_made_again_by_itself() {
    let space = pruned();
    space.run("run --job nightly").expect(0);
    let before = space.run("catalog list --format json").expect(0).out;
    let database = space.path(".backstay/catalog.db");
    let sql = "DROP TABLE artifact; CREATE TABLE artifact (store TEXT, id TEXT); PRAGMA user_version = 0;";
    let ran = std::process::Command::new("sqlite3").arg(&database).arg(sql).status().unwrap();
    assert!(ran.success());
    assert_eq!(space.run("catalog list --format json").expect(0).out, before);
    fs::rename(space.path("backups/offsite"), space.path("elsewhere")).unwrap();
    space.run("run --job nightly").expect(1).says("store-gone");
}

#[test]
fn what_the_catalog_does_not_know_is_told_and_taken_in() {
    let space = pruned();
    space.run("run --job nightly").expect(0);
    fs::remove_dir_all(space.path(".backstay")).unwrap();
    let told = space.run("catalog check --format json").expect(1).out;
    let told: Vec<Value> = serde_json::from_str(&told).unwrap();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|it| it["code"] == "catalog-drift" && it["wrong"] == true), "{told:?}");
    space.run("catalog rebuild").expect(0);
    space.run("catalog check").expect(0);
    // Left-overs and strangers are worth a note.
    space.write("backups/local/quickstart/notes/notes/0123/a-left/behind.tar", b"x");
    space.write("backups/local/README.txt", b"x");
    let notes = space.run("catalog check").expect(0).says("0 errors, 1 notes").out;
    assert!(notes.contains("note[left-over]"), "{notes}");
}

const GRAPH: &str = r#"strategy "grown" {
    environment "development"
    source "graph" engine="neo4j" { edition "community"; version "5.26"; home "server"; admin "neo4j-admin"; databases "neo4j"; }
    store "vault" plugin="fs" { path "vault" }
    job "nightly" { backup "graph" to="vault"; }
}
"#;

#[test]
fn files_that_backstay_did_not_make_become_artifacts() {
    let space = Space::new();
    space.write("strategy.kdl", GRAPH.as_bytes());
    space.write("old/neo4j-2025-03-01T02-00-00.backup", b"full");
    space.write("old/neo4j.dump", b"a dump");
    space.write("old/notes.txt", b"no");
    let adopt =
        |files: &str| space.run(&format!("catalog adopt {files} --source graph --database neo4j --store vault"));
    let told = adopt("old/neo4j-2025-03-01T02-00-00.backup old/neo4j.dump").expect(0).says("backstay verify").out;
    assert!(told.contains("2025-03-01T02:00:00Z") && told.contains("unverified"), "{told}");
    // A file twice is one artifact.
    adopt("old/neo4j.dump").expect(0).says("was adopted before");
    adopt("old/notes.txt").expect(1).says("not-an-artifact");
    adopt("old/missing.dump").expect(1).says("cannot read `old/missing.dump`");
    assert_eq!(space.ending("vault", "/manifest.json").len(), 2);
    let manifests = space.ending("vault", "/manifest.json").into_iter();
    let manifests: Vec<Value> =
        manifests.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect();
    let of = |name: &str| manifests.iter().find(|manifest| manifest["adopted"] == name).unwrap();
    assert_eq!(of("neo4j-2025-03-01T02-00-00.backup")["engine"]["method"], "backup");
    assert_eq!(of("neo4j.dump")["engine"]["method"], "dump");
    assert_eq!(of("neo4j.dump")["artifact"]["size"], 6);
    assert!(space.path("old/neo4j.dump").exists());
    space.run("verify").expect(0);
    space.run("catalog check").expect(0);
    let listed = space.run("catalog list").expect(0).out;
    assert!(!listed.contains("unverified"), "{listed}");
    // Killed half-way, it is done again, and what it left is cleared away.
    space.write("old/other.dump", b"another one");
    space
        .run_until("before-manifest", "catalog adopt old/other.dump --source graph --database neo4j --store vault")
        .expect(137);
    adopt("old/other.dump").expect(0);
    assert_eq!(space.ending("vault", "/manifest.json").len(), 3);
    space.run("catalog check").expect(0).says("1 notes");
}

/// What is written into a file between the look at it and its way into the store.
#[test]
fn a_file_that_changes_while_it_is_adopted_becomes_no_artifact() {
    const DUMP: &[u8] = b"a dump of old";
    let changes: [&[u8]; 4] = [b"another dump!", b"a dump of old, and more", b"a dump", b""];
    let space = Space::new();
    space.write("strategy.kdl", GRAPH.as_bytes());
    let adopt = "catalog adopt old/neo4j.dump --source graph --database neo4j --store vault";
    for changed in changes {
        space.write("old/neo4j.dump", DUMP);
        let frozen = Frozen::of(&space, adopt, "storage/begin/bytes/before");
        space.write("old/neo4j.dump", changed);
        let ended = frozen.go_on();
        assert_eq!(ended.code, 1, "{}", ended.err);
        assert!(ended.err.contains("changed while it was read"), "{}", ended.err);
        assert_eq!(fs::read(space.path("old/neo4j.dump")).unwrap(), changed);
    }
    let left = space.files("vault");
    assert!(!left.iter().any(|name| name.ends_with("/manifest.json") || name.contains("/a-")), "{left:?}");
    space.write("old/neo4j.dump", DUMP);
    space.run(adopt).expect(0);
    space.run("verify").expect(0);
}

/// A store that compresses leaves alone what is compressed, in a folder and in a bucket.
#[test]
fn files_are_adopted_as_they_are_into_a_bucket_and_a_store_that_compresses() {
    let server = S3::versitygw();
    let space = Space::new();
    space.write("keys/access", peer::ACCESS.as_bytes());
    space.write("keys/secret", peer::SECRET.as_bytes());
    let bucket = format!(
        "store \"vault\" plugin=\"fs\" {{ path \"vault\"; compress \"zstd\" }}
    store \"bucket\" plugin=\"s3\" {{ bucket \"{}\"; region \"{}\"; endpoint \"{}\"; private #true; compress \"zstd\"
        secret \"access-key\" (file)\"keys/access\"; secret \"secret-key\" (file)\"keys/secret\" }}",
        peer::BUCKET,
        peer::REGION,
        server.endpoint()
    );
    space.write("strategy.kdl", GRAPH.replace("store \"vault\" plugin=\"fs\" { path \"vault\" }", &bucket).as_bytes());
    // Three parts.
    let dump = crate::space::noise(17 << 20);
    space.write("old/neo4j.dump", &dump);
    for store in ["vault", "bucket"] {
        let adopt = format!("catalog adopt old/neo4j.dump --source graph --database neo4j --store {store}");
        space.run_until("before-manifest", &adopt).expect(137);
        space.run(&adopt).expect(0);
        space.run(&adopt).expect(0).says("was adopted before");
        space.run(&format!("verify --store {store}")).expect(0);
    }
    let keys = server.keys();
    let ours: Vec<&String> = keys.iter().filter(|key| key.ends_with(".dump")).collect();
    // What the killed one left, and the artifact.
    assert_eq!(ours.len(), 2, "{keys:?}");
    for key in ours {
        assert!(fs::read(peer::object(&server, key)).unwrap() == dump, "{key}");
    }
    assert_eq!(keys.iter().filter(|key| key.ends_with("/manifest.json")).count(), 1);
    assert!(space.ending("vault", ".dump").iter().all(|path| fs::read(path).unwrap() == dump));
}

#[test]
fn adopted_files_are_encrypted_where_all_copies_are() {
    let space = Space::new();
    let made = ended(Command::new("age-keygen").arg("-o").arg(space.path("key.txt"))).expect(0);
    let recipient = made.err.trim().rsplit(' ').next().unwrap();
    let sealed = format!("path \"vault\"; compress \"zstd\"; encrypt \"{recipient}\"; identity (file)\"key.txt\"");
    space.write("strategy.kdl", GRAPH.replace("path \"vault\"", &sealed).as_bytes());
    let dump = crate::space::noise(3_000_000);
    space.write("old/neo4j.dump", &dump);
    let adopt = "catalog adopt old/neo4j.dump --source graph --database neo4j --store vault";
    space.run_until("before-commit", adopt).expect(137);
    space.run(adopt).expect(0);
    space.run(adopt).expect(0).says("was adopted before");
    let [manifest] = &space.ending("vault", "/manifest.json")[..] else { panic!("one manifest") };
    let manifest: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    // A dump is compressed already.
    assert_eq!(manifest["copy"]["encoding"], serde_json::json!(["age"]));
    assert_eq!(manifest["artifact"]["size"], 3_000_000);
    let [stored] = &space.ending("vault", ".dump.age")[..] else { panic!("one file") };
    let opened = Command::new("age").args(["--decrypt", "--identity"]).arg(space.path("key.txt")).arg(stored).output();
    assert!(opened.unwrap().stdout == dump, "what comes out is another dump");
    space.run("verify").expect(0);
    assert!(!space.run("catalog list").expect(0).out.contains("unverified"));
}
