//! Copies that are compressed and encrypted: they come back, by Backstay and by hand; damage, a wrong key and a kill are
//! found, and nothing is half restored.

use crate::space::{Space, ended, noise, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A pair of keys: the identity is written to `file`, the recipient is the result.
pub(crate) fn keys(space: &Space, file: &str) -> String {
    let made = ended(Command::new("age-keygen").arg("-o").arg(space.path(file))).expect(0);
    made.err.trim().rsplit(' ').next().unwrap().to_owned()
}

/// The quickstart with `local` and `offsite` saying more, and more to protect.
fn space(local: &str, offsite: &str) -> Space {
    let space = Space::quickstart();
    space.edit("path \"backups/local\"", &format!("path \"backups/local\"; {local}"));
    space.edit("path \"backups/offsite\"", &format!("path \"backups/offsite\"; {offsite}"));
    // The whole tree: what is left out of a backup is in the way of comparing.
    space.edit("; exclude \"**/*.tmp\"", "");
    space.write("data/large.txt", "a line that compresses well\n".repeat(160_000).as_bytes());
    space
}

/// Both stores compress and encrypt to one key.
fn sealed() -> (Space, String) {
    let probe = Space::new();
    let recipient = keys(&probe, "key.txt");
    let node = format!("compress \"zstd\"; encrypt \"{recipient}\"; identity (file)\"key.txt\"");
    let space = space(&node, &node);
    fs::copy(probe.path("key.txt"), space.path("key.txt")).unwrap();
    (space, recipient)
}

fn the_one(space: &Space, store: &str, end: &str) -> PathBuf {
    let found = space.ending(store, end);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn flip(path: &Path, at: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn manifest(space: &Space, store: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(the_one(space, store, "/manifest.json")).unwrap()).unwrap()
}

/// No directory but those that the test made: nothing was half restored.
fn nothing_restored(space: &Space) {
    let names: Vec<_> = fs::read_dir(space.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name == "back"), "{names:?}");
}

#[test]
fn there_and_back() {
    let (space, recipient) = sealed();
    let before = tree(&space.path("data"));
    space.run("run").expect(0).says("through zstd and age");
    let (first, second) = (manifest(&space, "backups/local"), manifest(&space, "backups/offsite"));
    assert_eq!(first["artifact"], second["artifact"]);
    assert_eq!(first["copy"]["encoding"], serde_json::json!(["zstd", "age"]));
    assert_eq!(first["copy"]["recipients"], serde_json::json!([recipient]));
    // Moved as it is: not one byte is another.
    assert_eq!(first["copy"], second["copy"]);
    assert!(first["copy"]["size"].as_u64().unwrap() < first["artifact"]["size"].as_u64().unwrap() / 10);
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 1);
    space.run("restore notes --into back --confirm").expect(0);
    assert_eq!(tree(&space.path("back")), before);
    space.run("restore notes --from offsite --confirm").expect(0);
    assert_eq!(tree(&space.path("data")), before);
}

#[test]
fn without_an_identity_the_stored_bytes_are_checked_and_nothing_is_restored() {
    let (space, recipient) = sealed();
    space.run("run").expect(0);
    space.edit("; identity (file)\"key.txt\"", "");
    space.run("verify").expect(0).says("not decrypted, because the store has no `identity`");
    let refused = space.run("restore notes --into back --confirm").expect(1);
    let refused = refused.says("identity-missing").says(&recipient);
    assert!(refused.err.contains("strategy.kdl:"), "{}", refused.err);
    nothing_restored(&space);
}

#[test]
fn a_wrong_identity_is_told_before_anything_is_touched() {
    let (space, recipient) = sealed();
    space.run("run").expect(0);
    keys(&space, "other.txt");
    space.edit("(file)\"key.txt\"", "(file)\"other.txt\"");
    let before = tree(&space.path("data"));
    for command in ["verify", "restore notes --into back --confirm", "restore notes --confirm"] {
        space.run(command).expect(1).says("identity-wrong").says(&recipient).says("(file)\"other.txt\"");
    }
    nothing_restored(&space);
    assert_eq!(tree(&space.path("data")), before);
}

#[test]
fn damage_is_found_and_never_half_restored() {
    for (local, end) in [("compress \"zstd\"", ".tar.zst"), ("", ".tar.zst.age")] {
        let space = match local {
            "" => sealed().0,
            node => space(node, node),
        };
        space.run("run").expect(0);
        let (local, offsite) = (the_one(&space, "backups/local", end), the_one(&space, "backups/offsite", end));
        flip(&local, |length| length / 2);
        space.run("verify --store local").expect(1).says("artifact-damaged");
        // The check has told that this copy is damaged, so the other one is taken.
        space.run("restore notes --into whole --confirm").expect(0).says("in `offsite`");
        let bytes = fs::read(&offsite).unwrap();
        fs::write(&offsite, &bytes[..bytes.len() - 30]).unwrap();
        space.run("verify --store offsite").expect(1).says("artifact-damaged");
        let before = tree(&space.path("data"));
        space.run("restore notes --into back --confirm").expect(1).says("artifact-damaged");
        space.run("restore notes --confirm").expect(1).says("artifact-damaged");
        nothing_restored(&space);
        assert_eq!(tree(&space.path("data")), before);
    }
}

