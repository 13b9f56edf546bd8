//! The swap of trees: refused where it would lose something, and whole after every kill.

use super::super::context;
use super::{archived, engine, fed, whole};
use runtime::engine::Engine;
use schema::source::OnChange;
use std::fs;

#[tokio::test]
async fn every_state_of_a_swap_ends_whole() {
    for swapped in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("tree");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("f"), "archived").unwrap();
        let (context, _) = context(folder.path());
        let engine = whole(&root);
        let (bytes, _) = archived(&engine, &context).await.unwrap();
        fs::write(root.join("f"), "damaged").unwrap();
        let staging = folder.path().join("tree.backstay-1");
        let text = staging.to_str().unwrap();
        engine.stage("files", text, fed(&bytes), &context).await.unwrap();
        assert_eq!(fs::read_to_string(root.join("f")).unwrap(), "damaged", "live data is untouched");
        engine.swap("files", text, &context).await.unwrap();
        assert_eq!(fs::read_to_string(root.join("f")).unwrap(), "archived");
        if !swapped {
            // As if the kill had come after the record and before the exchange.
            for (from, to) in [(&root, "x"), (&staging, "tree"), (&folder.path().join("x"), "tree.backstay-1")] {
                fs::rename(from, folder.path().join(to)).unwrap();
            }
        }
        let recovered = engine.recover(&context).await.unwrap().unwrap();
        assert!(
            recovered.message.contains(if swapped { "new data is in place" } else { "old data is in place" }),
            "{}",
            recovered.message
        );
        assert!(engine.recover(&context).await.unwrap().is_none());
        engine.swap("files", text, &context).await.unwrap();
        engine.settle("files", text, None, &context).await.unwrap();
        assert_eq!(fs::read_to_string(root.join("f")).unwrap(), "archived");
        assert_eq!(fs::read_to_string(staging.join("f")).unwrap(), "damaged", "the old tree is kept");
        let again = engine.stage("files", text, fed(&bytes), &context).await;
        assert_eq!(again.unwrap_err().code, "staging-holds-old-data");
    }
}

#[tokio::test]
async fn a_part_never_replaces_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("f"), "f").unwrap();
    let (context, _) = context(folder.path());
    let part = engine(&root, &["**"], &["*.tmp"], OnChange::Fail);
    let (bytes, _) = archived(&part, &context).await.unwrap();
    let staging = folder.path().join("tree.backstay-1");
    let text = staging.to_str().unwrap();
    part.stage("files", text, fed(&bytes), &context).await.unwrap();
    assert_eq!(part.swap("files", text, &context).await.unwrap_err().code, "partial-tree");
    assert_eq!(part.place("files", text, "tree", &context).await.unwrap_err().code, "name-taken");
    part.place("files", text, "other", &context).await.unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("other/f")).unwrap(), "f");
    assert!(!staging.exists());
}

#[tokio::test]
async fn a_lost_root_is_put_back_and_a_changed_stage_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("f"), "f").unwrap();
    let (context, _) = context(folder.path());
    let engine = whole(&root);
    let (bytes, _) = archived(&engine, &context).await.unwrap();
    fs::remove_dir_all(&root).unwrap();
    let staging = folder.path().join("tree.backstay-1");
    let text = staging.to_str().unwrap();
    engine.stage("files", text, fed(&bytes), &context).await.unwrap();
    fs::write(staging.join("f"), "longer").unwrap();
    assert_eq!(engine.inspect("files", text, &context).await.unwrap_err().code, "staged-differs");
    engine.stage("files", text, fed(&bytes), &context).await.unwrap();
    engine.inspect("files", text, &context).await.unwrap();
    engine.swap("files", text, &context).await.unwrap();
    engine.settle("files", text, None, &context).await.unwrap();
    assert_eq!(fs::read_to_string(root.join("f")).unwrap(), "f");
    let foreign = folder.path().join("precious");
    fs::create_dir(&foreign).unwrap();
    assert_eq!(
        engine.stage("files", foreign.to_str().unwrap(), fed(&bytes), &context).await.unwrap_err().code,
        "bad-staging"
    );
    assert!(foreign.exists());
}
