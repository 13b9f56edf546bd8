//! Compression in independent frames, several at once, with the table of the seekable format behind them: any `zstd`
//! reads the whole, and a reader that wants a part reads the table and a few frames.

use crate::artifact::digest::{Digested, Pair};
use crate::artifact::seal::unwritten;
use crate::artifact::stream::Feed;
use crate::error::{Error, Result};
use crate::fault;
use bytes::Bytes;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError, mpsc};
use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation, OutBuffer};

/// Plain bytes of every frame but the last.
pub(crate) const FRAME: u64 = 4 << 20;
/// Most frames that are compressed at once: what is in flight is held in memory.
const PARALLEL: usize = 4;
/// Bytes that there is room for at least when a compressor writes.
const ROOM: usize = 128 << 10;
/// Frame that every decompressor skips.
const SKIPPABLE: u32 = 0x184D_2A5E;
/// Last bytes of a file in the seekable format.
const SEEKABLE: u32 = 0x8F92_EAB1;
/// Bytes of the table's end: number of frames, descriptor, [`SEEKABLE`].
const FOOTER: u64 = 9;
/// Bytes of an entry: sizes of a frame, compressed and plain.
const ENTRY: u64 = 8;
/// Most frames that a table is believed to have: 64 TiB.
const MOST_FRAMES: u64 = 1 << 24;

/// A compressed frame.
struct Frame {
    plain: u32,
    bytes: Vec<u8>,
}

/// Where a frame comes out, compressed.
type Answer = mpsc::Receiver<io::Result<Frame>>;

/// The plain bytes of a frame, and where it is awaited.
struct Job {
    chunks: Vec<Bytes>,
    reply: mpsc::SyncSender<io::Result<Frame>>,
}

/// Compresses all of `feed` into `out`, the table included. Returns the digests of the plain bytes.
pub(super) fn compress(feed: Feed, level: i32, digests: Pair, out: &mut (impl Write + Send)) -> Result<Digested> {
    let parallel = std::thread::available_parallelism().map_or(1, usize::from).min(PARALLEL);
    let compressors: io::Result<Vec<Compressor>> = (0..parallel).map(|_| Compressor::new(level)).collect();
    // A job is taken when a compressor is free, and not before: none waits in memory.
    let (jobs, waiting) = mpsc::sync_channel(0);
    let waiting = Mutex::new(waiting);
    std::thread::scope(|scope| {
        for mut compressor in compressors.map_err(unwritten)? {
            let waiting = &waiting;
            scope.spawn(move || compressor.work(waiting));
        }
        let (frames, in_order) = mpsc::sync_channel(parallel - 1);
        let writing = scope.spawn(move || write(&in_order, out).map(|table| (table, out)));
        let read = cut(feed, digests, &frames, &jobs);
        // Nothing more comes: they end.
        drop((frames, jobs));
        let written = writing.join().map_err(|_| panicked())?;
        match (read, written) {
            // The reader stops when the writer has failed.
            (_, Err(error)) => Err(error),
            (Err(error), _) => Err(error),
            (Ok(digested), Ok((table, out))) => {
                out.write_all(&table.bytes()).map_err(unwritten)?;
                Ok(digested)
            }
        }
    })
}

fn panicked() -> Error {
    Error::permanent("panic", "a thread that compresses ended early")
}

/// Reads the feed and hands frames to whichever compressor is free.
fn cut(
    mut feed: Feed,
    mut digests: Pair,
    frames: &mpsc::SyncSender<Answer>,
    jobs: &mpsc::SyncSender<Job>,
) -> Result<Digested> {
    let begin = |chunks: Vec<Bytes>| {
        let gone = |_| Error::permanent("consumer-gone", "the writer of the frames stopped early");
        let (reply, answer) = mpsc::sync_channel(1);
        frames.send(answer).map_err(gone)?;
        jobs.send(Job { chunks, reply }).map_err(|_| panicked())
    };
    let (mut chunks, mut held) = (Vec::new(), 0);
    while let Some(mut chunk) = feed.blocking_next()? {
        digests.update(&chunk);
        fault::point("in-encode");
        while !chunk.is_empty() {
            let need = usize::try_from(FRAME - held).unwrap_or(usize::MAX);
            let part = chunk.split_to(chunk.len().min(need));
            held += part.len() as u64;
            chunks.push(part);
            if held == FRAME {
                begin(std::mem::take(&mut chunks))?;
                held = 0;
            }
        }
    }
    if held > 0 {
        begin(chunks)?;
    }
    digests.finish()
}

