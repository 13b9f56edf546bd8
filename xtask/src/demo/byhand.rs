//! What `docs/by-hand.md` says, done: an artifact is found, checked and used with the usual programs alone.

use super::{compare, heading};
use crate::shell;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// An artifact as its manifest announces it.
#[derive(Debug)]
struct Found {
    file: PathBuf,
    size: u64,
    sha256: String,
    taken: String,
}

/// Unpacks the newest artifact of a store with `tar` and compares it with the original tree.
///
/// # Errors
/// Nothing is found, a digest or the size is another, or an entry below the root differs.
pub(super) fn tree(store: &Path, original: &Path, into: &Path) -> Result<(), String> {
    heading("the same by hand: sha256sum and tar, without backstay");
    let found = newest(store, "files")?;
    check(&found)?;
    fs::create_dir_all(into).map_err(|e| format!("cannot make `{}`: {e}", into.display()))?;
    let mut tar = shell::command("tar");
    tar.args(["--extract", "--preserve-permissions", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--file"]);
    shell::output(tar.arg(&found.file).arg("--directory").arg(into))?;
    let compared = compare::trees(original, into)?;
    // The root is whatever folder it was unpacked into.
    let differences: Vec<&String> = compared.differences.iter().filter(|text| !text.starts_with("\"\" ")).collect();
    println!("{} entries compared: {} differ", compared.entries, differences.len());
    match differences.first() {
        Some(first) => Err(format!("by hand, {first}")),
        None => Ok(()),
    }
}

/// Loads the newest dump of `neo4j` under another name with the admin tool, and has it checked.
///
/// # Errors
/// Nothing is found, a digest or the size is another, or the tool refuses it.
pub(super) fn dump(store: &Path, home: &Path) -> Result<(), String> {
    heading("the same by hand: sha256sum and neo4j-admin, without backstay");
    let found = newest(store, "neo4j")?;
    check(&found)?;
    let dump = fs::File::open(&found.file).map_err(|e| format!("cannot open `{}`: {e}", found.file.display()))?;
    let mut load = shell::command(home.join("bin/neo4j-admin"));
    load.args(["database", "load", "by-hand", "--from-stdin"]).stdin(dump).stdout(Stdio::null()).stderr(Stdio::null());
    shell::run(&mut load)?;
    let mut check = shell::command(home.join("bin/neo4j-admin"));
    // Its report goes to the working directory.
    shell::output(check.args(["database", "check", "by-hand"]).current_dir(home.join("run")))?;
    println!("loaded as `by-hand`, and sound");
    Ok(())
}

fn check(found: &Found) -> Result<(), String> {
    println!("{} (taken {})", found.file.file_name().unwrap_or_default().to_string_lossy(), found.taken);
    let size = found.file.metadata().map_err(|e| format!("no `{}`: {e}", found.file.display()))?.len();
    let printed = shell::output(shell::command("sha256sum").arg("--zero").arg(&found.file))?;
    let digest = printed.split_whitespace().next().unwrap_or_default();
    if size == found.size && digest == found.sha256 {
        return Ok(());
    }
    Err(format!("`{}` is not what its manifest says: {size} bytes, {digest}", found.file.display()))
}

/// The newest artifact of a database below a store's folder.
fn newest(store: &Path, database: &str) -> Result<Found, String> {
    let mut best: Option<Found> = None;
    for path in super::manifests(store) {
        let text = fs::read_to_string(&path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
        let json: Value = serde_json::from_str(&text).map_err(|e| format!("`{}` is not JSON: {e}", path.display()))?;
        if json.get("database").and_then(Value::as_str) != Some(database) {
            continue;
        }
        let found = read(&path, &json).ok_or_else(|| format!("`{}` lacks a field", path.display()))?;
        if best.as_ref().is_none_or(|best| best.taken < found.taken) {
            best = Some(found);
        }
    }
    best.ok_or_else(|| format!("no artifact of `{database}` below `{}`", store.display()))
}

fn read(manifest: &Path, json: &Value) -> Option<Found> {
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str);
    Some(Found {
        file: manifest.parent()?.join(text("/attempt")?).join(text("/artifact/file")?),
        size: json.pointer("/artifact/size").and_then(Value::as_u64)?,
        sha256: text("/artifact/sha256")?.to_owned(),
        taken: text("/taken")?.to_owned(),
    })
}
