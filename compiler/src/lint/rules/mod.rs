//! One file a rule; the file's name is the rule's code.

#[path = "copies-too-few.rs"]
mod copies_too_few;
#[path = "downtime-not-tolerated.rs"]
mod downtime_not_tolerated;
#[path = "exception-expired.rs"]
mod exception_expired;
#[path = "keep-without-prune.rs"]
mod keep_without_prune;
#[path = "offline-without-control.rs"]
mod offline_without_control;
#[path = "outside-window.rs"]
mod outside_window;
#[path = "policy-not-met.rs"]
mod policy_not_met;
#[path = "runner-is-member.rs"]
mod runner_is_member;
#[path = "system-not-covered.rs"]
mod system_not_covered;
#[path = "unverified-copy.rs"]
mod unverified_copy;

pub(super) use copies_too_few::RULE as COPIES_TOO_FEW;
pub(super) use downtime_not_tolerated::RULE as DOWNTIME_NOT_TOLERATED;
pub(super) use exception_expired::RULE as EXCEPTION_EXPIRED;
pub(super) use keep_without_prune::RULE as KEEP_WITHOUT_PRUNE;
pub(super) use offline_without_control::RULE as OFFLINE_WITHOUT_CONTROL;
pub(super) use outside_window::RULE as OUTSIDE_WINDOW;
pub(super) use policy_not_met::RULE as POLICY_NOT_MET;
pub(super) use runner_is_member::RULE as RUNNER_IS_MEMBER;
pub(super) use system_not_covered::RULE as SYSTEM_NOT_COVERED;
pub(super) use unverified_copy::RULE as UNVERIFIED_COPY;
