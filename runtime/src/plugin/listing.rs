//! Files below a directory in order of path, a page at a time. Links are not followed, and names that no key has are not
//! listed.

use crate::plugin::files::Root;
use cap_std::fs::Dir;
use std::io;

/// Folders within folders; deeper ones are no layout of ours.
const DEEPEST: usize = 64;

/// At most `most` regular files (path and bytes) whose path begins with `prefix` and comes after `after`.
pub(super) fn list(root: &Root, prefix: &str, after: Option<&str>, most: usize) -> io::Result<Vec<(String, u64)>> {
    let mut page = Page { prefix, after, most, found: Vec::new() };
    // Only what is below the last whole folder of the prefix can match.
    let start = prefix.rfind('/').map_or("", |at| prefix.get(..=at).unwrap_or(""));
    let opened = if start.is_empty() { root.0.try_clone() } else { root.0.open_dir(start) };
    match opened {
        Ok(folder) => page.walk(&folder, start, 0)?,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        Err(error) => return Err(error),
    }
    Ok(page.found)
}

struct Page<'a> {
    prefix: &'a str,
    after: Option<&'a str>,
    most: usize,
    found: Vec<(String, u64)>,
}

impl Page<'_> {
    fn full(&self) -> bool {
        self.found.len() >= self.most
    }

    fn walk(&mut self, folder: &Dir, path: &str, depth: usize) -> io::Result<()> {
        for name in sorted(folder)? {
            if self.full() {
                return Ok(());
            }
            let full = format!("{path}{name}");
            match name.strip_suffix('/') {
                Some(name) if depth < DEEPEST && self.reaches(&full) => match folder.open_dir(name) {
                    Ok(inner) => self.walk(&inner, &full, depth + 1)?,
                    // Removed since it was listed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                },
                Some(_) => {}
                None if full.starts_with(self.prefix) && self.after.is_none_or(|after| *full > *after) => {
                    match folder.symlink_metadata(&name) {
                        Ok(found) => self.found.push((full, found.len())),
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                        Err(error) => return Err(error),
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Whether a folder (its path with a slash) can hold anything that is asked for.
    fn reaches(&self, folder: &str) -> bool {
        let in_prefix = folder.starts_with(self.prefix) || self.prefix.starts_with(folder);
        in_prefix && self.after.is_none_or(|after| *folder > *after || after.starts_with(folder))
    }
}

/// Names of files and, with a slash, of folders. The slash makes their order that of whole paths.
fn sorted(folder: &Dir) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.entries()? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            names.push(name + "/");
        } else if kind.is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pages_together_are_all_files_in_order(
            paths in proptest::collection::btree_set("[ab.]{0,2}[ab](/[ab.]{0,1}[ab]){0,2}", 0..12),
            prefix in "([ab.]{0,1}[ab](/[ab.]{0,2})?)?",
            most in 1usize..4,
        ) {
            let place = tempfile::tempdir().expect("a directory");
            let mut made = BTreeSet::new();
            for path in &paths {
                let full = place.path().join(path);
                let parent = full.parent().expect("a parent");
                // A path may need a folder where another is a file.
                if std::fs::create_dir_all(parent).is_ok() && !full.exists() && std::fs::write(&full, path).is_ok() {
                    made.insert(path.clone());
                }
            }
            let root = Root::open(place.path()).expect("opened");
            let (mut listed, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = list(&root, &prefix, after.as_deref(), most).expect("listed");
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                listed.extend(page);
            }
            let matching = made.iter().filter(|path| path.starts_with(&prefix));
            let wanted: Vec<(String, u64)> = matching.map(|path| (path.clone(), path.len() as u64)).collect();
            prop_assert_eq!(listed, wanted);
        }
    }
}
