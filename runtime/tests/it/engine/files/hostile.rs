//! Archives that someone else made: what leads out of the directory, and what is no sound archive, is refused.

use super::super::context;
use super::{archived, fed, whole};
use proptest::prelude::*;
use runtime::engine::Engine;
use std::fs;
use tar::{EntryType, Header};

fn member(kind: EntryType, name: &str, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    let ustar = header.as_ustar_mut().unwrap();
    ustar.name[..name.len()].copy_from_slice(name.as_bytes());
    ustar.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    let mut bytes = [header.as_bytes().as_slice(), content].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

#[tokio::test]
async fn nothing_is_written_outside() {
    let file = |name: &str| member(EntryType::Regular, name, "", b"evil");
    let link = |name: &str, target: &str| member(EntryType::Symlink, name, target, b"");
    let cases: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("a parent", vec![file("../evil")]),
        ("a parent in the middle", vec![member(EntryType::Directory, "d", "", b""), file("d/../../evil")]),
        ("an absolute name", vec![file("/tmp/backstay-evil")]),
        ("through a link", vec![link("l", ".."), file("l/evil")]),
        ("through a link to a link", vec![link("a", ".."), link("b", "a"), file("b/evil")]),
        ("over a link", vec![link("l", "../evil"), file("l")]),
        ("a hard link to a parent", vec![member(EntryType::Link, "h", "../precious", b"")]),
        ("a hard link through a link", vec![link("l", ".."), member(EntryType::Link, "h", "l/precious", b"")]),
        ("the root as a file", vec![file("./")]),
    ];
    for (case, members) in cases {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs::create_dir_all(inside.join("tree")).unwrap();
        fs::write(inside.join("precious"), "mine").unwrap();
        let (context, _) = context(folder.path());
        let bytes = [members.concat(), vec![0; 1024]].concat();
        let staging = inside.join("tree.backstay-1");
        let error = whole(&inside.join("tree"))
            .stage("files", staging.to_str().unwrap(), fed(&bytes), &context)
            .await
            .unwrap_err();
        let expected = if case == "over a link" { "io" } else { "archive-escapes" };
        assert_eq!(error.code, expected, "{case}: {error}");
        assert!(!inside.join("evil").exists() && !folder.path().join("evil").exists(), "{case}");
        assert_eq!(fs::read_to_string(inside.join("precious")).unwrap(), "mine", "{case}");
    }
}

#[tokio::test]
async fn every_cut_and_every_flipped_header_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("f"), [9; 700]).unwrap();
    fs::write(root.join("g\n"), "g").unwrap();
    let (context, _) = context(folder.path());
    let engine = whole(&root);
    let (bytes, _) = archived(&engine, &context).await.unwrap();
    let code = async |bytes: &[u8]| engine.verify("files", fed(bytes), &context).await.err().map(|error| error.code);
    assert_eq!(code(&bytes).await, None);
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for cut in (0..end + 600).step_by(97) {
        assert_eq!(code(&bytes[..cut]).await, Some("archive-damaged"), "cut at {cut}");
    }
    // The first member is the root: its pax header, if any, then its header. Each byte of a header is in its checksum.
    for at in 0..512 {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x40;
        assert_eq!(code(&flipped).await, Some("archive-damaged"), "flipped at {at}");
    }
    let tailed = [bytes.as_slice(), b"more"].concat();
    assert_eq!(code(&tailed).await, Some("archive-damaged"));
}

#[tokio::test]
async fn a_size_past_all_numbers_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context(folder.path());
    let size = b"29 size=18446744073709551615\n";
    assert_eq!(size.len(), 29);
    let members = [member(EntryType::XHeader, "p", "", size), member(EntryType::Regular, "f", "", b"x")];
    let bytes = [members.concat(), vec![0; 1024]].concat();
    let error = whole(folder.path()).verify("files", fed(&bytes), &context).await.unwrap_err();
    assert_eq!(error.code, "archive-damaged", "{error}");
}

