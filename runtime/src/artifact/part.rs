//! Parts of a copy: only the frames that are asked for are read from the store, and each is checked against the digest
//! of the whole artifact.

use crate::artifact::decode::{Coded, undecoded};
use crate::artifact::digest::{self, Node};
use crate::artifact::frames::{FRAME, Table};
use crate::artifact::{Digests, sized};
use crate::error::{Error, Result};
use crate::plugin::Storage;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that are asked for in one call.
const BLOCK: u64 = 256 << 10;

/// A copy that can be read from any place. Only for threads that may block.
pub struct Part {
    stored: Box<dyn ReadSeek + Send>,
    /// Where frames are, when the copy is compressed.
    table: Option<Table>,
    nodes: Vec<Node>,
    /// Bytes and digest of the artifact.
    size: u64,
    blake3: String,
    /// The frame that was read last.
    last: Option<(u64, Vec<u8>)>,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("size", &self.size).finish_non_exhaustive()
    }
}

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

impl Part {
    /// Opens a copy for reading parts. `nodes` are the values of its frames, from its index.
    ///
    /// Called on a thread that may block.
    ///
    /// # Errors
    /// `index-damaged` when the values are not those of the artifact; what opening the copy may fail with.
    pub fn open(object: Ranged, coded: &Coded, nodes: Vec<Node>) -> Result<Self> {
        let (size, blake3) = (coded.content.size, coded.content.blake3.clone());
        let whole = digest::root(&nodes).map(|root| root.to_hex().to_string());
        let one = nodes.is_empty() && size <= FRAME;
        if !one && (whole.as_ref() != Some(&blake3) || nodes.len() as u64 != size.div_ceil(FRAME)) {
            return Err(Error::integrity("index-damaged", "the index does not belong to the bytes of the artifact")
                .help("Restore all of it: that needs no index."));
        }
        let mut stored: Box<dyn ReadSeek + Send> = match &coded.keys {
            Some(keys) => Box::new(keys.open(object)?),
            None => Box::new(object),
        };
        let table = if coded.is_compressed() { Some(Table::read(&mut stored)?) } else { None };
        Ok(Self { stored, table, nodes, size, blake3, last: None })
    }
}

impl Part {
    fn frame(&mut self, n: u64) -> Result<&[u8]> {
        if self.last.as_ref().is_none_or(|(known, _)| *known != n) {
            let bytes = self.fetch(n)?;
            self.prove(n, &bytes)?;
            self.last = Some((n, bytes));
        }
        Ok(self.last.as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default())
    }

    fn fetch(&mut self, n: u64) -> Result<Vec<u8>> {
        let begin = n * FRAME;
        let plain = FRAME.min(self.size.saturating_sub(begin));
        let (at, length) = match &self.table {
            None => (begin, plain),
            Some(table) => {
                let place = table.place(n).ok_or_else(|| different(n))?;
                (place.stored, place.stored_size)
            }
        };
        if length > 2 * FRAME {
            return Err(different(n));
        }
        self.stored.seek(SeekFrom::Start(at)).map_err(undecoded)?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.stored.read_exact(&mut bytes).map_err(undecoded)?;
        match &self.table {
            None => Ok(bytes),
            Some(_) => zstd::bulk::decompress(&bytes, usize::try_from(plain).unwrap_or(0)).map_err(undecoded),
        }
    }

    fn prove(&self, n: u64, bytes: &[u8]) -> Result<()> {
        let right = match usize::try_from(n).ok().and_then(|n| self.nodes.get(n)) {
            Some(node) => digest::frame(n, bytes) == *node,
            None => {
                let mut digests = Digests::identity();
                digests.update(bytes);
                n == 0 && self.nodes.is_empty() && digests.finish().blake3 == self.blake3
            }
        };
        if right { Ok(()) } else { Err(different(n)) }
    }
}

impl Part {
    /// A reader of `length` bytes from `at`.
    pub fn range(&mut self, at: u64, length: u64) -> impl Read + '_ {
        Range { part: self, at, end: at.saturating_add(length) }
    }
}

fn different(n: u64) -> Error {
    let message =
        format!("the copy is damaged: the {} from {} on are not the artifact's", sized(FRAME), sized(n * FRAME));
    Error::integrity("artifact-damaged", message).help("Restore from another store with `--from`.")
}

struct Range<'a> {
    part: &'a mut Part,
    at: u64,
    end: u64,
}

impl Read for Range<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.end.min(self.part.size) {
            return Ok(0);
        }
        let left = self.end - self.at;
        let frame = self.part.frame(self.at / FRAME).map_err(io::Error::other)?;
        let from = usize::try_from(self.at % FRAME).unwrap_or(usize::MAX);
        let bytes = frame.get(from..).unwrap_or_default();
        let count = bytes.len().min(out.len()).min(usize::try_from(left).unwrap_or(usize::MAX));
        for (to, from) in out.iter_mut().zip(bytes.iter().take(count)) {
            *to = *from;
        }
        self.at += count as u64;
        Ok(count)
    }
}

/// An object of a store, read by ranges.
#[derive(Debug)]
pub struct Ranged {
    storage: Storage,
    key: String,
    size: u64,
    at: u64,
    /// What was read last, and where it begins.
    block: (u64, Vec<u8>),
    handle: tokio::runtime::Handle,
    /// Bytes that were read from the store.
    fetched: Arc<AtomicU64>,
}

impl Ranged {
    /// An object of `size` bytes, for a thread that may block; `fetched` counts what is read from the store.
    #[must_use]
    pub fn new(storage: Storage, key: String, size: u64, fetched: Arc<AtomicU64>) -> Self {
        let handle = tokio::runtime::Handle::current();
        Self { storage, key, size, at: 0, block: (0, Vec::new()), handle, fetched }
    }

    /// Bytes from the current place on that are in memory.
    fn held(&self) -> &[u8] {
        let (begin, bytes) = &self.block;
        let skip = self.at.checked_sub(*begin).and_then(|skip| usize::try_from(skip).ok());
        skip.and_then(|skip| bytes.get(skip..)).unwrap_or_default()
    }
}

impl Read for Ranged {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size {
            return Ok(0);
        }
        if self.held().is_empty() {
            let length = BLOCK.max(out.len() as u64).min(self.size - self.at);
            let got =
                self.handle.block_on(self.storage.get_part(&self.key, self.at, length)).map_err(io::Error::other)?;
            if got.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.fetched.fetch_add(got.len() as u64, Ordering::Relaxed);
            self.block = (self.at, got);
        }
        let held = self.held();
        let count = held.len().min(out.len());
        for (to, from) in out.iter_mut().zip(held.iter().take(count)) {
            *to = *from;
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Ranged {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