#[test]
fn a_kill_in_the_middle_leaves_one_manifest_and_nothing_over() {
    for fault in ["in-encode", "in-upload", "before-commit", "before-index", "before-manifest"] {
        let (space, _) = sealed();
        space.run_until(fault, "run").expect(137);
        space.run("run --resume").expect(0).says("resumed");
        space.holds("backups/local", 1);
        space.holds("backups/offsite", 1);
        space.run("verify").expect(0);
        space.run("restore notes --into back --confirm").expect(0);
        assert_eq!(tree(&space.path("back")), tree(&space.path("data")));
    }
}

#[test]
fn copies_are_encoded_on_the_way_to_a_store_that_asks_for_it() {
    let keyring = Space::new();
    let (one, two) = (keys(&keyring, "one.txt"), keys(&keyring, "two.txt"));
    let sealed = |to: &str, file: &str| format!("encrypt \"{to}\"; identity (file)\"{file}\"");
    let (one, two) = (sealed(&one, "one.txt"), sealed(&two, "two.txt"));
    let zstd = "compress \"zstd\" level=1";
    let cases = [
        ("", zstd.to_owned(), r#"["zstd"]"#),
        ("", one.clone(), r#"["age"]"#),
        ("", format!("{zstd}; {one}"), r#"["zstd","age"]"#),
        (zstd, String::new(), r#"["zstd"]"#),
        (zstd, one.clone(), r#"["zstd","age"]"#),
        (&one, two.clone(), r#"["age"]"#),
        (&one, format!("{zstd}; {two}"), r#"["zstd","age"]"#),
        (&one, zstd.to_owned(), r#"["age"]"#),
    ];
    for (local, offsite, encoding) in cases {
        let space = space(local, &offsite);
        for file in ["one.txt", "two.txt"] {
            fs::copy(keyring.path(file), space.path(file)).unwrap();
        }
        if !offsite.contains("identity") && local.contains("identity") {
            // Moved as it is: what opens it is said where it lies.
            space.edit(&offsite, &format!("{offsite}; identity (file)\"one.txt\""));
        }
        space.run("run").expect(0);
        let copy = manifest(&space, "backups/offsite");
        assert_eq!(copy["copy"]["encoding"].to_string(), encoding, "{local} to {offsite}");
        space.run("restore notes --from offsite --into back --confirm").expect(0);
        assert!(tree(&space.path("back")) == tree(&space.path("data")), "{local} to {offsite}");
    }
}

#[test]
fn a_copy_for_others_needs_the_identity_that_opens_it() {
    let keyring = Space::new();
    let (one, two) = (keys(&keyring, "one.txt"), keys(&keyring, "two.txt"));
    let space = space(&format!("encrypt \"{one}\""), &format!("encrypt \"{two}\""));
    let refused = space.run("run").expect(1).says("identity-missing").says("encrypts to other recipients");
    assert!(refused.err.contains("strategy.kdl:"), "{}", refused.err);
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 0);
}

/// With nothing but the programs that every system has, and the key.
#[test]
fn by_hand() {
    let (space, _) = sealed();
    space.write("data/more.bin", &noise(5 << 20));
    space.run("run").expect(0);
    let copy = the_one(&space, "backups/offsite", ".tar.zst.age");
    let said = manifest(&space, "backups/offsite");
    let script = "set -e; sha256sum \"$1\" | cut -d ' ' -f 1; age --decrypt --identity key.txt \"$1\" > copy.zst; \
                  zstd --test --quiet copy.zst; zstd --decompress --stdout --quiet copy.zst > copy.tar; \
                  sha256sum copy.tar | cut -d ' ' -f 1; mkdir by-hand; \
                  tar --extract --preserve-permissions --xattrs --xattrs-include='*' --numeric-owner --file copy.tar --directory by-hand";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(&copy).current_dir(space.dir.path());
    let shown = ended(&mut shell).expect(0).out;
    let expected =
        format!("{}\n{}\n", said["copy"]["sha256"].as_str().unwrap(), said["artifact"]["sha256"].as_str().unwrap());
    assert_eq!(shown, expected);
    assert_eq!(tree(&space.path("by-hand")), tree(&space.path("data")));
}

/// The machine is lost: its state, its data, its other store. The strategy, one store and the identity are enough.
#[test]
fn on_another_machine() {
    let (space, _) = sealed();
    space.run("run").expect(0);
    let there = Space::new();
    for file in ["strategy.kdl", "key.txt"] {
        fs::copy(space.path(file), there.path(file)).unwrap();
    }
    fs::create_dir(there.path("backups")).unwrap();
    fs::rename(space.path("backups/offsite"), there.path("backups/offsite")).unwrap();
    there.run("restore notes --into back --confirm").expect(0);
    assert_eq!(tree(&there.path("back")), tree(&space.path("data")));
}

/// Bytes that the restore of a part read of the copy, and what it has.
fn read_of(space: &Space, store: &str, into: &str) -> (u64, u64) {
    let ran =
        space.run(&format!("restore notes --from {store} --file two/small.txt --into {into} --confirm --format json"));
    let report: serde_json::Value = serde_json::from_str(&ran.expect(0).out).unwrap();
    let steps = report["steps"].as_array().unwrap();
    let details: Vec<_> = steps.iter().filter_map(|step| step["detail"].as_str()).collect();
    let detail = details.iter().find(|detail| detail.contains("were read")).unwrap_or_else(|| panic!("{details:?}"));
    let (_, figures) = detail.rsplit_once("for which ").unwrap();
    let (read, of) = figures.trim_end_matches(" were read").split_once(" of ").unwrap();
    (bytes(read), bytes(of))
}

/// `4.2 MiB` as bytes.
fn bytes(text: &str) -> u64 {
    let (number, unit) = text.split_once(' ').unwrap();
    let scale = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "bytes" => 1,
        other => panic!("{other}"),
    };
    (number.parse::<f64>().unwrap() * f64::from(scale)) as u64
}

/// Of each encoding: what is read is a few frames, whatever else is damaged, and it is checked.
#[test]
fn one_file_without_reading_the_whole() {
    let probe = Space::new();
    let recipient = keys(&probe, "key.txt");
    let key = format!("encrypt \"{recipient}\"; identity (file)\"key.txt\"");
    let cases = ["".to_owned(), "compress \"zstd\"".to_owned(), key.clone(), format!("compress \"zstd\"; {key}")];
    for node in cases {
        let space = space(&node, "");
        fs::copy(probe.path("key.txt"), space.path("key.txt")).unwrap();
        space.edit("path \"backups/offsite\"; ", &format!("path \"backups/offsite\"; {node}"));
        fs::remove_file(space.path("data/large.txt")).unwrap();
        space.write("data/a/noise.bin", &noise(24 << 20));
        space.write("data/two/small.txt", b"one small file\n");
        space.write("data/zzz.bin", &noise(9 << 20));
        space.run("run").expect(0);
        let (read, of) = read_of(&space, "local", "part");
        // The frame that the archive begins in, and the one that the file lies in.
        assert!(of > 32 << 20 && read < 10 << 20, "{read} of {of} bytes were read ({node})");
        let part = tree(&space.path("part"));
        let names: Vec<_> = part.keys().map(|name| name.to_string_lossy().into_owned()).collect();
        assert_eq!(names, ["", "two", "two/small.txt"], "{node}");
        fs::remove_file(space.path("data/two/three.bin")).unwrap();
        let folder = tree(&space.path("data/two"));
        assert_eq!(part[Path::new("two/small.txt")], folder[Path::new("small.txt")]);
        // Far from it, damage does no harm; where it lies, it is found.
        let copy =
            space.files("backups/local").into_iter().find(|name| name.contains(".tar") && !name.contains(".index"));
        let copy = space.path("backups/local").join(copy.unwrap());
        flip(&copy, |_| 6 << 20);
        read_of(&space, "local", "still");
        flip(&copy, |_| 6 << 20);
        let restored =
            |into: &str| space.run(&format!("restore notes --from local --file zzz.bin --into {into} --confirm"));
        flip(&copy, |length| length - (5 << 20));
        restored("back").expect(1).says("artifact-damaged");
        nothing_restored(&space);
        flip(&copy, |length| length - (5 << 20));
        restored("back").expect(0);
        assert_eq!(fs::read(space.path("back/zzz.bin")).unwrap(), noise(9 << 20));
    }
}

#[test]
fn another_name_of_a_file_outside_comes_with_its_bytes() {
    let space = space("compress \"zstd\"", "");
    fs::create_dir(space.path("data/z")).unwrap();
    for name in ["data/z/first", "data/z/second"] {
        fs::hard_link(space.path("data/one.txt"), space.path(name)).unwrap();
    }
    space.run("run").expect(0);
    space.run("restore notes --file z --into part --confirm").expect(0);
    assert_eq!(fs::read(space.path("part/z/first")).unwrap(), b"one\n");
    assert_eq!(fs::read(space.path("part/z/second")).unwrap(), b"one\n");
    assert!(!space.path("part/one.txt").exists());
    space.run("restore notes --file nowhere --into other --confirm").expect(1).says("not-in-artifact");
    space.run("restore notes --file z --confirm").expect(2).says("--into");
    nothing_restored(&space);
}
