//! `exception-unused`: an exception that excuses nothing. Whether it does is known when all other rules have been asked,
//! so [`crate::lint::check`] tells it.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule};
use crate::model::Exception;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "exception-unused",
        summary: "an `allow` that excuses nothing",
        why: "What it was for is mended, or was never there; it would excuse the next one unseen.",
        example: Example::Nodes {
            wrong: r#"policy {
    require "copies" min=3
    allow "copies" reason="the second store is on its way" until="2027-01-31"
}"#,
            right: r#"policy { require "copies" min=3; }"#,
        },
        fix: "Remove it.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Info },
    check: |_, _| {},
};

/// What is said about an exception that nothing needed.
pub(in crate::lint) fn found(exception: &Exception) -> Found {
    let what = &exception.what;
    Found {
        about: None,
        message: format!("the exception from `{}` excuses nothing", what.value),
        span: what.span.clone(),
        label: "nothing here needs it".to_owned(),
        help: format!("Remove `allow \"{}\"`.", what.value),
    }
}
