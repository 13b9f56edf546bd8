//! Every code that is not a rule's, by the stage that raises it. Rules bring their own.

mod capability;
mod expand;
mod names;
mod plan;
mod structure;
mod syntax;
mod value;

pub use capability::*;
pub use expand::*;
pub use names::*;
pub use plan::*;
pub use structure::*;
pub use syntax::*;
pub use value::*;

use super::Explanation;

/// Codes of texts that could not be read to their end: what else is wrong with them is not known.
pub const OF_SYNTAX: [&str; 6] =
    ["old-syntax", "strategy-unreadable", "syntax-error", "too-deep", "too-large", "wrong-encoding"];

/// All of them, by code.
pub static ALL: &[&Explanation] = &[
    &AMBIGUOUS_NAME,
    &CONTRADICTION,
    &CYCLE,
    &DIFFERENTIAL_WITHOUT_FULL,
    &DUPLICATE_NAME,
    &DUPLICATE_NODE,
    &DUPLICATE_PROPERTY,
    &DUPLICATE_STEP,
    &EXPANSION_TOO_LARGE,
    &IMPORT_CYCLE,
    &IMPORT_UNREADABLE,
    &IMPOSSIBLE_DRILL,
    &IMPOSSIBLE_METHOD,
    &IMPOSSIBLE_REQUEST,
    &INVALID_MANIFEST,
    &INVALID_SCHEDULE,
    &INVALID_TEMPLATE,
    &INVALID_VALUE,
    &KNOWN_AT_RUN_TIME,
    &LITERAL_SECRET,
    &MISPLACED_NODE,
    &MISSING_ARGUMENT,
    &MISSING_NODE,
    &MISSING_PROPERTY,
    &MISSING_UNIT,
    &NOT_APPLICABLE,
    &NOT_IN_EDITION,
    &NOTHING_TO_RESTORE,
    &NOTHING_TO_TRANSFER,
    &NOTHING_TO_VERIFY,
    &OLD_SYNTAX,
    &PRUNE_WITHOUT_KEEP,
    &RESERVED_NAME,
    &SILENT_OVERRIDE,
    &STRATEGY_UNREADABLE,
    &SYNTAX_ERROR,
    &TEMPLATE_CYCLE,
    &TOO_DEEP,
    &TOO_LARGE,
    &TOO_MUCH_TEXT,
    &UNEXPECTED_ANNOTATION,
    &UNEXPECTED_ARGUMENT,
    &UNKNOWN_DATABASE,
    &UNKNOWN_JOB,
    &UNKNOWN_NAME,
    &UNKNOWN_NODE,
    &UNKNOWN_OVERRIDE,
    &UNKNOWN_PROPERTY,
    &UNKNOWN_TIMEZONE,
    &UNKNOWN_VALUE,
    &UNKNOWN_VERSION,
    &UNUSED_DEFINITION,
    &VIRTUAL_DATABASE,
    &VOCABULARY_MISMATCH,
    &WRONG_ENCODING,
    &WRONG_PLUGIN_KIND,
    &WRONG_TYPE,
];
