//! One file a rule; the file's name is the rule's code.

#[path = "backup-without-tls.rs"]
mod backup_without_tls;
#[path = "chain-cut-short.rs"]
mod chain_cut_short;
#[path = "chain-too-long.rs"]
mod chain_too_long;
#[path = "chain-without-full.rs"]
mod chain_without_full;
#[path = "class-too-slow.rs"]
mod class_too_slow;
#[path = "copies-too-few.rs"]
mod copies_too_few;
#[path = "database-unprotected.rs"]
mod database_unprotected;
#[path = "downtime-not-tolerated.rs"]
mod downtime_not_tolerated;
#[path = "downtime-too-long.rs"]
mod downtime_too_long;
#[path = "drill-beside-production.rs"]
mod drill_beside_production;
#[path = "drill-missing.rs"]
mod drill_missing;
#[path = "drill-not-off-site.rs"]
mod drill_not_off_site;
#[path = "drill-too-seldom.rs"]
mod drill_too_seldom;
#[path = "exception-expired.rs"]
mod exception_expired;
#[path = "exception-too-long.rs"]
mod exception_too_long;
#[path = "exception-unused.rs"]
pub(super) mod exception_unused;
#[path = "failure-unnoticed.rs"]
mod failure_unnoticed;
#[path = "full-left-out.rs"]
mod full_left_out;
#[path = "identity-unexercised.rs"]
mod identity_unexercised;
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
#[path = "keys-unencrypted.rs"]
mod keys_unencrypted;
#[path = "live-database-files.rs"]
mod live_database_files;
#[path = "lock-outlasts-keep.rs"]
mod lock_outlasts_keep;
#[path = "memory-too-small.rs"]
mod memory_too_small;
#[path = "never-pruned.rs"]
mod never_pruned;
#[path = "nobody-notified.rs"]
mod nobody_notified;
#[path = "objectives-after-loss.rs"]
mod objectives_after_loss;
#[path = "off-site-missing.rs"]
mod off_site_missing;
#[path = "off-site-unencrypted.rs"]
mod off_site_unencrypted;
#[path = "offline-without-control.rs"]
mod offline_without_control;
#[path = "one-credential.rs"]
mod one_credential;
#[path = "outside-window.rs"]
mod outside_window;
#[path = "password-in-clear.rs"]
mod password_in_clear;
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
#[path = "secret-beside-data.rs"]
mod secret_beside_data;
#[path = "secret-beside-strategy.rs"]
mod secret_beside_strategy;
#[path = "server-files-missing.rs"]
mod server_files_missing;
#[path = "shared-failure-domain.rs"]
mod shared_failure_domain;
#[path = "store-in-source.rs"]
mod store_in_source;
#[path = "store-too-small.rs"]
mod store_too_small;
#[path = "system-not-covered.rs"]
mod system_not_covered;
#[path = "system-not-drilled.rs"]
mod system_not_drilled;
#[path = "target-in-source.rs"]
mod target_in_source;
#[path = "temp-too-small.rs"]
mod temp_too_small;
#[path = "three-two-one.rs"]
mod three_two_one;
#[path = "three-two-one-one-zero.rs"]
mod three_two_one_one_zero;
#[path = "unverified-copy.rs"]
mod unverified_copy;
#[path = "window-too-short.rs"]
mod window_too_short;

