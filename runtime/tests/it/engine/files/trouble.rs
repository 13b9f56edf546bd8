//! Files that change, shrink, vanish or cannot be read while they are archived.

use super::super::context;
use super::{archived, engine, fed, whole};
use runtime::engine::Engine;
use runtime::engine::files::Moment;
use schema::source::OnChange;
use std::fs;
use std::path::Path;
use std::sync::Arc;

type Change = fn(&Path);

/// What happens, at which moment, what is said of it, and with which code it fails when it must.
const CASES: &[(Moment, Change, &str, &str)] = &[
    (
        Moment::Opened,
        |path| fs::write(path, vec![2; 5_000_000]).unwrap(),
        "it changed while it was read",
        "file-changed",
    ),
    (
        Moment::Opened,
        |path| fs::write(path, "short").unwrap(),
        "it became shorter while it was read; the rest is zeros",
        "file-changed",
    ),
    (Moment::Listed, |path| fs::remove_file(path).unwrap(), "it vanished", "file-changed"),
    (
        Moment::Listed,
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
        "it became something else than a file",
        "file-changed",
    ),
    (
        Moment::Listed,
        |path| {
            fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", path).unwrap();
        },
        "Too many levels of symbolic links (os error 40)",
        "file-unreadable",
    ),
];

#[tokio::test]
async fn whatever_changes_is_reported_and_the_archive_stays_sound() {
    for (when, change, said, code) in CASES {
        for on_change in [OnChange::Degrade, OnChange::Fail] {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("tree");
            fs::create_dir(&root).unwrap();
            fs::write(root.join("a\n"), vec![1; 5_000_000]).unwrap();
            fs::write(root.join("b"), "b").unwrap();
            let (context, _) = context(folder.path());
            let (moment, path, change) = (*when, root.join("a\n"), *change);
            let seam = move |now: Moment, name: &Path| {
                if now == moment && name == Path::new("a\n") {
                    change(&path);
                }
            };
            let result = archived(&engine(&root, &["**"], &[], on_change).with_seam(Arc::new(seam)), &context).await;
            if on_change == OnChange::Fail {
                assert_eq!(result.unwrap_err().code, *code, "{said}");
                continue;
            }
            let (bytes, taken) = result.unwrap();
            assert_eq!(taken.incomplete, [format!("a\\n: {said}")]);
            let sound = whole(&root).verify("files", fed(&bytes), &context).await;
            assert!(sound.is_ok(), "{said}: {sound:?}");
        }
    }
}

#[tokio::test]
async fn a_socket_is_skipped_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("f"), "f").unwrap();
    let _listening = std::os::unix::net::UnixListener::bind(root.join("s")).unwrap();
    let (context, _) = context(folder.path());
    let (_, taken) = archived(&engine(&root, &["**"], &[], OnChange::Degrade), &context).await.unwrap();
    assert_eq!(taken.incomplete, ["s: a socket has no content"]);
    assert_eq!(taken.facts.entries, Some(1));
}

#[tokio::test]
async fn a_cancelled_archive_is_never_finished() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("f"), vec![0; 20 << 20]).unwrap();
    let (context, _) = context(folder.path());
    context.cancel.cancel();
    assert_eq!(archived(&whole(&root), &context).await.unwrap_err().code, "cancelled");
}
