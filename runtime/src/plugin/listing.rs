//! Files below a directory in order of path, a page at a time. Links are not followed, and names that no key has are not
//! listed.

use crate::plugin::files::Root;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, Stat, openat, statat};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Folders within folders; deeper ones are no layout of ours.
const DEEPEST: usize = 64;
/// How a folder within one is opened, by its name alone: a link that took its place is not followed.
const INNER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Bytes of names that are read at once.
const AT_ONCE: usize = 32 << 10;
/// Names from which on a folder is a great one: its names are kept from page to page, and looked behind side by side.
const MANY: usize = 512;
/// Names that are looked behind at once by all threads together. What is found beyond the page was looked at in vain.
const BATCH: usize = 128;
/// Most threads: they wait for the disk more than they reckon.
const THREADS: usize = 4;

/// Names of a folder in their order.
type Names = Arc<Vec<String>>;

/// The names of the last great folder that was read, for the page that goes on there: to read and sort a hundred thousand of
/// them anew for each page was half of a listing. A listing that begins reads them itself, so it misses nothing that was
/// there before it.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<(String, Instant, Names)>>);

impl Kept {
    fn get(&self, path: &str) -> Option<Names> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(of, ..)| of == path).map(|(.., names)| names.clone())
    }

    /// Keeps the names of a great folder that somebody began to read at a time, unless another listing has read later, and
    /// forgets those of a folder that is no longer great.
    fn put(&self, path: &str, began: Instant, names: &Names) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|(of, then, _)| of == path && *then > began) {
            return;
        }
        if names.len() >= MANY {
            *kept = Some((path.to_owned(), began, names.clone()));
        } else if kept.as_ref().is_some_and(|(of, ..)| of == path) {
            *kept = None;
        }
    }
}

/// At most `most` regular files (path and bytes) whose path begins with `prefix` and comes after `after`.
pub(super) fn list(
    root: &Root,
    prefix: &str,
    after: Option<&str>,
    most: usize,
    kept: &Kept,
) -> io::Result<Vec<(String, u64)>> {
    let mut page = Page { prefix, after, most, kept, found: Vec::new() };
    // Only what is below the last whole folder of the prefix can match.
    let start = prefix.rfind('/').map_or("", |at| prefix.get(..=at).unwrap_or(""));
    // Opened anew in any case: those who share an open folder share the place that they read on from.
    match root.0.open(if start.is_empty() { "." } else { start }) {
        Ok(folder) => page.walk(folder.as_fd(), start, 0)?,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        Err(error) => return Err(error),
    }
    page.found.truncate(most);
    Ok(page.found)
}

struct Page<'a> {
    prefix: &'a str,
    after: Option<&'a str>,
    most: usize,
    kept: &'a Kept,
    found: Vec<(String, u64)>,
}

