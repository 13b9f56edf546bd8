//! A bandwidth limit: how long to wait before more bytes may go.

use std::time::{Duration, Instant};

/// Spreads bytes over time so that the mean rate from the start stays below the limit.
#[derive(Debug)]
pub struct Pace {
    /// Bytes per second; `None` is unlimited.
    limit: Option<u64>,
    begun: Instant,
    sent: u64,
}

impl Pace {
    #[must_use]
    pub fn new(limit: Option<u64>) -> Self {
        Self { limit, begun: Instant::now(), sent: 0 }
    }

    /// Accounts for `bytes` and waits until they may go.
    pub async fn admit(&mut self, bytes: u64) {
        let Some(limit) = self.limit.filter(|limit| *limit > 0) else { return };
        let due = Duration::from_secs_f64(self.sent as f64 / limit as f64);
        self.sent += bytes;
        let wait = due.saturating_sub(self.begun.elapsed());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}
