//! A bounded stream of byte chunks between two tasks or threads. Dropping the sink without `finish` is a failure, so a
//! producer that dies half-way can never look like the end of an artifact.

use crate::error::{Error, Result};
use bytes::Bytes;
use std::io;
use tokio::sync::mpsc;

/// Size that producers should aim for: large enough that hand-over costs nothing, small enough that a window fits.
pub const CHUNK: usize = 256 << 10;
/// Chunks in flight between producer and consumer.
const WINDOW: usize = 16;

enum Piece {
    Chunk(Bytes),
    End,
}

/// The producer's end.
#[derive(Debug)]
pub struct Sink(mpsc::Sender<Piece>);

/// The consumer's end.
#[derive(Debug)]
pub struct Feed {
    pieces: mpsc::Receiver<Piece>,
    rest: Bytes,
    ended: bool,
}

/// A new stream.
#[must_use]
pub fn channel() -> (Sink, Feed) {
    let (sender, pieces) = mpsc::channel(WINDOW);
    (Sink(sender), Feed { pieces, rest: Bytes::new(), ended: false })
}

fn gone() -> Error {
    Error::permanent("consumer-gone", "the reader of the stream stopped early")
}

impl Sink {
    /// Waits until there is room. Fails when the consumer is gone.
    pub async fn send(&self, chunk: Bytes) -> Result<()> {
        self.0.send(Piece::Chunk(chunk)).await.map_err(|_| gone())
    }

    /// The same from a thread that may block.
    pub fn blocking_send(&self, chunk: Bytes) -> Result<()> {
        self.0.blocking_send(Piece::Chunk(chunk)).map_err(|_| gone())
    }

    /// Says that the stream is whole.
    pub async fn finish(self) -> Result<()> {
        self.0.send(Piece::End).await.map_err(|_| gone())
    }

    /// The same from a thread that may block.
    pub fn blocking_finish(self) -> Result<()> {
        self.0.blocking_send(Piece::End).map_err(|_| gone())
    }
}

impl Feed {
    /// The next chunk; `None` is the end of a whole stream.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        let piece = if self.ended { Some(Piece::End) } else { self.pieces.recv().await };
        self.take(piece)
    }

    /// The same from a thread that may block.
    pub fn blocking_next(&mut self) -> Result<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        let piece = if self.ended { Some(Piece::End) } else { self.pieces.blocking_recv() };
        self.take(piece)
    }

    fn take(&mut self, piece: Option<Piece>) -> Result<Option<Bytes>> {
        match piece {
            Some(Piece::Chunk(chunk)) => Ok(Some(chunk)),
            Some(Piece::End) => {
                self.ended = true;
                Ok(None)
            }
            None => Err(Error::permanent("stream-cut-off", "the stream ended before it was whole")),
        }
    }
}

/// Reads from a thread that may block.
impl io::Read for Feed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.blocking_next() {
                Ok(Some(chunk)) => self.rest = chunk,
                Ok(None) => return Ok(0),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        let count = out.len().min(self.rest.len());
        let taken = self.rest.split_to(count);
        if let Some(out) = out.get_mut(..count) {
            out.copy_from_slice(&taken);
        }
        Ok(count)
    }
}

/// What came of both ends of a stream. When one failed because the other did, that one is the cause: wrong bytes, whatever was
/// made of them, and not that nobody took them any more.
pub(crate) fn prefer_damage<T>(read: Result<()>, used: Result<T>) -> Result<T> {
    match (read, used) {
        (Err(read), _) if read.code != "consumer-gone" => Err(read),
        (_, Err(used)) => Err(used),
        (Ok(()), Ok(used)) => Ok(used),
        (Err(read), Ok(_)) => Err(read),
    }
}

/// Of several that failed, the one that did not just lose its peer; the first, when all did.
pub(crate) fn first_cause<const N: usize>(errors: [Option<Error>; N]) -> Error {
    let lost = |error: &Error| matches!(error.code, "consumer-gone" | "stream-cut-off");
    let mut first = None;
    for error in errors.into_iter().flatten() {
        if !lost(&error) {
            return error;
        }
        first = first.or(Some(error));
    }
    first.unwrap_or_else(|| Error::permanent("stream-cut-off", "the stream ended before it was whole"))
}
