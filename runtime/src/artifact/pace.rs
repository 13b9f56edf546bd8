//! Bandwidth limits: when more bytes may go, and in which pieces, so that all who share a limit get the same of it.

use crate::artifact::stream::Sink;
use crate::error::Result;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time that may be made up for: a timer that rings late, or a stream that had nothing to send, loses no more than what
/// is over this.
const SLACK: Duration = Duration::from_millis(100);
/// Bytes that are admitted at once: few at a low rate, so that bytes flow evenly and streams take turns.
const MOST: u64 = 64 << 10;
const LEAST: u64 = 1 << 10;
/// A piece is so small that this many of them pass in a second.
const PIECES: u64 = 50;

/// A rate that any number of streams share. Pure: it is told the time.
#[derive(Debug)]
pub struct Rate {
    /// Bytes per second, never 0.
    limit: u64,
    /// When all that was admitted will have passed, since the beginning.
    passed: Duration,
}

impl Rate {
    /// `limit` is in bytes per second; 0 is taken as 1.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self { limit: limit.max(1), passed: Duration::ZERO }
    }

    /// Bytes that a stream asks for at once. All streams ask for the same, and take turns.
    #[must_use]
    pub fn piece(&self) -> u64 {
        (self.limit / PIECES).clamp(LEAST, MOST)
    }

    /// Admits `bytes` at `now`, and says when they may go: when they would have passed at the rate. Times are since the
    /// beginning.
    pub fn admit(&mut self, bytes: u64, now: Duration) -> Duration {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.limit);
        let takes = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.passed = self.passed.max(now.saturating_sub(SLACK)).saturating_add(takes);
        self.passed
    }
}

/// A rate and its clock.
#[derive(Debug)]
pub struct Bucket {
    begun: Instant,
    piece: u64,
    rate: Mutex<Rate>,
}

impl Bucket {
    /// `limit` is in bytes per second.
    #[must_use]
    pub fn new(limit: u64) -> Arc<Self> {
        let rate = Rate::new(limit);
        Arc::new(Self { begun: Instant::now(), piece: rate.piece(), rate: Mutex::new(rate) })
    }

