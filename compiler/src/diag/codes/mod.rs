//! Every code that is not a rule's, by the stage that raises it. Rules bring their own.

mod names;
mod plan;
mod structure;
mod syntax;
mod value;

pub use names::*;
pub use plan::*;
pub use structure::*;
pub use syntax::*;
pub use value::*;

use super::Explanation;

/// All of them, by code.
pub static ALL: [&Explanation; 38] = [
    &AMBIGUOUS_NAME,
    &CYCLE,
    &DUPLICATE_NAME,
    &DUPLICATE_NODE,
    &DUPLICATE_PROPERTY,
    &DUPLICATE_STEP,
    &IMPOSSIBLE_METHOD,
    &IMPOSSIBLE_REQUEST,
    &INVALID_MANIFEST,
    &INVALID_SCHEDULE,
    &INVALID_TEMPLATE,
    &INVALID_VALUE,
    &KNOWN_AT_RUN_TIME,
    &LITERAL_SECRET,
    &MISSING_ARGUMENT,
    &MISSING_NODE,
    &MISSING_PROPERTY,
    &MISSING_UNIT,
    &NOTHING_TO_RESTORE,
    &NOTHING_TO_TRANSFER,
    &NOTHING_TO_VERIFY,
    &NOT_APPLICABLE,
    &RESERVED_NAME,
    &SYNTAX_ERROR,
    &TOO_DEEP,
    &TOO_LARGE,
    &UNEXPECTED_ANNOTATION,
    &UNEXPECTED_ARGUMENT,
    &UNKNOWN_DATABASE,
    &UNKNOWN_JOB,
    &UNKNOWN_NAME,
    &UNKNOWN_NODE,
    &UNKNOWN_PROPERTY,
    &UNKNOWN_TIMEZONE,
    &UNKNOWN_VALUE,
    &VOCABULARY_MISMATCH,
    &WRONG_PLUGIN_KIND,
    &WRONG_TYPE,
];
