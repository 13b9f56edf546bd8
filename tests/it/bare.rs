//! A machine that has nothing: the strategy comes out of a store, and so does what it protects.

use crate::space::{Space, ended, tree};
use std::fs;
use std::process::Command;

/// A second machine, which gets nothing but a store.
pub(crate) fn moved(space: &Space, store: &str) -> Space {
    let bare = Space::new();
    let copied = Command::new("cp").arg("-a").arg(space.path(store)).arg(bare.path("vault")).status();
    assert!(copied.unwrap().success());
    bare
}

/// The same, with the identity that opens the store.
fn moved_with_key(space: &Space) -> Space {
    let bare = moved(space, "backups/offsite");
    fs::copy(space.path("key.txt"), bare.path("key.txt")).unwrap();
    bare
}

fn texts(space: &Space, store: &str) -> Vec<String> {
    space.files(store).into_iter().filter(|name| name.starts_with("texts/")).collect()
}

/// The quickstart with sealed stores, in two texts, one of which lies above the strategy, and with a variable.
fn sealed() -> Space {
    let space = Space::quickstart();
    space.edit("; exclude \"**/*.tmp\"", "");
    let made = ended(Command::new("age-keygen").arg("-o").arg(space.path("key.txt"))).expect(0);
    let recipient = made.err.trim().rsplit(' ').next().unwrap();
    let node = format!("compress \"zstd\"; encrypt \"{recipient}\"; identity (file)\"key.txt\"");
    for store in ["local", "offsite"] {
        let path = format!("path \"backups/{store}\"");
        space.edit(&path, &format!("{path}; {node}"));
    }
    space.edit(
        "strategy \"quickstart\" {",
        "strategy \"quickstart\" {\n    import \"parts/\"\n    let \"day\" \"30 3 * * *\"",
    );
    space.edit("schedule \"30 3 * * *\"", "schedule (var)\"day\"");
    space.write("parts/objectives.kdl", b"// What the owner was promised.\nobjectives { rpo \"2d\" }\n");
    space
}

#[test]
fn a_restore_with_nothing_but_a_store_and_the_identity() {
    let space = sealed();
    let before = tree(&space.path("data"));
    space.run_words(&["run", "--var", "day=15 4 * * *"]).expect(0);
    let bare = moved_with_key(&space);
    drop(space);
    let plan = bare.run("restore notes --store vault --into back").expect(0);
    let plan = plan.says("strategy `quickstart` as run").says("Nothing was touched");
    assert!(plan.out.contains("1. offsite") && !plan.out.contains("2. "), "{}", plan.out);
    bare.run("restore notes --store vault --into back --confirm").expect(0);
    assert_eq!(tree(&bare.path("back")), before);
    bare.run("restore notes --store vault --confirm").expect(0);
    assert_eq!(tree(&bare.path("data")), before);
}

#[test]
fn the_texts_come_back_as_they_were() {
    let space = sealed();
    space.run_words(&["run", "--var", "day=15 4 * * *"]).expect(0);
    let bare = moved_with_key(&space);
    bare.run("recover --store vault --into back").expect(0).says("`--var day=15 4 * * *`");
    for text in ["strategy.kdl", "parts/objectives.kdl"] {
        assert_eq!(fs::read(bare.path("back").join(text)).unwrap(), fs::read(space.path(text)).unwrap());
    }
    bare.run("validate back/strategy.kdl").expect(0);
    bare.run("recover --store vault --into back").expect(1).says("not-written").says("it is not empty");
}

#[test]
fn texts_are_kept_once_for_each_change_and_the_newest_count() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    space.run("run").expect(0);
    let first = texts(&space, "backups/offsite");
    assert_eq!(first.len(), 1, "{first:?}");
    let old = fs::read_to_string(space.path("strategy.kdl")).unwrap();
    space.edit("environment \"development\"", "environment \"staging\"");
    space.run("run").expect(0);
    let bare = moved(&space, "backups/offsite");
    bare.run("recover --store vault --into changed").expect(0);
    assert_eq!(fs::read(bare.path("changed/strategy.kdl")).unwrap(), fs::read(space.path("strategy.kdl")).unwrap());
    // Back to what they were is a change as well.
    space.write("strategy.kdl", old.as_bytes());
    space.run("run").expect(0);
    let kept = texts(&space, "backups/offsite");
    assert_eq!(kept.len(), 3, "{kept:?}");
    let bare = moved(&space, "backups/offsite");
    bare.run("recover --store vault --into back").expect(0);
    assert_eq!(fs::read(bare.path("back/strategy.kdl")).unwrap(), old.as_bytes());
    // By hand.
    let shown = ended(Command::new("zstd").args(["-dcq"]).arg(bare.path("vault").join(&kept[2]))).expect(0);
    let document: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(document["texts"][0]["text"], old.as_str());
    assert_eq!((&document["store"], &document["plan"]["strategy"]), (&"offsite".into(), &"quickstart".into()));
}

#[test]
fn damaged_texts_give_way_to_those_before_them() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    let old = fs::read(space.path("strategy.kdl")).unwrap();
    space.edit("environment \"development\"", "environment \"staging\"");
    space.run("run").expect(0);
    let bare = moved(&space, "backups/offsite");
    let kept = texts(&bare, "vault");
    assert_eq!(kept.len(), 2, "{kept:?}");
    let newest = bare.path("vault").join(&kept[1]);
    // What is whole and says something else than its name is no better than what cannot be read.
    fs::copy(bare.path("vault").join(&kept[0]), &newest).unwrap();
    bare.run("recover --store vault --into back").expect(0).says("does not say what its name says");
    assert_eq!(fs::read(bare.path("back/strategy.kdl")).unwrap(), old);
    for name in &kept {
        fs::write(bare.path("vault").join(name), b"no texts").unwrap();
    }
    bare.run("recover --store vault --into again").expect(1).says("document-damaged");
    bare.run("restore notes --store vault --into again --confirm").expect(1).says("document-damaged");
    assert!(!bare.path("again").exists());
    fs::remove_dir_all(bare.path("vault/texts")).unwrap();
    bare.run("restore notes --store vault --into again").expect(1).says("texts-missing");
}

#[test]
fn what_is_no_store_is_told() {
    let bare = Space::new();
    bare.write("empty/x", b"");
    bare.run("restore notes --store nowhere").expect(2).says("store-unreadable").says("nowhere");
    bare.run("restore notes --store empty").expect(1).says("store-unused");
    assert_eq!(bare.files("empty"), ["x"]);
    bare.write("two.kdl", b"store \"a\" plugin=\"fs\" { path \"a\" }\nstore \"b\" plugin=\"fs\" { path \"b\" }\n");
    bare.run("restore notes --store two.kdl").expect(2).says("store-ambiguous");
    bare.write("bad.kdl", b"store \"a\" plugin=\"fs\" { pat \"a\" }\n");
    bare.run("recover --store bad.kdl --into back").expect(2).says("bad.kdl:1:");
}

/// The strategy was given another name since the store was first used, and the store itself is reached elsewhere.
#[test]
fn a_strategy_that_was_renamed_is_still_that_of_its_store() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    space.edit("strategy \"quickstart\"", "strategy \"renamed\"");
    space.run("run").expect(0);
    let bare = moved(&space, "backups/offsite");
    bare.write("store.kdl", b"store \"anything\" plugin=\"fs\" { path \"vault\" }\n");
    bare.run("restore notes --store store.kdl --into back --confirm").expect(0).says("strategy `renamed`");
    assert!(bare.path("back/one.txt").exists());
}
