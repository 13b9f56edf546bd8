//! Everything about a tree that a restore must bring back, as a value that can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    kind: char,
    mode: u32,
    owner: (u32, u32),
    mtime: (i64, i64),
    size: u64,
    /// Content of a small file, digest of a large one's bytes with data, target of a link.
    content: String,
    /// Whether it has fewer blocks than bytes.
    sparse: bool,
    xattrs: Vec<(String, Vec<u8>)>,
    /// The first name of the same file.
    first: Option<PathBuf>,
}

/// By name; the root is the empty name.
pub(super) fn portrait(root: &Path) -> BTreeMap<PathBuf, Entry> {
    let (mut found, mut firsts) = (BTreeMap::new(), BTreeMap::new());
    let mut open = vec![PathBuf::new()];
    while let Some(name) = open.pop() {
        let path = root.join(&name);
        let path = if name.as_os_str().is_empty() { root.to_owned() } else { path };
        let facts = fs::symlink_metadata(&path).unwrap();
        if facts.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| name.join(entry.unwrap().file_name())));
        }
        if facts.is_file() && facts.nlink() > 1 {
            let first = firsts.entry(facts.ino()).or_insert_with(|| name.clone());
            *first = name.clone().min(first.clone());
        }
        found.insert(name, (entry(&path, &facts), facts.ino()));
    }
    found
        .into_iter()
        .map(|(name, (entry, inode))| (name, Entry { first: firsts.get(&inode).cloned(), ..entry }))
        .collect()
}

fn entry(path: &Path, facts: &fs::Metadata) -> Entry {
    let kind = facts.file_type();
    let (letter, content) = if kind.is_dir() {
        ('d', String::new())
    } else if kind.is_symlink() {
        ('l', format!("{:?}", fs::read_link(path).unwrap()))
    } else if kind.is_fifo() {
        ('p', String::new())
    } else if facts.len() > 1 << 30 {
        // Reading ten gigabytes of holes proves little and takes long: the ends are looked at.
        ('-', ends(path, facts.len()))
    } else {
        ('-', blake3::hash(&fs::read(path).unwrap()).to_string())
    };
    let mut xattrs: Vec<(String, Vec<u8>)> = xattr::list(path)
        .unwrap()
        .map(|name| (name.to_string_lossy().into_owned(), xattr::get(path, &name).unwrap().unwrap_or_default()))
        .collect();
    xattrs.sort();
    Entry {
        kind: letter,
        mode: facts.mode() & 0o7777,
        owner: (facts.uid(), facts.gid()),
        mtime: (facts.mtime(), facts.mtime_nsec()),
        size: if kind.is_dir() { 0 } else { facts.len() },
        content,
        sparse: kind.is_file() && facts.blocks() * 512 + 8192 < facts.len(),
        xattrs,
        first: None,
    }
}

fn ends(path: &Path, size: u64) -> String {
    use std::os::unix::fs::FileExt;
    let file = fs::File::open(path).unwrap();
    let (mut begin, mut end) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    file.read_exact_at(&mut begin, 0).unwrap();
    file.read_exact_at(&mut end, size - (1 << 20)).unwrap();
    format!("{} {}", blake3::hash(&begin), blake3::hash(&end))
}

/// Compares entry by entry, so that a difference is readable.
pub(super) fn same(expected: &BTreeMap<PathBuf, Entry>, found: &BTreeMap<PathBuf, Entry>) {
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (name, entry) in expected {
        // The root's own facts are those of the directory that `tar -C` was given.
        assert_eq!(Some(entry), found.get(name), "{}", name.display());
    }
}
