//! Files below one directory, on threads that may block. No path leads out of it, whatever links stand in the way.

use crate::fault;
use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fs::{Advice, OFlags, RenameFlags};
use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes that are read at once.
const CHUNK: u64 = crate::artifact::stream::CHUNK as u64;
/// How far behind the newest bytes older ones are still on their way to the device.
const BEHIND: u64 = 64 << 20;
/// Tries of an operation whose directory another one removes because it was empty for a moment.
const TRIES: u32 = 16;

/// An open directory below which everything happens.
#[derive(Debug)]
pub(super) struct Root(pub(super) Dir);

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Dir::open_ambient_dir(path, ambient_authority()).map(Self)
    }
}

/// The folder of a path and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or((".", path))
}

/// Does `work` in the folder of `path`, which is made first when it is not there.
fn in_folder<T>(root: &Root, path: &str, mut work: impl FnMut(&Dir, &str) -> io::Result<T>) -> io::Result<T> {
    let (folder, name) = split(path);
    let mut tries = 0;
    loop {
        let done = match open_or_make(root, folder) {
            Ok(folder) => work(&folder, name),
            Err(error) => Err(error),
        };
        match done {
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

fn open_or_make(root: &Root, folder: &str) -> io::Result<Dir> {
    match root.0.open_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    match root.0.create_dir_all(folder) {
        // Not the name that was asked for, but one on the way to it: that must not look like a lost race.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(io::ErrorKind::NotADirectory.into()),
        Err(error) => Err(error),
        Ok(()) => root.0.open_dir(folder),
    }
}

fn new_file(folder: &Dir, name: &str) -> io::Result<File> {
    folder.open_with(name, OpenOptions::new().write(true).create_new(true).mode(0o600))
}

/// A new, empty file.
pub(super) fn make(root: &Root, path: &str) -> io::Result<()> {
    fault::io("fs", "make", path)?;
    in_folder(root, path, |folder, name| new_file(folder, name).map(drop))
}

/// Writes chunks one after the other from `at` on, into a file that is there. `moved` is called after each.
pub(super) fn write(root: &Root, path: &str, at: u64, chunks: &[Bytes], moved: impl Fn()) -> io::Result<()> {
    let file = root.0.open_with(path, OpenOptions::new().write(true))?.into_std();
    let mut end = at;
    for chunk in chunks {
        fault::io("fs", "write", path)?;
        file.write_all_at(chunk, end)?;
        end += chunk.len() as u64;
        moved();
    }
    // On Linux this starts writing what is new to the device without waiting, so that a later `sync` finds little to do,
    // and gives back the memory of what has arrived there by now: a backup must not push everything else out of the cache,
    // and memory that was just in use is the fastest to have again. It is only advice: where it means nothing, `sync` does
    // all of it.
    let from = at.saturating_sub(BEHIND);
    if let Some(len) = std::num::NonZeroU64::new(end - from) {
        let _ = rustix::fs::fadvise(&file, from, Some(len), Advice::DontNeed);
    }
    Ok(())
}

/// Makes the content of a file durable.
pub(super) fn sync(root: &Root, path: &str) -> io::Result<()> {
    fault::io("fs", "sync", path)?;
    root.0.open_with(path, OpenOptions::new().write(true))?.sync_all()
}

/// Gives a file its final name unless that is taken, and makes both names durable.
pub(super) fn publish(root: &Root, temporary: &str, name: &str) -> io::Result<()> {
    let (from_folder, from) = split(temporary);
    let from_folder = root.0.open_dir(from_folder)?;
    fault::io("fs", "publish", name)?;
    in_folder(root, name, |to_folder, to| rename_unless_taken(&from_folder, from, to_folder, to))?;
    fault::io("fs", "publish-sync", name)?;
    sync_folders(root, name)?;
    from_folder.open(".")?.sync_all()
}

/// A small file with all its content, durable, unless the name is taken.
pub(super) fn create(root: &Root, path: &str, bytes: &[u8]) -> io::Result<()> {
    in_folder(root, path, |folder, name| create_in(folder, path, name, bytes))?;
    fault::io("fs", "create-sync-folders", path)?;
    sync_folders(root, path)
}

fn create_in(folder: &Dir, path: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    if folder.symlink_metadata(name).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match create_unnamed(folder, path, name, bytes) {
        Err(error) if unnamed_unsupported(&error) => create_named(folder, name, bytes),
        done => done,
    }
}

/// The content gets its name when it is whole and durable: whoever dies before leaves nothing that has a name.
fn create_unnamed(folder: &Dir, path: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, ".", flags, Mode::RUSR | Mode::WUSR)?;
    let mut file = std::fs::File::from(file);
    fault::io("fs", "create-write", path)?;
    file.write_all(bytes)?;
    fault::io("fs", "create-sync", path)?;
    file.sync_all()?;
    fault::io("fs", "create-link", path)?;
    let own = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    Ok(rustix::fs::linkat(CWD, own, folder, name, AtFlags::SYMLINK_FOLLOW)?)
}

/// Whether a file system has no files without a name, or no `/proc` names them.
fn unnamed_unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let unsupported = [Errno::OPNOTSUPP, Errno::ISDIR, Errno::INVAL, Errno::NOSYS, Errno::XDEV, Errno::PERM];
    // A missing folder is `ENOENT` as well, and one that was removed since it was opened is `EPERM` on ext4; the other way
    // then fails with `ENOENT`, and the folder is made again.
    unsupported.iter().chain(&[Errno::NOENT]).any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// The same under a temporary name. One that stays behind is removed with the key.
fn create_named(folder: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    let (token, _) = uuid::Uuid::new_v4().as_u64_pair();
    let temporary = format!(".{name}.{token:016x}.new");
    let written = new_file(folder, &temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let done = written.and_then(|()| rename_unless_taken(folder, &temporary, folder, name));
    if done.is_err() {
        // The first error is the one to tell.
        let _ = folder.remove_file(&temporary);
    }
    done
}

/// Atomic. Where the file system cannot rename without replacing, a second link does it.
fn rename_unless_taken(from: &Dir, name: &str, to: &Dir, new: &str) -> io::Result<()> {
    use rustix::io::Errno;
    match rustix::fs::renameat_with(from, name, to, new, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            from.hard_link(name, to, new)?;
            from.remove_file(name)
        }
        done => Ok(done?),
    }
}

/// Makes the folders on the way to a path durable: any of them may be new.
fn sync_folders(root: &Root, path: &str) -> io::Result<()> {
    for (at, _) in path.rmatch_indices('/') {
        if let Some(folder) = path.get(..at) {
            root.0.open(folder)?.sync_all()?;
        }
    }
    root.0.open(".")?.sync_all()
}

/// Bytes of a regular file; `None` when there is none.
pub(super) fn size(root: &Root, path: &str) -> io::Result<Option<u64>> {
    match root.0.metadata(path) {
        Ok(found) => Ok(found.is_file().then(|| found.len())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Hands at most `len` bytes from `offset` on to `hand_on`, in chunks.
pub(super) fn read(
    root: &Root,
    path: &str,
    offset: u64,
    len: u64,
    hand_on: impl Fn(Bytes) -> io::Result<()>,
) -> io::Result<u64> {
    fault::io("fs", "read", path)?;
    // Without the flag, opening a pipe would wait for its writer. The file as the standard library has it reads into memory
    // that was not cleared first.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let mut file = match root.0.open_with(path, OpenOptions::new().read(true).custom_flags(nonblocking)) {
        Ok(file) => file.into_std(),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(io::ErrorKind::NotFound.into()),
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    if offset > 0 {
        file.seek(SeekFrom::Start(offset))?;
    }
    // Objects do not grow: nothing is asked for behind the end.
    let len = len.min(found.len().saturating_sub(offset));
    let mut done = 0;
    while done < len {
        let want = CHUNK.min(len - done);
        let mut chunk = Vec::with_capacity(usize::try_from(want).unwrap_or(0));
        let got = (&mut file).take(want).read_to_end(&mut chunk)? as u64;
        if got > 0 {
            hand_on(Bytes::from(chunk))?;
        }
        done += got;
        if got < want {
            break;
        }
    }
    Ok(done)
}

/// Hands at most `most` bytes of each file on, one file after the other: how many they were, and nothing of a missing one.
pub(super) fn read_each(
    root: &Root,
    paths: &[String],
    most: u64,
    hand_on: impl Fn(Bytes) -> io::Result<()>,
) -> io::Result<Vec<Option<u64>>> {
    // Small ones go on together, for each time wakes another thread.
    let gathered = RefCell::new(Vec::new());
    let gather = |chunk: Bytes| {
        let mut gathered = gathered.borrow_mut();
        gathered.extend_from_slice(&chunk);
        if gathered.len() as u64 >= CHUNK { hand_on(std::mem::take(&mut *gathered).into()) } else { Ok(()) }
    };
    let one = |path: &String| match read(root, path, 0, most, gather) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    };
    let sizes = paths.iter().map(one).collect::<io::Result<_>>()?;
    let rest = gathered.take();
    if !rest.is_empty() {
        hand_on(rest.into())?;
    }
    Ok(sizes)
}

/// Removes a file, and the folders that it leaves empty. A missing one is success.
pub(super) fn remove(root: &Root, path: &str) -> io::Result<()> {
    let (folder, name) = split(path);
    fault::io("fs", "remove", path)?;
    match root.0.open_dir(folder) {
        Ok(folder) => match folder.remove_file(name) {
            // Whoever removes a manifest before its bytes relies on the order after a power cut, too.
            Ok(()) => folder.open(".")?.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        },
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        Err(error) => return Err(error),
    }
    for (at, _) in path.rmatch_indices('/') {
        let Some(folder) = path.get(..at) else { break };
        match root.0.remove_dir(folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // It is not empty, or not ours to remove: either way the file is gone, which is what was asked.
            Err(_) => break,
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]
mod tests {
    use super::{Dir, Root, create_in, in_folder, read};
    use cap_std::ambient_authority;

    /// Another run may remove a folder that is empty between the moment at which it is opened and the one at which it is used.
    #[test]
    fn a_folder_that_is_removed_under_a_create_is_made_again() {
        let space = tempfile::tempdir().unwrap();
        let root = Root(Dir::open_ambient_dir(space.path(), ambient_authority()).unwrap());
        let mut looks = 0;
        let created = in_folder(&root, "set/manifest.json", |folder, name| {
            looks += 1;
            if looks == 1 {
                std::fs::remove_dir(space.path().join("set"))?;
            }
            create_in(folder, "set/manifest.json", name, b"whole")
        });
        created.unwrap();
        assert_eq!((looks, std::fs::read(space.path().join("set/manifest.json")).unwrap()), (2, b"whole".to_vec()));
    }

    #[test]
    fn only_a_regular_file_is_read_and_nothing_waits() {
        let space = tempfile::tempdir().unwrap();
        let root = Root::open(space.path()).unwrap();
        std::fs::write(space.path().join("file"), "0123456789").unwrap();
        std::fs::create_dir(space.path().join("folder")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, space.path().join("pipe"), rustix::fs::Mode::RUSR).unwrap();
        for (name, offset, len, wanted) in
            [("file", 0, 99, "0123456789"), ("file", 3, 4, "3456"), ("file", 8, 8, "89"), ("file", 20, 1, "")]
        {
            let got = std::cell::RefCell::new(Vec::new());
            let hand_on = |chunk: bytes::Bytes| {
                got.borrow_mut().extend_from_slice(&chunk);
                Ok(())
            };
            assert_eq!(read(&root, name, offset, len, hand_on).unwrap(), wanted.len() as u64);
            assert_eq!(got.into_inner(), wanted.as_bytes(), "{name} {offset}+{len}");
        }
        let got = std::cell::RefCell::new(Vec::new());
        let names = ["file", "nothing", "pipe", "file"].map(str::to_owned);
        let sizes = super::read_each(&root, &names, 7, |chunk| {
            got.borrow_mut().extend_from_slice(&chunk);
            Ok(())
        });
        assert_eq!(
            (sizes.unwrap(), got.into_inner()),
            (vec![Some(7), None, None, Some(7)], b"01234560123456".to_vec())
        );
        for name in ["pipe", "folder", "file/in", "nothing"] {
            let error = read(&root, name, 0, 9, |_| Ok(())).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name}");
        }
    }
}