/// Compresses one frame after the other: what it needs in memory is large, so that it is kept.
struct Compressor(Encoder<'static>);

impl Compressor {
    fn new(level: i32) -> io::Result<Self> {
        let mut encoder = Encoder::new(level)?;
        encoder.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(Self(encoder))
    }

    /// Until there are no more jobs.
    fn work(&mut self, waiting: &Mutex<mpsc::Receiver<Job>>) {
        loop {
            let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Job { chunks, reply }) = job else { break };
            // Nobody waits for it when the writer has failed.
            let _ = reply.send(self.frame(&chunks));
        }
    }

    fn frame(&mut self, chunks: &[Bytes]) -> io::Result<Frame> {
        let plain: usize = chunks.iter().map(Bytes::len).sum();
        self.0.reinit()?;
        self.0.set_pledged_src_size(Some(plain as u64))?;
        let mut bytes = Vec::with_capacity(plain / 2);
        for chunk in chunks {
            let mut input = InBuffer::around(chunk);
            while input.pos() < chunk.len() {
                self.0.run(&mut input, &mut room(&mut bytes))?;
            }
        }
        while self.0.finish(&mut room(&mut bytes), false)? > 0 {}
        Ok(Frame { plain: u32::try_from(plain).map_err(io::Error::other)?, bytes })
    }
}

/// Room at the end of a buffer.
fn room(bytes: &mut Vec<u8>) -> OutBuffer<'_, Vec<u8>> {
    bytes.reserve(ROOM);
    let end = bytes.len();
    OutBuffer::around_pos(bytes, end)
}

fn write(in_order: &mpsc::Receiver<Answer>, out: &mut impl Write) -> Result<Table> {
    let mut table = Table::default();
    for answer in in_order {
        let frame = answer.recv().map_err(|_| panicked())?.map_err(unwritten)?;
        out.write_all(&frame.bytes).map_err(unwritten)?;
        let stored = u32::try_from(frame.bytes.len())
            .map_err(|_| Error::permanent("frame-too-large", "a frame is too large"))?;
        table.push(stored, frame.plain);
    }
    Ok(table)
}

/// Sizes of all frames, stored and plain, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    frames: Vec<(u32, u32)>,
    /// Where each begins in the stored bytes.
    starts: Vec<u64>,
}

/// A frame: where it begins in the stored bytes, and its size there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) stored: u64,
    pub(crate) stored_size: u64,
}

impl Table {
    fn push(&mut self, stored: u32, plain: u32) {
        let before = self.starts.last().zip(self.frames.last());
        self.starts.push(before.map_or(0, |(start, (size, _))| start + u64::from(*size)));
        self.frames.push((stored, plain));
    }

    /// A skippable frame.
    fn bytes(&self) -> Vec<u8> {
        let count = self.frames.len() as u32;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&SKIPPABLE.to_le_bytes());
        bytes.extend_from_slice(&(count * ENTRY as u32 + FOOTER as u32).to_le_bytes());
        for (stored, plain) in &self.frames {
            bytes.extend_from_slice(&stored.to_le_bytes());
            bytes.extend_from_slice(&plain.to_le_bytes());
        }
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&SEEKABLE.to_le_bytes());
        bytes
    }

    /// Reads the table from the end of compressed bytes.
    pub(crate) fn read(stored: &mut (impl Read + Seek)) -> Result<Self> {
        let failed = |error| crate::artifact::outlet::cause(error, |_| damaged());
        let end = stored.seek(SeekFrom::End(0)).map_err(failed)?;
        let footer = end.checked_sub(FOOTER).ok_or_else(damaged)?;
        stored.seek(SeekFrom::Start(footer)).map_err(failed)?;
        let count = u64::from(number(stored)?);
        let mut descriptor = [0];
        stored.read_exact(&mut descriptor).map_err(failed)?;
        if number(stored)? != SEEKABLE || descriptor != [0] || count > MOST_FRAMES {
            return Err(damaged());
        }
        let begin = footer.checked_sub(count * ENTRY).ok_or_else(damaged)?;
        stored.seek(SeekFrom::Start(begin)).map_err(failed)?;
        let mut table = Self::default();
        for _ in 0..count {
            table.push(number(stored)?, number(stored)?);
        }
        Ok(table)
    }

    /// The frame with that number, from 0.
    pub(crate) fn place(&self, n: u64) -> Option<Place> {
        let n = usize::try_from(n).ok()?;
        Some(Place { stored: *self.starts.get(n)?, stored_size: u64::from(self.frames.get(n)?.0) })
    }
}

fn number(stored: &mut impl Read) -> Result<u32> {
    let mut bytes = [0; 4];
    stored.read_exact(&mut bytes).map_err(|error| crate::artifact::outlet::cause(error, |_| damaged()))?;
    Ok(u32::from_le_bytes(bytes))
}

fn damaged() -> Error {
    Error::integrity("artifact-damaged", "the table of frames at the end of the copy is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_back_from_the_end() {
        let mut table = Table::default();
        [(10, 100), (20, 200), (5, 7)].into_iter().for_each(|(stored, plain)| table.push(stored, plain));
        let mut stored = vec![1; 35];
        stored.extend(table.bytes());
        let read = Table::read(&mut io::Cursor::new(&stored)).expect("sound");
        assert_eq!(read, table);
        assert_eq!(read.place(0), Some(Place { stored: 0, stored_size: 10 }));
        assert_eq!(read.place(2), Some(Place { stored: 30, stored_size: 5 }));
        assert_eq!(read.place(3), None);
        for cut in 0..stored.len() {
            let part = stored.get(..cut).unwrap_or_default();
            assert_eq!(Table::read(&mut io::Cursor::new(part)).expect_err("cut off").code, "artifact-damaged");
        }
    }
}
