//! The body of a request as it goes out: pieces that are already in memory, sent without being copied, and watched.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

/// How much of a body has gone out, seen from outside; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<(AtomicU64, AtomicBool)>);

impl Progress {
    /// Pieces that were taken so far.
    pub(super) fn passed(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Whether all were.
    pub(super) fn done(&self) -> bool {
        self.0.1.load(Ordering::Relaxed)
    }
}

/// A body of known length.
#[derive(Debug)]
pub(super) struct Outbound {
    pieces: VecDeque<Bytes>,
    left: u64,
    progress: Progress,
}

impl Outbound {
    pub(super) fn new(pieces: Vec<Bytes>, progress: Progress) -> Self {
        let pieces: VecDeque<Bytes> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        progress.0.1.store(pieces.is_empty(), Ordering::Relaxed);
        Self { pieces, left, progress }
    }
}

impl Body for Outbound {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        let (passed, done) = &*self.progress.0;
        passed.fetch_add(1, Ordering::Relaxed);
        done.store(self.pieces.is_empty(), Ordering::Relaxed);
        self.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
