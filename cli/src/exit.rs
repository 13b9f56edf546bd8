//! The exit codes, in one table. A number that is not in it means failure.

use runtime::Error;
use schema::report::{Outcome, ProblemKind};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for happened.
    Ok,
    /// It did not.
    Failed,
    /// The command line or the strategy is wrong; nothing was touched.
    Invalid,
    /// With `--detailed-exitcode`: the plan has steps.
    Changes,
    /// With `fmt --check` or `fmt --diff`: a text would change.
    Unformatted,
    /// The policy asks for notes of approval that were not given; nothing was touched.
    Denied,
    /// The plan is not that of the world any more; nothing was touched.
    Stale,
    /// Another run holds the lock; nothing was touched.
    LockHeld,
    /// The run ended, and something required did not happen.
    Degraded,
    /// With `status`: something that is promised is not so now.
    Missed,
    /// With `status`: something cannot be told.
    Untold,
    /// The operator stopped it.
    Cancelled,
}

impl Exit {
    /// Every way to end, with what it means: the reference page is made of this.
    pub(crate) const ALL: &[(Self, &str)] = &[
        (Self::Ok, "what was asked for happened"),
        (Self::Failed, "it did not happen"),
        (Self::Untold, "with `status`: it cannot be told whether all is as promised"),
        (Self::Unformatted, "with `fmt --check` or `fmt --diff`: a text would change"),
        (Self::Invalid, "the command line or the strategy is wrong; nothing was touched"),
        (
            Self::Changes,
            "with `--detailed-exitcode`: the plan has steps, or changes with `--against` (and an invalid strategy is 1)",
        ),
        (Self::Denied, "the policy asks for notes of approval that were not given (`plan --against` with `--approve`)"),
        (Self::Stale, "the plan is stale; nothing was touched"),
        (Self::LockHeld, "another run holds the lock; nothing was touched"),
        (Self::Degraded, "the run ended, but something required did not happen"),
        (Self::Missed, "with `status`: an objective is missed, or a run that was due failed or did not begin"),
        (Self::Cancelled, "stopped by the operator"),
    ];

    /// The number.
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Ok => 0,
            Self::Failed | Self::Unformatted | Self::Untold => 1,
            Self::Invalid | Self::Changes => 2,
            Self::Denied => 3,
            Self::Stale => 4,
            Self::LockHeld => 5,
            Self::Degraded => 6,
            Self::Missed => 7,
            Self::Cancelled => 130,
        }
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ok => Self::Ok,
            Outcome::Degraded => Self::Degraded,
            Outcome::Failed | Outcome::Skipped => Self::Failed,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match (error.kind, error.code) {
            (_, "lock-held") => Self::LockHeld,
            (_, "plan-stale") => Self::Stale,
            (ProblemKind::Cancelled, _) => Self::Cancelled,
            _ => Self::Failed,
        }
    }
}
