//! A sink for threads that write: bytes are gathered into chunks. It never finishes by being dropped.

use crate::artifact::stream::{CHUNK, Sink};
use crate::error::{Error, Result};
use bytes::Bytes;
use std::io;

/// The writing end of a stream.
#[derive(Debug)]
pub(crate) struct Outlet {
    sink: Sink,
    buffer: Vec<u8>,
}

impl Outlet {
    pub(crate) fn new(sink: Sink) -> Self {
        Self { sink, buffer: Vec::with_capacity(CHUNK) }
    }

    fn pass_on(&mut self) -> Result<()> {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.sink.blocking_send(Bytes::from(full))
    }

    /// Hands on what is left and says that the stream is whole.
    pub(crate) fn finish(mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.pass_on()?;
        }
        self.sink.blocking_finish()
    }
}

impl io::Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CHUNK.saturating_sub(self.buffer.len());
        let now = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.buffer.extend_from_slice(now);
        if self.buffer.len() >= CHUNK {
            self.pass_on().map_err(io::Error::other)?;
        }
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Our own error when `error` carries one, else what `otherwise` makes of it.
pub(crate) fn cause(error: io::Error, otherwise: impl FnOnce(&io::Error) -> Error) -> Error {
    match error.downcast::<Error>() {
        Ok(ours) => ours,
        Err(error) => otherwise(&error),
    }
}
