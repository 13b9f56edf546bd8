//! Two trees compared entry by entry: kind, mode, owner, time of change, links, content. Reads everything, changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What was found.
pub(super) struct Compared {
    pub(super) entries: usize,
    /// One line each; names are escaped.
    pub(super) differences: Vec<String>,
}

/// Compares two trees, their roots included.
///
/// # Errors
/// Something cannot be read.
pub(super) fn trees(left: &Path, right: &Path) -> Result<Compared, String> {
    let failed = |e: io::Error| format!("cannot compare `{}` with `{}`: {e}", left.display(), right.display());
    let (one, two) = (list(left).map_err(failed)?, list(right).map_err(failed)?);
    let names: BTreeSet<&PathBuf> = one.keys().chain(two.keys()).collect();
    let mut differences = Vec::new();
    for name in &names {
        let what = match (one.get(*name), two.get(*name)) {
            (Some(a), Some(b)) => entry((&left.join(name), a), (&right.join(name), b)).map_err(failed)?,
            (Some(_), None) => Some("is missing"),
            _ => Some("is not in the original"),
        };
        differences.extend(what.map(|what| format!("{name:?} {what}")));
    }
    Ok(Compared { entries: names.len(), differences })
}

/// All entries below a root, by their path from it.
fn list(root: &Path) -> io::Result<BTreeMap<PathBuf, Metadata>> {
    let mut found = BTreeMap::new();
    let mut open = vec![PathBuf::new()];
    while let Some(name) = open.pop() {
        let path = root.join(&name);
        let meta = match fs::symlink_metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        if meta.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(name.join(entry?.file_name()));
            }
        }
        found.insert(name, meta);
    }
    Ok(found)
}

/// The first thing in which two entries differ.
fn entry((left, a): (&Path, &Metadata), (right, b): (&Path, &Metadata)) -> io::Result<Option<&'static str>> {
    let mode = |meta: &Metadata| meta.mode();
    if mode(a) != mode(b) {
        return Ok(Some("has another kind or mode"));
    }
    if (a.uid(), a.gid()) != (b.uid(), b.gid()) {
        return Ok(Some("has another owner"));
    }
    if (a.mtime(), a.mtime_nsec()) != (b.mtime(), b.mtime_nsec()) {
        return Ok(Some("has another time"));
    }
    if a.is_symlink() {
        return Ok((fs::read_link(left)? != fs::read_link(right)?).then_some("points elsewhere"));
    }
    if a.is_file() && a.nlink() != b.nlink() {
        return Ok(Some("has another number of hard links"));
    }
    if a.is_file() && (a.len() != b.len() || !same(left, right)?) {
        return Ok(Some("has another content"));
    }
    Ok(None)
}

/// Whole files in memory: the demo's largest has 16 MiB.
fn same(left: &Path, right: &Path) -> io::Result<bool> {
    Ok(fs::read(left)? == fs::read(right)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo::tree, place, shell};

    fn twins(name: &str) -> (PathBuf, PathBuf) {
        let folder = place::fresh(&format!("tmp/{name}")).expect("folder");
        let (one, two) = (folder.join("one"), folder.join("two"));
        tree::grow(&one).expect("tree");
        shell::run(shell::command("cp").arg("-a").arg(&one).arg(&two)).expect("copy");
        (one, two)
    }

    #[test]
    fn a_faithful_copy_has_no_differences() {
        let (one, two) = twins("compare-same");
        let compared = trees(&one, &two).expect("compared");
        assert_eq!(compared.differences, Vec::<String>::new());
        assert!(compared.entries > 320);
    }

    #[test]
    fn each_kind_of_difference_is_seen() {
        let (one, two) = twins("compare-other");
        let run = |words: &[&str]| shell::run(shell::command("sh").arg("-c").arg(words.join(" ")).current_dir(&two));
        run(&[
            "chmod 644 private.key; rm empty.txt; touch run.sh; ln -sfn elsewhere first; touch -hr ../one/first first;",
            "cp large-again.bin x; mv x large-again.bin; touch -r ../one/large.bin large-again.bin;",
            "printf X | dd of=folder-0/note-0.txt conv=notrunc status=none; touch -r ../one/folder-0/note-0.txt",
            "folder-0/note-0.txt; touch -r ../one .",
        ])
        .expect("damage");
        let compared = trees(&one, &two).expect("compared");
        assert_eq!(
            compared.differences,
            [
                "\"empty.txt\" is missing",
                "\"first\" points elsewhere",
                "\"folder-0/note-0.txt\" has another content",
                "\"large-again.bin\" has another number of hard links",
                "\"large.bin\" has another number of hard links",
                "\"private.key\" has another kind or mode",
                "\"run.sh\" has another time",
            ]
        );
    }
}
