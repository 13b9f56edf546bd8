//! The words that both halves of Backstay share: whatever crosses a process, a file or a store is a type here.
//!
//! | module | what it describes | where it lives |
//! |---|---|---|
//! | [`plan`], [`step`], [`source`], [`store`], [`target`], [`keep`], [`notifier`], [`grant`], [`forecast`] | the compiled plan | `plan.json`, the journal |
//! | [`diff`] | what a change of a strategy does | `plan --against … --format json` |
//! | [`fact`] | what the compiler is told about the world | nowhere: cited in the plan by digest |
//! | [`manifest`] | a published artifact, its store, and later facts about it | the stores |
//! | [`texts`] | the strategy itself, for a machine that has nothing else | the stores |
//! | [`record`] | what a run did | the journal |
//! | [`event`] | what a run is doing | `--log-format json` |
//! | [`retain`] | what becomes of stored artifacts | `plan --format json` |
//! | [`simulate`] | what schedules do over a time | `simulate --format json` |
//! | [`status`] | how backups stand, and the evidence of a time | `status --format json`, `report --format json` |
//! | [`report`] | how a run ended | `run --format json`, notifier templates |
//!
//! A reader refuses a `format` that is newer than its own. Fields are only ever added, with a default, within a format.

pub mod diff;
pub mod event;
pub mod fact;
pub mod forecast;
pub mod grant;
pub mod index;
pub mod keep;
pub mod manifest;
pub mod notifier;
pub mod plan;
pub mod record;
pub mod report;
pub mod retain;
pub mod secret;
pub mod simulate;
pub mod source;
pub mod status;
pub mod step;
pub mod store;
pub mod target;
pub mod texts;

/// The strategy vocabulary: the single source of the language's structure, defaults and doc lines.
pub const VOCABULARY: &str = include_str!("../strategy.kdl");
