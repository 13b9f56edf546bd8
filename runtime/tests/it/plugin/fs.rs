//! What is the affair of the bundled `fs` alone: a directory, links in it, and its neighbours. What it shares with other
//! storages is in `conformance`.

use super::conformance::{Vault, bytes, suite};
use runtime::artifact::channel;
use schema::report::ProblemKind;

#[tokio::test(flavor = "multi_thread")]
async fn it_conforms() {
    suite(Vault::fs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_while_others_delete_next_door_works() {
    let vault = Vault::fs().await;
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

/// A page of a listing is 8192 files: nothing is lost or told twice where one ends.
#[tokio::test(flavor = "multi_thread")]
async fn three_pages_are_listed_whole() {
    let vault = Vault::fs().await;
    for count in [8192, 16_400] {
        for n in 0..count {
            let folder = vault.root().join(format!("p/{:03}", n / 100));
            std::fs::create_dir_all(&folder).expect("made");
            std::fs::write(folder.join(format!("{n:05}")), b"x").expect("written");
        }
        let listed = vault.storage.list("p/").await.expect("listed");
        assert_eq!(listed.len(), count);
        assert!(listed.is_sorted_by(|a, b| a.key < b.key));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_do_not_lead_out() {
    let vault = Vault::fs().await;
    let outside = vault.place().path().join("outside");
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
    let vault = Vault::fs().await;
    vault.storage.create("a", b"x").await.expect("created");
    std::fs::rename(vault.root(), vault.place().path().join("gone")).expect("renamed");
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
    let vault = Vault::fs().await;
    std::fs::write(vault.root().join("big"), bytes(8 << 20, 0)).expect("written");
    let (sink, feed) = channel();
    drop(feed);
    let error = vault.storage.get("big", 0, &sink).await.expect_err("nobody reads");
    assert_eq!(error.code, "consumer-gone");
}