pub(super) use backup_without_tls::RULE as BACKUP_WITHOUT_TLS;
pub(super) use chain_cut_short::RULE as CHAIN_CUT_SHORT;
pub(super) use chain_too_long::RULE as CHAIN_TOO_LONG;
pub(super) use chain_without_full::RULE as CHAIN_WITHOUT_FULL;
pub(super) use class_too_slow::RULE as CLASS_TOO_SLOW;
pub(super) use copies_too_few::RULE as COPIES_TOO_FEW;
pub(super) use database_unprotected::RULE as DATABASE_UNPROTECTED;
pub(super) use downtime_not_tolerated::RULE as DOWNTIME_NOT_TOLERATED;
pub(super) use downtime_too_long::RULE as DOWNTIME_TOO_LONG;
pub(super) use drill_beside_production::RULE as DRILL_BESIDE_PRODUCTION;
pub(super) use drill_missing::RULE as DRILL_MISSING;
pub(super) use drill_not_off_site::RULE as DRILL_NOT_OFF_SITE;
pub(super) use drill_too_seldom::RULE as DRILL_TOO_SELDOM;
pub(super) use exception_expired::RULE as EXCEPTION_EXPIRED;
pub(super) use exception_too_long::RULE as EXCEPTION_TOO_LONG;
pub(super) use exception_unused::RULE as EXCEPTION_UNUSED;
pub(super) use failure_unnoticed::RULE as FAILURE_UNNOTICED;
pub(super) use full_left_out::RULE as FULL_LEFT_OUT;
pub(super) use identity_unexercised::RULE as IDENTITY_UNEXERCISED;
pub(super) use job_too_long::RULE as JOB_TOO_LONG;
pub(super) use jobs_overlap::RULE as JOBS_OVERLAP;
pub(super) use keep_too_fine::RULE as KEEP_TOO_FINE;
pub(super) use keep_too_short::RULE as KEEP_TOO_SHORT;
pub(super) use keep_without_prune::RULE as KEEP_WITHOUT_PRUNE;
pub(super) use keys_unencrypted::RULE as KEYS_UNENCRYPTED;
pub(super) use live_database_files::RULE as LIVE_DATABASE_FILES;
pub(super) use lock_outlasts_keep::RULE as LOCK_OUTLASTS_KEEP;
pub(super) use memory_too_small::RULE as MEMORY_TOO_SMALL;
pub(super) use never_pruned::RULE as NEVER_PRUNED;
pub(super) use nobody_notified::RULE as NOBODY_NOTIFIED;
pub(super) use objectives_after_loss::RULE as OBJECTIVES_AFTER_LOSS;
pub(super) use off_site_missing::RULE as OFF_SITE_MISSING;
pub(super) use off_site_unencrypted::RULE as OFF_SITE_UNENCRYPTED;
pub(super) use offline_without_control::RULE as OFFLINE_WITHOUT_CONTROL;
pub(super) use one_credential::RULE as ONE_CREDENTIAL;
pub(super) use outside_window::RULE as OUTSIDE_WINDOW;
pub(super) use password_in_clear::RULE as PASSWORD_IN_CLEAR;
pub(super) use policy_not_met::RULE as POLICY_NOT_MET;
pub(super) use prune_too_seldom::RULE as PRUNE_TOO_SELDOM;
pub(super) use restore_downtime_not_met::RULE as RESTORE_DOWNTIME_NOT_MET;
pub(super) use rpo_not_met::RULE as RPO_NOT_MET;
pub(super) use rpo_out_of_reach::RULE as RPO_OUT_OF_REACH;
pub(super) use rto_not_met::RULE as RTO_NOT_MET;
pub(super) use run_lost_by_clock::RULE as RUN_LOST_BY_CLOCK;
pub(super) use run_moved_by_clock::RULE as RUN_MOVED_BY_CLOCK;
pub(super) use runner_is_member::RULE as RUNNER_IS_MEMBER;
pub(super) use secret_beside_data::RULE as SECRET_BESIDE_DATA;
pub(super) use secret_beside_strategy::RULE as SECRET_BESIDE_STRATEGY;
pub(super) use server_files_missing::RULE as SERVER_FILES_MISSING;
pub(super) use shared_failure_domain::RULE as SHARED_FAILURE_DOMAIN;
pub(super) use store_in_source::RULE as STORE_IN_SOURCE;
pub(super) use store_too_small::RULE as STORE_TOO_SMALL;
pub(super) use system_not_covered::RULE as SYSTEM_NOT_COVERED;
pub(super) use system_not_drilled::RULE as SYSTEM_NOT_DRILLED;
pub(super) use target_in_source::RULE as TARGET_IN_SOURCE;
pub(super) use temp_too_small::RULE as TEMP_TOO_SMALL;
pub(super) use three_two_one::RULE as THREE_TWO_ONE;
pub(super) use three_two_one_one_zero::RULE as THREE_TWO_ONE_ONE_ZERO;
pub(super) use unverified_copy::RULE as UNVERIFIED_COPY;
pub(super) use window_too_short::RULE as WINDOW_TOO_SHORT;
