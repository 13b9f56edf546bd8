//! Unpacks an archive into an empty directory, exactly, and never outside of it: every name is resolved directory by
//! directory without following a link.

use super::census::Census;
use super::member::{Kind, Member};
use super::reader::Archive;
use super::walk::shown;
use crate::error::{Error, Result};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, XattrFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What could not be put back, by how many entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Unpacked {
    pub(super) census: Census,
    pub(super) owners: u64,
    pub(super) attributes: u64,
    pub(super) devices: u64,
}

/// Unpacks everything into `root`, an empty directory of ours.
///
/// # Errors
/// `archive-damaged`, `archive-escapes`, `cancelled`, `io`.
pub(super) fn unpack(archive: impl Read, root: &Path, cancel: &CancellationToken) -> Result<Unpacked> {
    let failed = |error: Errno| Error::io(format!("open `{}`", root.display()), &error.into());
    let folder = rustix::fs::openat(CWD, root, FOLDER | OFlags::RDONLY, Mode::empty()).map_err(failed)?;
    let mut unpacking = Unpacking {
        root: folder,
        privileged: rustix::process::geteuid().is_root(),
        folders: Vec::new(),
        done: Unpacked::default(),
        buffer: vec![0; 1 << 20],
    };
    let mut archive = Archive::new(archive);
    while let Some(member) = archive.next()? {
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        unpacking.member(member, &mut archive)?;
    }
    unpacking.finish()
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

struct Unpacking {
    root: OwnedFd,
    privileged: bool,
    /// Directories get their facts at the end: writing into one changes its time, and its mode may forbid it.
    folders: Vec<Member>,
    done: Unpacked,
    buffer: Vec<u8>,
}

/// An entry's directory and its last name.
struct Place<'a> {
    folder: OwnedFd,
    name: &'a OsStr,
}

impl Unpacking {
    fn member<R: Read>(&mut self, member: Member, archive: &mut Archive<R>) -> Result<()> {
        if member.name.is_empty() {
            if member.kind != Kind::Directory {
                return Err(escapes(&member.name));
            }
            self.done.census.root = Some((member.mode, member.uid, member.gid));
            self.folders.push(member);
            return Ok(());
        }
        let place = self.place(&member.name)?;
        let failed = |error: Errno| io(&member.name, &error.into());
        match &member.kind {
            Kind::Directory => {
                rustix::fs::mkdirat(&place.folder, place.name, Mode::RWXU).map_err(failed)?;
                self.done.census.add(&member, 0);
                self.folders.push(member);
                return Ok(());
            }
            Kind::File { size } => self.file(&member, &place, None, *size, archive)?,
            Kind::Sparse { size, .. } => {
                let segments = archive.sparse_map(*size)?;
                self.file(&member, &place, Some(segments), *size, archive)?;
            }
            Kind::Symlink { target } => {
                rustix::fs::symlinkat(OsStr::from_bytes(target), &place.folder, place.name).map_err(failed)?;
                self.facts(&member, &place)?;
            }
            Kind::Hardlink { target } => return self.link(&member, target, &place),
            Kind::Fifo => {
                rustix::fs::mknodat(&place.folder, place.name, FileType::Fifo, Mode::RUSR, 0).map_err(failed)?;
                self.facts(&member, &place)?;
            }
            Kind::Device { block, major, minor } => {
                if !self.privileged {
                    self.done.devices += 1;
                    return Ok(());
                }
                let kind = if *block { FileType::BlockDevice } else { FileType::CharacterDevice };
                let device = rustix::fs::makedev(*major, *minor);
                rustix::fs::mknodat(&place.folder, place.name, kind, Mode::RUSR, device).map_err(failed)?;
                self.facts(&member, &place)?;
            }
        }
        let size = match &member.kind {
            Kind::File { size } | Kind::Sparse { size, .. } => *size,
            _ => 0,
        };
        self.done.census.add(&member, size);
        Ok(())
    }

