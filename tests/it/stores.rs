//! What stands in a store's directory, looked at without Backstay's own code: every manifest has its bytes, with the right
//! digest, and nothing else is there.

use crate::space::Space;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A store as it is found.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// Size of the bytes, by the artifact's id.
    pub(crate) artifacts: BTreeMap<String, u64>,
    pub(crate) facts: usize,
    /// What should not be.
    pub(crate) faults: Vec<String>,
}

/// Looks at every file below a store.
pub(crate) fn audit(store: &Path) -> Audit {
    let mut audit = Audit::default();
    let mut files = BTreeSet::new();
    every_file(store, &mut files);
    let mut known: BTreeSet<PathBuf> = [store.join("store.json")].into();
    for path in files.iter().filter(|path| path.file_name().is_some_and(|name| name == "manifest.json")) {
        known.insert(path.clone());
        if let Err(fault) = manifest(path, &mut audit, &mut known) {
            audit.faults.push(format!("{}: {fault}", path.display()));
        }
    }
    for path in files.difference(&known) {
        let folder = path.parent().unwrap();
        let beside = folder.parent().unwrap().join("manifest.json");
        let hidden = path.file_name().unwrap().to_string_lossy().starts_with('.');
        if path.starts_with(store.join("lease")) || path.starts_with(store.join("texts")) {
            continue;
        }
        if folder.ends_with("facts") && beside.exists() && !hidden {
            audit.facts += 1;
        } else {
            audit.faults.push(format!("nothing names {}", path.display()));
        }
    }
    audit
}

fn manifest(path: &Path, audit: &mut Audit, known: &mut BTreeSet<PathBuf>) -> Result<(), String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    let field = |pointer: &str| manifest.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default();
    let folder = path.parent().unwrap();
    let id = field("/id").to_owned();
    if folder.file_name().is_none_or(|name| name.to_string_lossy() != id) {
        return Err("it is not in its artifact's folder".to_owned());
    }
    let bytes = folder.join(field("/attempt")).join(field("/artifact/file"));
    let content = fs::read(&bytes).map_err(|error| format!("its bytes: {error}"))?;
    known.insert(bytes);
    if manifest.get("index").is_some() {
        let index = folder.join(field("/attempt")).join(field("/index/file"));
        let content = fs::read(&index).map_err(|error| format!("its index: {error}"))?;
        if field("/index/blake3") != blake3(&content) {
            return Err("its index has another digest".to_owned());
        }
        known.insert(index);
    }
    let size = manifest.pointer("/artifact/size").and_then(serde_json::Value::as_u64);
    if size != Some(content.len() as u64) {
        return Err(format!("its bytes are {}, it says {size:?}", content.len()));
    }
    let digest = blake3(&content);
    if field("/artifact/blake3").trim_start_matches("blake3:") != digest {
        return Err(format!("its bytes have digest {digest}, it says {}", field("/artifact/blake3")));
    }
    if audit.artifacts.insert(id, content.len() as u64).is_some() {
        return Err("another manifest has the same id".to_owned());
    }
    Ok(())
}

fn blake3(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

fn every_file(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            every_file(&path, files);
        } else {
            files.insert(path);
        }
    }
}

/// What the catalog says before it is made again from the stores, and after.
fn catalogs(space: &Space) -> [Vec<serde_json::Value>; 2] {
    let listed = || {
        let text = space.run("catalog list --format json").expect(0).out;
        let mut list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        for artifact in &mut list {
            // How long things took is known from the documents at hand, and of two checks within a second either counts.
            for span in ["took", "moved", "checked", "inspected", "drilled"] {
                artifact.as_object_mut().unwrap().remove(span);
            }
        }
        list
    };
    let before = listed();
    space.run("catalog rebuild").expect(0);
    [before, listed()]
}

/// Checks that the catalog is what a rebuild from the stores makes of it.
#[track_caller]
pub(crate) fn check_catalog(space: &Space) {
    let [before, after] = catalogs(space);
    assert_eq!(before, after, "the catalog is not what the stores hold");
}

/// Checks that the catalog claims nothing that the stores do not hold. After a step that failed it may know less: what a
/// store took and could not confirm counts for nothing until it is looked at.
#[track_caller]
pub(crate) fn check_claims(space: &Space) {
    let [before, after] = catalogs(space);
    for claimed in before {
        let unverified = |artifact: &serde_json::Value| {
            let mut artifact = artifact.clone();
            artifact.as_object_mut().unwrap().insert("verified".to_owned(), false.into());
            artifact
        };
        let holds = |held: &serde_json::Value| {
            let verified = claimed["verified"] == false || held["verified"] == true;
            verified && unverified(held) == unverified(&claimed)
        };
        assert!(after.iter().any(holds), "the catalog claims {claimed}, the stores hold {after:#?}");
    }
}
