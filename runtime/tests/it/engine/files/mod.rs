//! Trees there and back: archived, unpacked by us and by GNU tar, and compared in everything that can be put back.

mod chain;
mod hostile;
mod portrait;
mod random;
mod restore;
mod trouble;

use super::context;
use portrait::portrait;
use runtime::artifact::{Feed, Sink, channel};
use runtime::engine::files::FilesEngine;
use runtime::engine::{Context, Engine, Taken};
use runtime::error::Result;
use schema::source::{Files, OnChange};
use schema::step::Method;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

pub(super) fn engine(root: &Path, include: &[&str], exclude: &[&str], on_change: OnChange) -> FilesEngine {
    let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
    let root_text = root.to_str().unwrap().to_owned();
    FilesEngine::new(
        "src",
        &Files { root: root_text, include: owned(include), exclude: owned(exclude), on_change, members: Vec::new() },
        root,
    )
}

pub(super) fn whole(root: &Path) -> FilesEngine {
    engine(root, &["**"], &[], OnChange::Fail)
}

/// The archive in memory, and what was said about it.
pub(super) async fn archived(engine: &FilesEngine, context: &Context) -> Result<(Vec<u8>, Taken)> {
    let (sink, mut feed) = channel();
    let collect = async {
        let mut bytes = Vec::new();
        while let Some(chunk) = feed.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let (taken, bytes) = tokio::join!(engine.backup("files", Method::Archive, sink, context), collect);
    let taken = taken?;
    Ok((bytes?, taken))
}

/// A stream of these bytes.
pub(super) fn fed(bytes: &[u8]) -> Feed {
    let (sink, feed) = channel();
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    tokio::spawn(async move { send(sink, bytes).await });
    feed
}

async fn send(sink: Sink, mut bytes: bytes::Bytes) -> Result<()> {
    while !bytes.is_empty() {
        sink.send(bytes.split_to(bytes.len().min(100_000))).await?;
    }
    sink.finish().await
}

fn set_time(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = rustix::fs::Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(rustix::fs::CWD, path, &times, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// Everything odd that a tree may hold.
fn odd_tree(root: &Path) {
    let at = |name: &str| root.join(name);
    fs::create_dir_all(at("deep/er/still")).unwrap();
    fs::create_dir(at("empty")).unwrap();
    fs::write(at("deep/er/still/file"), vec![7; 3_000_001]).unwrap();
    fs::write(at("zero"), "").unwrap();
    fs::write(at("block"), [1; 512]).unwrap();
    fs::write(at(".hidden"), "h").unwrap();
    fs::write(at("new\nline"), "n").unwrap();
    fs::write(at("back\\slash *?[x]"), "b").unwrap();
    fs::write(at("å-ü-漢"), "u").unwrap();
    fs::write(root.join(OsStr::from_bytes(b"not-\xff\xfe-utf8")), "x").unwrap();
    fs::write(at(&"l".repeat(255)), "long").unwrap();
    let long: PathBuf = root.join(format!("{0}/{0}/{0}", "d".repeat(200)));
    fs::create_dir_all(&long).unwrap();
    fs::write(long.join("f"), "deep").unwrap();
    symlink("deep/er", at("link")).unwrap();
    symlink("/no/where", at("dangling")).unwrap();
    symlink("t".repeat(300), at("long-link")).unwrap();
    fs::hard_link(at("block"), at("deep/hard")).unwrap();
    fs::hard_link(root.join(OsStr::from_bytes(b"not-\xff\xfe-utf8")), at("zz-hard")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    sparse_files(root);
    fs::set_permissions(at("zero"), fs::Permissions::from_mode(0o4751)).unwrap();
    fs::set_permissions(at("empty"), fs::Permissions::from_mode(0o1500)).unwrap();
    attributes(root);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(at("block"), Some(12_345), Some(3_000_000_000)).unwrap();
        std::os::unix::fs::lchown(at("dangling"), Some(1), Some(2)).unwrap();
    }
    set_time(&at("zero"), 1, 2);
    set_time(&at("block"), -5, 500_000_000);
    set_time(&at("dangling"), 1_000_000_000, 123_456_789);
    set_time(&at("deep"), 100_000_000_000, 1);
    set_time(&at("empty"), 1_700_000_000, 0);
}

fn sparse_files(root: &Path) {
    let hole = fs::File::create(root.join("all-hole")).unwrap();
    hole.set_len(9 << 30).unwrap();
    let holes = fs::File::create(root.join("holes\n")).unwrap();
    holes.set_len(64 << 20).unwrap();
    holes.write_all_at(b"begin", 0).unwrap();
    holes.write_all_at(&[3; 70_000], 20 << 20).unwrap();
    let tail = fs::File::create(root.join("tail")).unwrap();
    tail.write_all_at(b"end", 10_000_000_000).unwrap();
}

fn attributes(root: &Path) {
    let values: [(&str, &str, &[u8]); 5] = [
        ("zero", "user.plain", b"value"),
        ("block", "user.binary", b"\x00\n12 path=evil\n\xff"),
        ("block", "user.a=b%3D", b"="),
        ("empty", "user.on-a-directory", b""),
        ("deep/er/still/file", "user.large", &[b'v'; 3000]),
    ];
    for (name, key, value) in values {
        xattr::set(root.join(name), key, value).unwrap();
    }
}

#[tokio::test]
async fn an_odd_tree_comes_back_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    odd_tree(&root);
    let (context, recorder) = context(folder.path());
    let engine = whole(&root);
    let before = portrait(&root);
    let (bytes, taken) = archived(&engine, &context).await.unwrap();
    assert!(taken.incomplete.is_empty(), "{:?}", taken.incomplete);
    assert_eq!(taken.facts.entries, Some(before.len() as u64 - 1), "the root is not counted");
    assert!(bytes.len() < 8 << 20, "holes are not stored: {}", bytes.len());
    assert!(!recorder.0.lock().unwrap().is_empty());
    assert_eq!(before, portrait(&root), "reading changes nothing");
    assert_eq!(archived(&engine, &context).await.unwrap().0, bytes, "the same bytes for the same tree");

    let said = engine.verify("files", fed(&bytes), &context).await.unwrap();
    assert!(said.detail.contains(&format!("{} entries", before.len() - 1)), "{said:?}");
    let staging = folder.path().join("tree.backstay-1");
    let staging = staging.to_str().unwrap();
    engine.stage("files", staging, fed(&bytes), &context).await.unwrap();
    assert_eq!(fs::metadata(staging).unwrap().permissions().mode() & 0o7777, 0o700);
    engine.inspect("files", staging, &context).await.unwrap();
    engine.swap("files", staging, &context).await.unwrap();
    engine.settle("files", staging, None, &context).await.unwrap();
    portrait::same(&before, &portrait(&root));
    portrait::same(&before, &portrait(Path::new(staging)));
}

#[tokio::test]
async fn gnu_tar_alone_brings_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("tree"), folder.path().join("out"));
    fs::create_dir(&root).unwrap();
    fs::create_dir(&out).unwrap();
    odd_tree(&root);
    let (context, _) = context(folder.path());
    let (bytes, _) = archived(&whole(&root), &context).await.unwrap();
    fs::write(folder.path().join("a.tar"), bytes).unwrap();
    let mut tar = std::process::Command::new("tar");
    let tar = tar
        .args([
            "--warning=no-timestamp",
            "--numeric-owner",
            "--xattrs",
            "--xattrs-include=*",
            "-xpf",
            "a.tar",
            "-C",
            "out",
        ])
        .current_dir(folder.path());
    let output = tar.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    portrait::same(&portrait(&root), &portrait(&out));
}

