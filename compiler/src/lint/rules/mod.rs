//! One file a rule; the file's name is the rule's code.

#[path = "chain-cut-short.rs"]
mod chain_cut_short;
#[path = "chain-too-long.rs"]
mod chain_too_long;
#[path = "chain-without-full.rs"]
mod chain_without_full;
#[path = "copies-too-few.rs"]
mod copies_too_few;
#[path = "downtime-not-tolerated.rs"]
mod downtime_not_tolerated;
#[path = "downtime-too-long.rs"]
mod downtime_too_long;
#[path = "exception-expired.rs"]
mod exception_expired;
#[path = "exception-too-long.rs"]
mod exception_too_long;
#[path = "exception-unused.rs"]
pub(super) mod exception_unused;
#[path = "full-left-out.rs"]
mod full_left_out;
#[path = "job-too-long.rs"]
mod job_too_long;
#[path = "jobs-overlap.rs"]
mod jobs_overlap;
#[path = "keep-too-fine.rs"]
mod keep_too_fine;
#[path = "keep-too-short.rs"]
mod keep_too_short;
#[path = "keep-without-prune.rs"]
mod keep_without_prune;
#[path = "memory-too-small.rs"]
mod memory_too_small;
#[path = "never-pruned.rs"]
mod never_pruned;
#[path = "objectives-after-loss.rs"]
mod objectives_after_loss;
#[path = "offline-without-control.rs"]
mod offline_without_control;
#[path = "outside-window.rs"]
mod outside_window;
#[path = "policy-not-met.rs"]
mod policy_not_met;
#[path = "prune-too-seldom.rs"]
mod prune_too_seldom;
#[path = "restore-downtime-not-met.rs"]
mod restore_downtime_not_met;
#[path = "rpo-not-met.rs"]
mod rpo_not_met;
#[path = "rpo-out-of-reach.rs"]
mod rpo_out_of_reach;
#[path = "rto-not-met.rs"]
mod rto_not_met;
#[path = "run-lost-by-clock.rs"]
mod run_lost_by_clock;
#[path = "run-moved-by-clock.rs"]
mod run_moved_by_clock;
#[path = "runner-is-member.rs"]
mod runner_is_member;
#[path = "store-too-small.rs"]
mod store_too_small;
#[path = "system-not-covered.rs"]
mod system_not_covered;
#[path = "temp-too-small.rs"]
mod temp_too_small;
#[path = "unverified-copy.rs"]
mod unverified_copy;
#[path = "window-too-short.rs"]
mod window_too_short;

pub(super) use chain_cut_short::RULE as CHAIN_CUT_SHORT;
pub(super) use chain_too_long::RULE as CHAIN_TOO_LONG;
pub(super) use chain_without_full::RULE as CHAIN_WITHOUT_FULL;
pub(super) use copies_too_few::RULE as COPIES_TOO_FEW;
pub(super) use downtime_not_tolerated::RULE as DOWNTIME_NOT_TOLERATED;
pub(super) use downtime_too_long::RULE as DOWNTIME_TOO_LONG;
pub(super) use exception_expired::RULE as EXCEPTION_EXPIRED;
pub(super) use exception_too_long::RULE as EXCEPTION_TOO_LONG;
pub(super) use exception_unused::RULE as EXCEPTION_UNUSED;
pub(super) use full_left_out::RULE as FULL_LEFT_OUT;
pub(super) use job_too_long::RULE as JOB_TOO_LONG;
pub(super) use jobs_overlap::RULE as JOBS_OVERLAP;
pub(super) use keep_too_fine::RULE as KEEP_TOO_FINE;
pub(super) use keep_too_short::RULE as KEEP_TOO_SHORT;
pub(super) use keep_without_prune::RULE as KEEP_WITHOUT_PRUNE;
pub(super) use memory_too_small::RULE as MEMORY_TOO_SMALL;
pub(super) use never_pruned::RULE as NEVER_PRUNED;
pub(super) use objectives_after_loss::RULE as OBJECTIVES_AFTER_LOSS;
pub(super) use offline_without_control::RULE as OFFLINE_WITHOUT_CONTROL;
pub(super) use outside_window::RULE as OUTSIDE_WINDOW;
pub(super) use policy_not_met::RULE as POLICY_NOT_MET;
pub(super) use prune_too_seldom::RULE as PRUNE_TOO_SELDOM;
pub(super) use restore_downtime_not_met::RULE as RESTORE_DOWNTIME_NOT_MET;
pub(super) use rpo_not_met::RULE as RPO_NOT_MET;
pub(super) use rpo_out_of_reach::RULE as RPO_OUT_OF_REACH;
pub(super) use rto_not_met::RULE as RTO_NOT_MET;
pub(super) use run_lost_by_clock::RULE as RUN_LOST_BY_CLOCK;
pub(super) use run_moved_by_clock::RULE as RUN_MOVED_BY_CLOCK;
pub(super) use runner_is_member::RULE as RUNNER_IS_MEMBER;
pub(super) use store_too_small::RULE as STORE_TOO_SMALL;
pub(super) use system_not_covered::RULE as SYSTEM_NOT_COVERED;
pub(super) use temp_too_small::RULE as TEMP_TOO_SMALL;
pub(super) use unverified_copy::RULE as UNVERIFIED_COPY;
pub(super) use window_too_short::RULE as WINDOW_TOO_SHORT;