    /// The directory that an entry goes into: each step on the way must be a directory, and not a link to one.
    fn place<'a>(&self, name: &'a [u8]) -> Result<Place<'a>> {
        let mut folder = self.root.try_clone().map_err(|error| io(name, &error))?;
        let mut parts = name.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            if part.is_empty() || part == b"." || part == b".." || part.contains(&0) {
                return Err(escapes(name));
            }
            let part = OsStr::from_bytes(part);
            if parts.peek().is_none() {
                return Ok(Place { folder, name: part });
            }
            folder =
                rustix::fs::openat(&folder, part, FOLDER | OFlags::PATH, Mode::empty()).map_err(
                    |error| match error {
                        Errno::NOTDIR | Errno::LOOP => escapes(name),
                        error => io(name, &error.into()),
                    },
                )?;
        }
        Err(escapes(name))
    }

    fn file<R: Read>(
        &mut self,
        member: &Member,
        place: &Place<'_>,
        segments: Option<Vec<super::sparse::Segment>>,
        size: u64,
        archive: &mut Archive<R>,
    ) -> Result<()> {
        let failed = |error: std::io::Error| io(&member.name, &error);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&place.folder, place.name, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(file.map_err(|error| failed(error.into()))?);
        let whole = segments.is_none();
        let segments = segments.unwrap_or_else(|| vec![super::sparse::Segment { offset: 0, length: size }]);
        for segment in segments {
            file.seek(SeekFrom::Start(segment.offset)).map_err(failed)?;
            let mut left = segment.length;
            while left > 0 {
                let most = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
                let buffer = self.buffer.get_mut(..most).unwrap_or_default();
                let count = archive.read(buffer)?;
                file.write_all(buffer.get(..count).unwrap_or_default()).map_err(failed)?;
                left -= count as u64;
            }
        }
        if !whole {
            file.set_len(size).map_err(failed)?;
        }
        self.facts(member, place)
    }

    fn link(&mut self, member: &Member, target: &[u8], place: &Place<'_>) -> Result<()> {
        let first = self.place(target)?;
        let failed = |error: Errno| io(&member.name, &error.into());
        rustix::fs::linkat(&first.folder, first.name, &place.folder, place.name, AtFlags::empty()).map_err(failed)?;
        let stat = rustix::fs::statat(&place.folder, place.name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
        self.done.census.add(member, u64::try_from(stat.st_size).unwrap_or(0));
        Ok(())
    }

    /// Owner, mode, attributes and time, in the one order in which none undoes another.
    fn facts(&mut self, member: &Member, place: &Place<'_>) -> Result<()> {
        let failed = |error: Errno| io(&member.name, &error.into());
        self.owner(member, place.folder.as_fd(), place.name)?;
        if !matches!(member.kind, Kind::Symlink { .. }) {
            let mode = Mode::from_raw_mode(member.mode);
            rustix::fs::chmodat(&place.folder, place.name, mode, AtFlags::empty()).map_err(failed)?;
        }
        if !member.xattrs.is_empty() {
            // There is no call for attributes relative to a directory; the kernel's own name for it does.
            let path = Path::new("/proc/self/fd").join(place.folder.as_raw_fd().to_string()).join(place.name);
            let set = |(name, value): &(Vec<u8>, Vec<u8>)| {
                rustix::fs::lsetxattr(&path, name.as_slice(), value, XattrFlags::empty()).is_ok()
            };
            // Every one is tried, whatever became of the one before.
            let refused = member.xattrs.iter().filter(|one| !set(one)).count();
            self.done.attributes += u64::from(refused > 0);
        }
        let times = Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: time(member.mtime),
        };
        rustix::fs::utimensat(&place.folder, place.name, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)
    }

    fn owner(&mut self, member: &Member, folder: BorrowedFd<'_>, name: &OsStr) -> Result<()> {
        let failed = |error: Errno| io(&member.name, &error.into());
        let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
        if (stat.st_uid, stat.st_gid) == (member.uid, member.gid) {
            return Ok(());
        }
        if !self.privileged {
            self.done.owners += 1;
            return Ok(());
        }
        let (uid, gid) = (rustix::fs::Uid::from_raw(member.uid), rustix::fs::Gid::from_raw(member.gid));
        rustix::fs::chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW).map_err(failed)
    }

    /// Facts of directories, the deepest first, and everything on disk.
    fn finish(mut self) -> Result<Unpacked> {
        while let Some(member) = self.folders.pop() {
            if member.name.is_empty() {
                let folder = self.root.try_clone().map_err(|error| io(&member.name, &error))?;
                // Ours alone until it is put in place.
                let member = Member { mode: 0o700, ..member };
                self.facts(&member, &Place { folder, name: OsStr::new(".") })?;
            } else {
                let place = self.place(&member.name)?;
                self.facts(&member, &place)?;
            }
        }
        rustix::fs::syncfs(&self.root).map_err(|error| Error::io("have the staged files on disk", &error.into()))?;
        Ok(self.done)
    }
}

fn time(nanoseconds: i128) -> Timespec {
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or(0);
    let rest = i64::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap_or(0);
    Timespec { tv_sec: seconds, tv_nsec: rest }
}

fn io(name: &[u8], error: &std::io::Error) -> Error {
    Error::io(format!("unpack `{}`", shown(Path::new(OsStr::from_bytes(name)))), error)
}

fn escapes(name: &[u8]) -> Error {
    let name = shown(Path::new(OsStr::from_bytes(name)));
    Error::integrity(
        "archive-escapes",
        format!("the archive holds `{name}`, which leads out of the directory it is unpacked in"),
    )
    .help("This archive was not made by Backstay, or was changed. Nothing of yours was touched.")
}