#[tokio::test]
async fn globs_choose_and_directories_on_the_way_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    for name in ["etc/a.conf", "etc/sub/b.conf", "etc/a.tmp", "var/lib/x/y", "var/log/z", "usr/bin/q"] {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), name).unwrap();
    }
    let (context, _) = context(folder.path());
    let cases: [(&[&str], &[&str], &[&str]); 5] = [
        (&["etc/*.conf"], &[], &["etc", "etc/a.conf"]),
        (&["**/*.conf"], &[], &["etc", "etc/a.conf", "etc/sub", "etc/sub/b.conf"]),
        (&["var/**"], &["var/log"], &["var", "var/lib", "var/lib/x", "var/lib/x/y"]),
        (&["**"], &["**/*.tmp", "usr", "var"], &["etc", "etc/a.conf", "etc/sub", "etc/sub/b.conf"]),
        (&["etc/{a,b}.*"], &["**/*.tmp"], &["etc", "etc/a.conf"]),
    ];
    for (index, (include, exclude, expected)) in cases.into_iter().enumerate() {
        let (bytes, _) = archived(&engine(&root, include, exclude, OnChange::Fail), &context).await.unwrap();
        let out = folder.path().join(format!("o.backstay-{index}"));
        let out_text = out.to_str().unwrap();
        whole(&root).stage("files", out_text, fed(&bytes), &context).await.unwrap();
        let found: Vec<String> =
            portrait(&out).into_keys().skip(1).map(|name| name.to_string_lossy().into_owned()).collect();
        assert_eq!(found, expected, "{include:?} {exclude:?}");
    }
    let nothing = archived(&engine(&root, &["nope/**"], &[], OnChange::Degrade), &context).await;
    assert_eq!(nothing.unwrap_err().code, "nothing-matched");
}
