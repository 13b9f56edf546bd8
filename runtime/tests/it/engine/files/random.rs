//! The law of archives on random trees: what comes back is what went in.

use super::super::context;
use super::{archived, fed, portrait, whole};
use proptest::prelude::*;
use runtime::engine::Engine;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
enum Node {
    File(Vec<(u32, Vec<u8>)>, u32),
    Link(Vec<u8>),
    Folder(u32, Vec<(Vec<u8>, Node)>),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("a name has neither", |byte| *byte != 0 && *byte != b'/');
    prop::collection::vec(byte, 1..120).prop_filter("special", |name| name != b"." && name != b"..")
}

fn node() -> impl Strategy<Value = Node> {
    let run = (0..3_000_000_u32, prop::collection::vec(any::<u8>(), 0..5_000));
    let leaf = prop_oneof![
        3 => (prop::collection::vec(run, 0..4), 0..0o1000_u32).prop_map(|(runs, mode)| Node::File(runs, mode)),
        1 => name().prop_map(Node::Link),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        (0..0o1000_u32, prop::collection::vec((name(), inner), 0..6))
            .prop_map(|(mode, nodes)| Node::Folder(mode, nodes))
    })
}

fn make(path: &Path, node: &Node) {
    match node {
        Node::File(runs, mode) => {
            let file = fs::File::create(path).unwrap();
            for (at, bytes) in runs {
                std::os::unix::fs::FileExt::write_all_at(&file, bytes, (*at).into()).unwrap();
            }
            fs::set_permissions(path, fs::Permissions::from_mode(*mode | 0o400)).unwrap();
        }
        Node::Link(target) => std::os::unix::fs::symlink(OsStr::from_bytes(target), path).unwrap(),
        Node::Folder(mode, nodes) => {
            fs::create_dir(path).unwrap();
            for (name, node) in nodes {
                let inner: PathBuf = path.join(OsStr::from_bytes(name));
                if inner.symlink_metadata().is_err() {
                    make(&inner, node);
                }
            }
            fs::set_permissions(path, fs::Permissions::from_mode(*mode | 0o700)).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_comes_back_is_what_went_in(nodes in prop::collection::vec((name(), node()), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("tree");
        make(&root, &Node::Folder(0o755, nodes));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (context, _) = context(folder.path());
            let engine = whole(&root);
            let (bytes, taken) = archived(&engine, &context).await.unwrap();
            assert!(taken.incomplete.is_empty());
            let staging = folder.path().join("tree.backstay-1");
            let text = staging.to_str().unwrap();
            engine.stage("files", text, fed(&bytes), &context).await.unwrap();
            engine.inspect("files", text, &context).await.unwrap();
            engine.swap("files", text, &context).await.unwrap();
            portrait::same(&portrait(&staging), &portrait(&root));
        });
    }
}
