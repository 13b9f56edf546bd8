//! One file a rule; the file's name is the rule's code.

#[path = "chain-cut-short.rs"]
mod chain_cut_short;
#[path = "chain-without-full.rs"]
mod chain_without_full;
#[path = "copies-too-few.rs"]
mod copies_too_few;
#[path = "downtime-not-tolerated.rs"]
mod downtime_not_tolerated;
#[path = "exception-expired.rs"]
mod exception_expired;
#[path = "exception-too-long.rs"]
mod exception_too_long;
#[path = "exception-unused.rs"]
pub(super) mod exception_unused;
#[path = "full-left-out.rs"]
mod full_left_out;
#[path = "keep-without-prune.rs"]
mod keep_without_prune;
#[path = "memory-too-small.rs"]
mod memory_too_small;
#[path = "never-pruned.rs"]
mod never_pruned;
#[path = "offline-without-control.rs"]
mod offline_without_control;
#[path = "outside-window.rs"]
mod outside_window;
#[path = "policy-not-met.rs"]
mod policy_not_met;
#[path = "run-lost-by-clock.rs"]
mod run_lost_by_clock;
#[path = "run-moved-by-clock.rs"]
mod run_moved_by_clock;
#[path = "runner-is-member.rs"]
mod runner_is_member;
#[path = "system-not-covered.rs"]
mod system_not_covered;
#[path = "unverified-copy.rs"]
mod unverified_copy;

pub(super) use chain_cut_short::RULE as CHAIN_CUT_SHORT;
pub(super) use chain_without_full::RULE as CHAIN_WITHOUT_FULL;
pub(super) use copies_too_few::RULE as COPIES_TOO_FEW;
pub(super) use downtime_not_tolerated::RULE as DOWNTIME_NOT_TOLERATED;
pub(super) use exception_expired::RULE as EXCEPTION_EXPIRED;
pub(super) use exception_too_long::RULE as EXCEPTION_TOO_LONG;
pub(super) use exception_unused::RULE as EXCEPTION_UNUSED;
pub(super) use full_left_out::RULE as FULL_LEFT_OUT;
pub(super) use keep_without_prune::RULE as KEEP_WITHOUT_PRUNE;
pub(super) use memory_too_small::RULE as MEMORY_TOO_SMALL;
pub(super) use never_pruned::RULE as NEVER_PRUNED;
pub(super) use offline_without_control::RULE as OFFLINE_WITHOUT_CONTROL;
pub(super) use outside_window::RULE as OUTSIDE_WINDOW;
pub(super) use policy_not_met::RULE as POLICY_NOT_MET;
pub(super) use run_lost_by_clock::RULE as RUN_LOST_BY_CLOCK;
pub(super) use run_moved_by_clock::RULE as RUN_MOVED_BY_CLOCK;
pub(super) use runner_is_member::RULE as RUNNER_IS_MEMBER;
pub(super) use system_not_covered::RULE as SYSTEM_NOT_COVERED;
pub(super) use unverified_copy::RULE as UNVERIFIED_COPY;
