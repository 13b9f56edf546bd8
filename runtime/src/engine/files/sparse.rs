//! Holes of files: where the bytes are, as the file system tells it.

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use std::fs::File;
use std::io;

/// A run of bytes in a file with holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// More segments than this are stored as one file without holes: the map would outgrow what it saves.
const MOST: usize = 1 << 16;

/// The segments of the first `size` bytes; `None` when the file has no hole worth a map. A last, empty segment marks a
/// hole at the end. The file's position is left anywhere.
pub(super) fn segments(file: &File, size: u64) -> io::Result<Option<Vec<Segment>>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < size {
        let offset = match seek(file, SeekFrom::Data(at)) {
            Ok(offset) => offset.min(size),
            // No bytes from here to the end.
            Err(Errno::NXIO) => size,
            // A file system that cannot tell.
            Err(Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if offset >= size {
            break;
        }
        at = seek(file, SeekFrom::Hole(offset)).map_err(io::Error::from)?.min(size);
        if at <= offset || found.len() >= MOST {
            // It changed under us, or is too scattered; read it as it is.
            return Ok(None);
        }
        found.push(Segment { offset, length: at - offset });
    }
    let stored: u64 = found.iter().map(|segment| segment.length).sum();
    if stored == size {
        return Ok(None);
    }
    if found.last().is_none_or(|last| last.offset + last.length < size) {
        found.push(Segment { offset: size, length: 0 });
    }
    Ok(Some(found))
}
