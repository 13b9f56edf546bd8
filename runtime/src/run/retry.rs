//! When a failed attempt is made again: by the kind of the error, with exponential waits and full jitter, and never
//! earlier than the other side asked for.

use crate::error::Error;
use schema::report::ProblemKind;
use std::time::Duration;

/// Attempts in all, for errors that may pass.
const MOST: u32 = 5;
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Counts the attempts of one piece of work.
#[derive(Debug, Default)]
pub struct Tries {
    made: u32,
}

impl Tries {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to wait before the next attempt after `error`; `None` when there is to be none.
    pub fn next(&mut self, error: &Error) -> Option<Duration> {
        self.made += 1;
        if error.kind != ProblemKind::Temporary || self.made >= MOST {
            return None;
        }
        let ceiling = FIRST.saturating_mul(1 << self.made.min(16)).min(LONGEST);
        let jittered = ceiling.mul_f64(fraction());
        Some(jittered.max(error.retry_after.unwrap_or_default()))
    }
}

/// A random number from 0 to 1; its quality does not matter, only that two machines draw different ones.
fn fraction() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    (high >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again_and_not_for_ever() {
        assert_eq!(Tries::new().next(&Error::permanent("x", "x")), None);
        assert_eq!(Tries::new().next(&Error::integrity("x", "x")), None);
        let mut tries = Tries::new();
        let waits: Vec<_> = std::iter::from_fn(|| tries.next(&Error::temporary("x", "x"))).collect();
        assert_eq!(waits.len() as u32, MOST - 1);
        assert!(waits.iter().all(|wait| *wait <= LONGEST), "{waits:?}");
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept() {
        let mut error = Error::temporary("x", "x");
        error.retry_after = Some(Duration::from_secs(90));
        assert_eq!(Tries::new().next(&error), Some(Duration::from_secs(90)));
    }
}
