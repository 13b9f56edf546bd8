//! The time-out of an attempt: it is stopped in order, its children with it, and only then given up.

use crate::error::{Error, Result};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long work that was told to stop may take until it is dropped; dropping it ends its children as well.
const GRACE: Duration = Duration::from_secs(60);

/// Does `work`, and stops it by `cancel` when it takes longer than `limit`. Work that ends well all the same did happen.
/// Not tried again: what used up its time once would use up the night.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let Some(limit) = limit else { return work.await };
    tokio::pin!(work);
    tokio::select! {
        biased;
        ended = &mut work => return ended,
        () = tokio::time::sleep(limit) => {}
    }
    if cancel.is_cancelled() {
        // The operator was first, and it is on its way out.
        return work.await;
    }
    cancel.cancel();
    match tokio::time::timeout(GRACE, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) | Err(_) => Err(timed_out(limit)),
    }
}

fn timed_out(limit: Duration) -> Error {
    let message = format!("it took longer than the {} s that it may take, and was stopped", limit.as_secs());
    Error::permanent("step-timed-out", message)
        .help("Find out what it waited for; give it more time with `timeout` when it only needs it.")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn work_that_ends_in_time_is_as_it_was() {
        let token = CancellationToken::new();
        assert_eq!(within(None, &token, async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(within(Some(GRACE), &token, async { Ok(2) }).await.unwrap(), 2);
        let failed = within(Some(GRACE), &token, async { Err::<(), _>(Error::temporary("x", "x")) }).await;
        assert_eq!(failed.unwrap_err().code, "x");
        assert!(!token.is_cancelled());
    }

    #[tokio::test]
    async fn work_that_takes_longer_is_stopped_in_order() {
        let token = CancellationToken::new();
        let seen = token.clone();
        let work = async {
            seen.cancelled().await;
            Err::<(), _>(Error::cancelled())
        };
        let error = within(Some(SHORT), &token, work).await.unwrap_err();
        assert_eq!((error.code, error.kind), ("step-timed-out", schema::report::ProblemKind::Permanent));
    }

    #[tokio::test]
    async fn an_operator_who_was_first_is_told_so() {
        let token = CancellationToken::new();
        token.cancel();
        let work = async {
            tokio::time::sleep(SHORT * 5).await;
            Err::<(), _>(Error::cancelled())
        };
        assert_eq!(within(Some(SHORT), &token, work).await.unwrap_err().code, "cancelled");
    }
}
