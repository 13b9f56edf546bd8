//! What stands in a store's directory, looked at without the product's code: each manifest with its bytes, and nothing else.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A store as it is found.
#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) artifacts: usize,
    pub(super) facts: usize,
    /// What should not be, a line each.
    pub(super) faults: Vec<String>,
}

/// Reads every file below a store.
///
/// # Errors
/// A file cannot be read.
pub(super) fn audit(store: &Path) -> Result<Audit, String> {
    let mut audit = Audit::default();
    let files = files(store)?;
    let mut known: BTreeSet<PathBuf> = [store.join("store.json")].into();
    for path in files.iter().filter(|path| path.ends_with("manifest.json")) {
        known.insert(path.clone());
        match objects_of(path) {
            Ok(objects) => {
                known.extend(objects);
                audit.artifacts += 1;
            }
            Err(fault) => audit.faults.push(format!("{}: {fault}", path.display())),
        }
    }
    for path in files.difference(&known) {
        let folder = path.parent().unwrap_or(store);
        let artifact = folder.parent().unwrap_or(store).join("manifest.json");
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if folder.ends_with("facts") && artifact.exists() && !hidden {
            audit.facts += 1;
        } else if !["lease", "texts"].iter().any(|ours| path.starts_with(store.join(ours))) {
            audit.faults.push(format!("nothing names `{}`", path.display()));
        }
    }
    Ok(audit)
}

/// The files that a manifest names, when they are what the manifest says.
fn objects_of(path: &Path) -> Result<Vec<PathBuf>, String> {
    let manifest: Value = serde_json::from_slice(&read(path)?).map_err(|error| error.to_string())?;
    let field = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let folder = path.parent().ok_or("it is in no folder")?;
    if folder.file_name().is_none_or(|name| name.to_string_lossy() != field("/id")) {
        return Err("it is in the folder of another artifact".to_owned());
    }
    let bytes = folder.join(field("/attempt")).join(field("/artifact/file"));
    let content = read(&bytes)?;
    if manifest.pointer("/artifact/size").and_then(Value::as_u64) != Some(content.len() as u64) {
        return Err(format!("its bytes are {}, not as many as it says", content.len()));
    }
    let digest: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let said = field("/artifact/sha256");
    if said.strip_prefix("sha256:").unwrap_or(said) != digest {
        return Err(format!("its bytes have the digest {digest}, it says {said}"));
    }
    let mut objects = vec![bytes];
    if let Some(size) = manifest.pointer("/index/size").and_then(Value::as_u64) {
        let index = folder.join(field("/attempt")).join(field("/index/file"));
        let has = read(&index)?.len() as u64;
        if has != size {
            return Err(format!("its index has {has} bytes, it says {size}"));
        }
        objects.push(index);
    }
    Ok(objects)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))
}

/// Every file below a folder; none when the folder is not there.
///
/// # Errors
/// A folder cannot be listed.
pub(super) fn files(folder: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop().filter(|folder| folder.exists()) {
        let failed = |error: std::io::Error| format!("cannot list `{}`: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path());
            }
        }
    }
    Ok(found)
}