    /// Waits until `bytes` more may go.
    async fn admit(&self, bytes: u64) {
        let now = self.begun.elapsed();
        let due = self.rate.lock().unwrap_or_else(PoisonError::into_inner).admit(bytes, now);
        let wait = due.saturating_sub(now);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

/// The limits that a stream keeps; none is unlimited. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Pace(Vec<Arc<Bucket>>);

impl Pace {
    /// A limit of its own, in bytes per second.
    #[must_use]
    pub fn new(limit: Option<u64>) -> Self {
        Self(limit.map(Bucket::new).into_iter().collect())
    }

    /// These limits, and those of `other`.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.0.is_empty()
    }

    /// Sends a chunk on, piece by piece, each when every limit lets it go.
    pub async fn pass(&self, mut chunk: Bytes, out: &Sink) -> Result<()> {
        let piece = usize::try_from(self.piece()).unwrap_or(usize::MAX);
        while !chunk.is_empty() {
            let next = chunk.split_to(chunk.len().min(piece));
            self.admit(next.len() as u64).await;
            out.send(next).await?;
        }
        Ok(())
    }

    /// Waits until so many bytes have been let through by every limit: for those that are sent nowhere.
    pub async fn wait(&self, bytes: u64) {
        let mut left = bytes;
        while left > 0 && !self.is_unlimited() {
            let next = left.min(self.piece());
            self.admit(next).await;
            left -= next;
        }
    }

    fn piece(&self) -> u64 {
        self.0.iter().map(|bucket| bucket.piece).min().unwrap_or(u64::MAX)
    }

    async fn admit(&self, bytes: u64) {
        for bucket in &self.0 {
            bucket.admit(bytes).await;
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set itself up must stop")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Streams that always have more, each asking again when its piece has gone and `late` has passed: what each got to
    /// send until `end`.
    fn played(limit: u64, late: &[Duration], end: Duration) -> Vec<u64> {
        let mut rate = Rate::new(limit);
        let piece = rate.piece();
        let mut got = vec![0; late.len()];
        let mut due: Vec<Duration> = late.iter().map(|_| rate.admit(piece, Duration::ZERO)).collect();
        loop {
            let (next, now) = due.iter().enumerate().min_by_key(|(_, due)| **due).map(|(at, due)| (at, *due)).unwrap();
            if now > end {
                return got;
            }
            got[next] += piece;
            let asks = now + late[next];
            due[next] = rate.admit(piece, asks).max(asks);
        }
    }

    proptest! {
        #[test]
        fn exact_within_5_percent_over_10_seconds(
            limit in 64_u64 << 10..2 << 30,
            late in prop::collection::vec(0_u64..4, 1..9),
        ) {
            // A timer rings up to some milliseconds late.
            let late: Vec<_> = late.into_iter().map(Duration::from_millis).collect();
            let wanted = limit * 10;
            let all: u64 = played(limit.min(200 << 20), &late, Duration::from_secs(10)).iter().sum();
            let wanted = wanted.min((200 << 20) * 10);
            // A stream of one piece at a time, a late timer between two, can be slower than a high rate.
            let reachable = late.iter().any(Duration::is_zero) || limit <= 8 << 20;
            prop_assert!(all <= wanted + wanted / 20, "{all} of {wanted}");
            prop_assert!(!reachable || all >= wanted - wanted / 20, "{all} of {wanted}");
        }

        #[test]
        fn streams_that_ask_alike_get_alike(limit in 64_u64 << 10..200 << 20, streams in 1_usize..9) {
            let got = played(limit, &vec![Duration::ZERO; streams], Duration::from_secs(10));
            let (least, most) = (got.iter().min().unwrap(), got.iter().max().unwrap());
            prop_assert!(most - least <= Rate::new(limit).piece(), "{got:?}");
        }

        #[test]
        fn nothing_goes_before_its_time(limit in 1_u64..1 << 40, asked in prop::collection::vec((1_u64..1 << 20, 0_u64..3_000), 1..50)) {
            let mut rate = Rate::new(limit);
            let (mut now, mut sum) = (Duration::ZERO, 0_u128);
            for (bytes, later) in asked {
                now += Duration::from_millis(later);
                let due = rate.admit(bytes, now);
                sum += u128::from(bytes);
                let earliest = sum * 1_000_000_000 / u128::from(limit);
                prop_assert!(due.max(now).as_nanos() + SLACK.as_nanos() + 50 >= earliest.min(u128::from(u64::MAX)));
            }
        }
    }

    #[tokio::test]
    async fn a_chunk_is_passed_whole_and_in_order() {
        let (sink, mut feed) = crate::artifact::stream::channel();
        let bytes: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
        let chunk = Bytes::from(bytes.clone());
        let passing = tokio::spawn(async move {
            Pace::new(Some(1 << 30)).pass(chunk, &sink).await.unwrap();
            sink.finish().await.unwrap();
        });
        let mut got = Vec::new();
        while let Some(chunk) = feed.next().await.unwrap() {
            assert!(chunk.len() <= 64 << 10);
            got.extend_from_slice(&chunk);
        }
        passing.await.unwrap();
        assert!(got == bytes);
    }

    #[tokio::test]
    async fn what_is_sent_nowhere_keeps_every_limit() {
        let pace = Pace::new(Some(8 << 20)).and(&Pace::new(Some(1 << 20)));
        let began = Instant::now();
        tokio::join!(pace.wait(256 << 10), pace.wait(256 << 10));
        assert!(began.elapsed() + SLACK >= Duration::from_millis(500), "{:?}", began.elapsed());
        Pace::default().wait(u64::MAX).await;
    }
}
