//! When a failed attempt is made again: by the kind of the error, with exponential waits and full jitter, and never
//! earlier than the other side asked for.

use crate::error::Error;
use schema::report::ProblemKind;
use std::time::Duration;

/// Attempts in all, for errors that may pass.
const MOST: u32 = 5;
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// Who asks to be left alone for longer is not waited for: the run would hold its locks for nothing.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

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
        wait(self.made, error, fraction())
    }
}

/// The law: after the attempt number `made` failed with `error`. `fraction` is from 0 to 1. What the other side asked for
/// comes first, then a random part of a time that doubles: those that were sent away together do not come back together.
fn wait(made: u32, error: &Error, fraction: f64) -> Option<Duration> {
    let asked = error.retry_after.unwrap_or_default();
    if error.kind != ProblemKind::Temporary || made >= MOST || asked > LONGEST_ASKED {
        return None;
    }
    Some(asked + ceiling(made).mul_f64(fraction))
}

/// The longest wait after that attempt, but for what the other side asks for.
fn ceiling(made: u32) -> Duration {
    FIRST.saturating_mul(1 << made.min(16)).min(LONGEST)
}

/// A random number from 0 to 1; its quality does not matter, only that two machines draw different ones.
fn fraction() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    (high >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set itself up must stop")]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let wait = Tries::new().next(&error).unwrap();
        assert!((Duration::from_secs(90)..=Duration::from_secs(120)).contains(&wait), "{wait:?}");
    }

    proptest! {
        #[test]
        fn never_earlier_than_asked_for_and_never_for_ever(
            made in 1_u32..40,
            asked in prop::option::of(0_u64..10_000),
            fraction in 0.0..1.0_f64,
            kind in 0_usize..6,
        ) {
            let kinds = [
                ProblemKind::Temporary, ProblemKind::Permanent, ProblemKind::Conflict, ProblemKind::Integrity,
                ProblemKind::Plugin, ProblemKind::Cancelled,
            ];
            let mut error = Error::new(kinds[kind], "x", "x");
            error.retry_after = asked.map(Duration::from_secs);
            let asked = error.retry_after.unwrap_or_default();
            match wait(made, &error, fraction) {
                None => prop_assert!(kind != 0 || made >= MOST || asked > LONGEST_ASKED),
                Some(wait) => {
                    prop_assert!(kind == 0 && made < MOST && asked <= LONGEST_ASKED);
                    prop_assert!(asked <= wait && wait <= asked + ceiling(made) && ceiling(made) <= LONGEST);
                }
            }
        }
    }

    #[test]
    fn the_whole_range_is_drawn_from_and_doubles() {
        let draws: Vec<f64> = std::iter::repeat_with(fraction).take(10_000).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        for tenth in 0..10 {
            let here = draws.iter().filter(|draw| (**draw * 10.0) as u32 == tenth).count();
            assert!((700..1_300).contains(&here), "{here} of 10000 in tenth {tenth}");
        }
        let most = |made| wait(made, &Error::temporary("x", "x"), 1.0).unwrap().as_millis();
        assert_eq!([most(1), most(2), most(3), most(4)], [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(wait(1, &Error::temporary("x", "x"), 0.0), Some(Duration::ZERO));
    }
}
