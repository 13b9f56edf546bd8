//! Unpacks an archive into an empty directory, exactly, and never outside of it: every name is resolved directory by
//! directory without following a link.

use super::census::Census;
use super::change::REMOVED;
use super::member::{Kind, Member};
use super::reader::Archive;
use super::walk::shown;
use crate::error::{Error, Result};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, XattrFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;
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
    let mut unpacking = Unpacking::new(root)?;
    unpacking.all(Archive::new(archive), cancel)?;
    unpacking.finish()
}

/// Unpacks a full archive and then the differentials on it, in their order, into `root`, an empty directory of ours. The
/// census of what is done is empty: only the index of the last one knows what must be there.
///
/// # Errors
/// As [`unpack`].
pub(super) fn unpack_chain<R: Read>(
    mut next: impl FnMut() -> Option<R>,
    root: &Path,
    cancel: &CancellationToken,
) -> Result<Unpacked> {
    let mut unpacking = Unpacking::new(root)?;
    while let Some(archive) = next() {
        let mut archive = Archive::new(archive);
        if unpacking.differential {
            unpacking.remove_names(&mut archive)?;
        }
        unpacking.all(archive, cancel)?;
        unpacking.differential = true;
    }
    let done = unpacking.finish()?;
    Ok(Unpacked { census: Census::default(), ..done })
}

/// Longest list of removed names, in bytes.
const MOST_REMOVED: u64 = 1 << 30;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

struct Unpacking {
    root: OwnedFd,
    privileged: bool,
    /// Directories get their facts at the end: writing into one changes its time, and its mode may forbid it.
    folders: BTreeMap<Vec<u8>, Member>,
    /// Whether something is there already, which the archive may replace.
    differential: bool,
    done: Unpacked,
    buffer: Vec<u8>,
}

/// An entry's directory and its last name.
struct Place<'a> {
    folder: OwnedFd,
    name: &'a OsStr,
}

impl Unpacking {
    fn new(root: &Path) -> Result<Self> {
        let failed = |error: Errno| Error::io(format!("open `{}`", root.display()), &error.into());
        let folder = rustix::fs::openat(CWD, root, FOLDER | OFlags::RDONLY, Mode::empty()).map_err(failed)?;
        Ok(Self {
            root: folder,
            privileged: rustix::process::geteuid().is_root(),
            folders: BTreeMap::new(),
            differential: false,
            done: Unpacked::default(),
            buffer: vec![0; 1 << 20],
        })
    }

    fn all<R: Read>(&mut self, mut archive: Archive<R>, cancel: &CancellationToken) -> Result<()> {
        while let Some(member) = archive.next()? {
            if cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            self.member(member, &mut archive)?;
        }
        Ok(())
    }

    /// The first member of a differential: what goes before the rest is put in place.
    fn remove_names<R: Read>(&mut self, archive: &mut Archive<R>) -> Result<()> {
        for name in removed_names(archive)? {
            let place = self.place(&name)?;
            let stat = rustix::fs::statat(&place.folder, place.name, AtFlags::SYMLINK_NOFOLLOW);
            let is_folder = match stat {
                // What could not be archived may never have been there.
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(io(&name, &error.into())),
                Ok(stat) => FileType::from_raw_mode(stat.st_mode) == FileType::Directory,
            };
            if is_folder {
                self.remove_folder(&place).map_err(|error| io(&name, &error))?;
                self.folders.retain(|folder, _| !super::index::within(folder, &name));
            } else {
                let removed = rustix::fs::unlinkat(&place.folder, place.name, AtFlags::empty());
                removed.map_err(|error| io(&name, &error.into()))?;
            }
        }
        Ok(())
    }

    /// All directories are ours alone and can be written until the end, so nothing in one keeps it from going.
    fn remove_folder(&self, place: &Place<'_>) -> std::io::Result<()> {
        std::fs::remove_dir_all(Path::new("/proc/self/fd").join(place.folder.as_raw_fd().to_string()).join(place.name))
    }

    /// Makes room for a member of a differential. `false` is a directory that stays as one.
    fn make_room(&mut self, member: &Member, place: &Place<'_>) -> Result<bool> {
        if !self.differential {
            return Ok(true);
        }
        let failed = |error: Errno| io(&member.name, &error.into());
        let stat = match rustix::fs::statat(&place.folder, place.name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(true),
            stat => stat.map_err(failed)?,
        };
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        if is_folder && member.kind == Kind::Directory {
            return Ok(false);
        }
        if is_folder {
            return Err(Error::integrity(
                "archive-damaged",
                format!("the archive is damaged: `{}` takes the place of a directory", printed(&member.name)),
            ));
        }
        rustix::fs::unlinkat(&place.folder, place.name, AtFlags::empty()).map_err(failed)?;
        Ok(true)
    }

    fn member<R: Read>(&mut self, member: Member, archive: &mut Archive<R>) -> Result<()> {
        if member.name.is_empty() {
            if member.kind != Kind::Directory {
                return Err(escapes(&member.name));
            }
            self.done.census.root = Some((member.mode, member.uid, member.gid));
            self.folders.insert(member.name.clone(), member);
            return Ok(());
        }
        let place = self.place(&member.name)?;
        let room = self.make_room(&member, &place)?;
        let failed = |error: Errno| io(&member.name, &error.into());
        match &member.kind {
            Kind::Directory => {
                if room {
                    rustix::fs::mkdirat(&place.folder, place.name, Mode::RWXU).map_err(failed)?;
                }
                self.done.census.add(&member, 0);
                self.folders.insert(member.name.clone(), member);
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
        // What is in a directory comes after it in the order of names.
        while let Some((_, member)) = self.folders.pop_last() {
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

/// The names that the first member of a differential lists.
///
/// # Errors
/// `archive-damaged` when it is no differential.
pub(super) fn removed_names<R: Read>(archive: &mut Archive<R>) -> Result<Vec<Vec<u8>>> {
    let damaged = |why| Error::integrity("archive-damaged", format!("the archive is damaged: {why}"));
    let first = archive.next()?.filter(|member| member.name == REMOVED);
    let Some(Kind::File { size }) = first.map(|member| member.kind) else {
        return Err(damaged("it is not a differential"));
    };
    if size > MOST_REMOVED {
        return Err(damaged("it removes too many names"));
    }
    let mut text = vec![0; usize::try_from(size).unwrap_or(0)];
    let mut filled = 0;
    while let Some(rest) = text.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match archive.read(rest)? {
            0 => return Err(damaged("it ends too early")),
            count => filled += count,
        }
    }
    match text.split_last() {
        None => Ok(Vec::new()),
        Some((0, names)) => Ok(names.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()),
        Some(_) => Err(damaged("its list of removed names is cut off")),
    }
}

fn time(nanoseconds: i128) -> Timespec {
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or(0);
    let rest = i64::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap_or(0);
    Timespec { tv_sec: seconds, tv_nsec: rest }
}

fn io(name: &[u8], error: &std::io::Error) -> Error {
    Error::io(format!("unpack `{}`", printed(name)), error)
}

fn printed(name: &[u8]) -> String {
    shown(Path::new(OsStr::from_bytes(name)))
}

fn escapes(name: &[u8]) -> Error {
    let name = shown(Path::new(OsStr::from_bytes(name)));
    Error::integrity(
        "archive-escapes",
        format!("the archive holds `{name}`, which leads out of the directory it is unpacked in"),
    )
    .help("This archive was not made by Backstay, or was changed. Nothing of yours was touched.")
}
