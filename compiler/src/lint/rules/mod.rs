//! One file a rule; the file's name is the rule's code.

#[path = "copies-too-few.rs"]
mod copies_too_few;
#[path = "offline-without-control.rs"]
mod offline_without_control;
#[path = "system-not-covered.rs"]
mod system_not_covered;
#[path = "unverified-copy.rs"]
mod unverified_copy;

pub(super) use copies_too_few::RULE as COPIES_TOO_FEW;
pub(super) use offline_without_control::RULE as OFFLINE_WITHOUT_CONTROL;
pub(super) use system_not_covered::RULE as SYSTEM_NOT_COVERED;
pub(super) use unverified_copy::RULE as UNVERIFIED_COPY;