/// A member that no archiver would write, or one that only looks harmless.
fn strange() -> impl Strategy<Value = Vec<u8>> {
    let kinds = [
        EntryType::Regular,
        EntryType::Directory,
        EntryType::Symlink,
        EntryType::Link,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
        EntryType::GNULongName,
        EntryType::GNUSparse,
        EntryType::Fifo,
        EntryType::Char,
    ];
    let piece = prop::sample::select(vec!["a", "b", "..", ".", "", "precious", "/", "tree", "evil"]);
    let path = || prop::collection::vec(piece.clone(), 0..5).prop_map(|pieces| pieces.join("/"));
    let value = prop_oneof![
        path(),
        Just("18446744073709551615".to_owned()),
        Just("-1".to_owned()),
        Just("1".to_owned()),
        Just("9999999".to_owned())
    ];
    let keys =
        ["path", "linkpath", "size", "GNU.sparse.realsize", "GNU.sparse.major", "GNU.sparse.name", "mtime", "uid"];
    let record = (prop::sample::select(keys.to_vec()), value).prop_map(|(key, value)| {
        let rest = format!(" {key}={value}\n");
        let length = (rest.len() + 1..).find(|length| length.to_string().len() + rest.len() == *length).unwrap();
        format!("{length}{rest}").into_bytes()
    });
    let records = prop::collection::vec(record, 0..4).prop_map(|records| records.concat());
    let content = prop_oneof![3 => records, 1 => prop::collection::vec(any::<u8>(), 0..600)];
    (prop::sample::select(kinds.to_vec()), path(), path(), content)
        .prop_map(|(kind, name, link, content)| member(kind, &name, &link, &content))
}

/// Changes some bytes, and makes the sums of headers right again where they are in their usual places.
fn spoiled(mut bytes: Vec<u8>, flips: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (at, with) in flips {
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        let header = at - at % 512;
        let block: &mut [u8] = &mut bytes[header..header + 512];
        if block.get(257..262) == Some(b"ustar") {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    bytes
}

/// Whatever an archive says, unpacking it ends, with an error or not, and touches nothing beside the place that it is
/// unpacked into.
fn harmless(bytes: &[u8]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    fs::create_dir_all(inside.join("tree")).unwrap();
    fs::write(inside.join("precious"), "mine").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let staging = inside.join("tree.backstay-1");
    let ended = runtime.block_on(async {
        let (context, _) = context(folder.path());
        let engine = whole(&inside.join("tree"));
        let checked = engine.verify("files", fed(bytes), &context).await.map(|_| ());
        let staged = engine.stage("files", staging.to_str().unwrap(), fed(bytes), &context).await.map(|_| ());
        [checked, staged]
    });
    for code in ended.iter().filter_map(|ended| ended.as_ref().err()).map(|error| error.code) {
        prop_assert!(code != "panic", "{ended:?}");
    }
    let names = |path: &std::path::Path| {
        let mut names: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        // What is unpacked, and what is noted of it.
        names.retain(|name| !name.to_string_lossy().trim_start_matches('.').starts_with("tree.backstay-1"));
        names.sort();
        names
    };
    prop_assert_eq!(names(&inside), ["precious", "tree"]);
    prop_assert!(names(&inside.join("tree")).is_empty());
    prop_assert_eq!(fs::read_to_string(inside.join("precious")).unwrap(), "mine");
    prop_assert!(!folder.path().join("evil").exists());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn members_that_nobody_would_write_do_no_harm(members in prop::collection::vec(strange(), 1..6)) {
        harmless(&[members.concat(), vec![0; 1024]].concat())?;
    }

    #[test]
    fn an_archive_with_changed_bytes_does_no_harm(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("tree");
        fs::create_dir_all(root.join("deep")).unwrap();
        fs::write(root.join("deep/file"), [7; 600]).unwrap();
        std::os::unix::fs::symlink("deep", root.join("link")).unwrap();
        fs::hard_link(root.join("deep/file"), root.join("other")).unwrap();
        fs::write(root.join("l".repeat(200)), "long").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bytes = runtime.block_on(async {
            let (context, _) = context(folder.path());
            archived(&whole(&root), &context).await.unwrap().0
        });
        harmless(&spoiled(bytes, &flips))?;
    }
}
