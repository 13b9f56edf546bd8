//! Archives that someone else made: what leads out of the directory, and what is no sound archive, is refused.

use super::super::context;
use super::{archived, fed, whole};
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