impl Page<'_> {
    fn full(&self) -> bool {
        self.found.len() >= self.most
    }

    fn walk(&mut self, folder: BorrowedFd<'_>, path: &str, depth: usize) -> io::Result<()> {
        let names = self.names(folder, path)?;
        if names.len() < MANY {
            for name in names.iter() {
                if self.full() {
                    return Ok(());
                }
                self.look(folder, path, name, depth)?;
            }
            return Ok(());
        }
        for batch in names.get(self.first(path, &names)..).unwrap_or_default().chunks(BATCH) {
            if self.full() {
                return Ok(());
            }
            self.side_by_side(folder, path, batch, depth)?;
        }
        Ok(())
    }

    /// The names of a folder: of a great one that the last page ended in, as they were then.
    fn names(&self, folder: BorrowedFd<'_>, path: &str) -> io::Result<Names> {
        let goes_on = self.after.is_some_and(|after| after.starts_with(path));
        if let Some(kept) = self.kept.get(path).filter(|_| goes_on) {
            return Ok(kept);
        }
        let began = Instant::now();
        let names = Arc::new(sorted(folder)?);
        self.kept.put(path, began, &names);
        Ok(names)
    }

    /// Where those begin that come after the last page, its last folder among them.
    fn first(&self, path: &str, names: &[String]) -> usize {
        let Some(rest) = self.after.and_then(|after| after.strip_prefix(path)) else { return 0 };
        let before = names.partition_point(|name| name.as_str() <= rest);
        before.saturating_sub(1)
    }

    /// Looks behind each of these names, by several threads; what they find is put together in the order of the names.
    fn side_by_side(&mut self, folder: BorrowedFd<'_>, path: &str, names: &[String], depth: usize) -> io::Result<()> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        let (prefix, after, most, kept) = (self.prefix, self.after, self.most, self.kept);
        let behind = |names: &[String]| {
            let mut page = Page { prefix, after, most, kept, found: Vec::new() };
            names.iter().try_for_each(|name| page.look(folder, path, name, depth)).map(|()| page.found)
        };
        std::thread::scope(|scope| {
            let shares = names.chunks(names.len().div_ceil(threads).max(1));
            let looking: Vec<_> = shares.map(|share| scope.spawn(move || behind(share))).collect();
            for looked in looking {
                let found = looked.join().map_err(|_| io::Error::other("a thread that listed a folder ended early"))?;
                self.found.extend(found?);
            }
            Ok(())
        })
    }

    /// A file, or what is in a folder.
    fn look(&mut self, folder: BorrowedFd<'_>, path: &str, name: &str, depth: usize) -> io::Result<()> {
        let full = format!("{path}{name}");
        match name.strip_suffix('/') {
            Some(name) if depth < DEEPEST && self.reaches(&full) => match openat(folder, name, INNER, Mode::empty()) {
                Ok(inner) => self.walk(inner.as_fd(), &full, depth + 1),
                // Removed since it was listed.
                Err(Errno::NOENT) => Ok(()),
                Err(error) => Err(error.into()),
            },
            None if full.starts_with(self.prefix) && self.after.is_none_or(|after| *full > *after) => {
                if let Some(found) = look_at(folder, name)? {
                    self.found.push((full, u64::try_from(found.st_size).unwrap_or(0)));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether a folder (its path with a slash) can hold anything that is asked for.
    fn reaches(&self, folder: &str) -> bool {
        let in_prefix = folder.starts_with(self.prefix) || self.prefix.starts_with(folder);
        in_prefix && self.after.is_none_or(|after| *folder > *after || after.starts_with(folder))
    }
}

/// Names of files and, with a slash, of folders. The slash makes their order that of whole paths.
fn sorted(folder: BorrowedFd<'_>) -> io::Result<Vec<String>> {
    let (mut names, mut space) = (Vec::new(), Vec::with_capacity(AT_ONCE));
    let mut entries = RawDir::new(folder, space.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = match entry {
            // Of a folder that was removed since it was opened.
            Err(Errno::NOENT) => break,
            entry => entry?,
        };
        let Ok(name) = entry.file_name().to_str() else { continue };
        let kind = match entry.file_type() {
            // Not every file system says it here.
            FileType::Unknown => look_at(folder, name)?.map(|found| FileType::from_raw_mode(found.st_mode)),
            kind => Some(kind),
        };
        match kind {
            Some(FileType::Directory) if name != "." && name != ".." => names.push(format!("{name}/")),
            Some(FileType::RegularFile) => names.push(name.to_owned()),
            _ => {}
        }
    }
    names.sort();
    Ok(names)
}

/// What stands under a name in a folder, a link itself and not what it points to; `None` when it is gone.
fn look_at(folder: BorrowedFd<'_>, name: &str) -> io::Result<Option<Stat>> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
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
            let (mut listed, mut after, kept) = (Vec::new(), None::<String>, Kept::default());
            loop {
                let page = list(&root, &prefix, after.as_deref(), most, &kept).expect("listed");
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                listed.extend(page);
            }
            let matching = made.iter().filter(|path| path.starts_with(&prefix));
            let wanted: Vec<(String, u64)> = matching.map(|path| (path.clone(), path.len() as u64)).collect();
            prop_assert_eq!(listed, wanted);
        }
    }

    /// Folders and files of all kinds of names, more than are looked at by one thread, whatever the size of a page.
    #[test]
    fn a_great_folder_is_listed_in_order() {
        let place = tempfile::tempdir().expect("a directory");
        let mut made = BTreeSet::new();
        for n in 0..3 * MANY {
            let folder = format!("of/it/{n:x}");
            std::fs::create_dir_all(place.path().join(&folder)).expect("made");
            for file in ["a", "b.c", "b"].iter().take(n % 4) {
                made.insert(format!("{folder}/{file}"));
            }
            if n % 7 == 0 {
                made.insert(format!("of/it/{n:x}.json"));
            }
        }
        made.extend(["of/i", "of/it.b", "of/its/x"].map(str::to_owned));
        for path in &made {
            let path = place.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        let root = Root::open(place.path()).expect("opened");
        let kept = Kept::default();
        for (prefix, most) in [("", 1000), ("of/it", 37), ("of/it/", 999), ("of/it/3", 100), ("", 100_000)] {
            let (mut listed, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = list(&root, prefix, after.as_deref(), most, &kept).expect("listed");
                assert!(page.len() <= most);
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                listed.extend(page.into_iter().map(|(path, _)| path));
            }
            let wanted: Vec<_> = made.iter().filter(|path| path.starts_with(prefix)).cloned().collect();
            assert!(listed == wanted, "{prefix:?}, {most}: {} of {}", listed.len(), wanted.len());
        }
    }

    /// The folder was great when a listing ended in it, and is small when the next one begins.
    #[test]
    fn a_listing_misses_nothing_that_was_there_before_it() {
        let place = tempfile::tempdir().expect("a directory");
        let file = |n: usize| place.path().join(format!("f/{n:04}"));
        std::fs::create_dir(place.path().join("f")).expect("made");
        (0..MANY).for_each(|n| std::fs::write(file(n), "").expect("written"));
        let (root, kept) = (Root::open(place.path()).expect("opened"), Kept::default());
        assert_eq!(list(&root, "f/", None, 9, &kept).expect("listed").len(), 9);
        (0..MANY).for_each(|n| std::fs::remove_file(file(n)).expect("removed"));
        (MANY..MANY + 4).for_each(|n| std::fs::write(file(n), "").expect("written"));
        let first = list(&root, "f/", None, 2, &kept).expect("listed");
        let after = first.last().map(|(path, _)| path.clone());
        assert_eq!(list(&root, "f/", after.as_deref(), 9, &kept).expect("listed").len(), 2);
        // One that read earlier ends later.
        let names = |more: &str| Arc::new((0..MANY).map(|n| format!("{n}{more}")).collect::<Vec<_>>());
        let before = Instant::now();
        let now = before + std::time::Duration::from_millis(1);
        kept.put("f/", now, &names("now"));
        kept.put("f/", before, &names("before"));
        assert_eq!(kept.get("f/"), Some(names("now")));
    }
}
