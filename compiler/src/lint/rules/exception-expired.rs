//! `exception-expired`: an exception from the policy whose last day is over.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "exception-expired",
        summary: "an `allow` whose last day is over",
        why: "It excuses nothing any more, and reads as if it did.",
        example: Example::Case {
            wrong: r#"// today 2027-02-01
policy { allow "media" reason="tape ordered" until="2027-01-31"; }"#,
            right: r#"// today 2027-01-31
policy { require "media" min=4; allow "media" reason="tape ordered" until="2027-01-31"; }"#,
        },
        fix: "Do what was put off and remove it, or give it another day.",
    },
    levels: Levels { development: Level::Warn, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let over = |until| subject.today.is_some_and(|today| until < today);
    let over = subject.strategy.policy.exceptions.iter().filter(|exception| over(exception.until.value));
    out.extend(over.map(|exception| Found {
        about: None,
        message: format!("the exception from `{}` ended on {}", exception.what.value, exception.until.value),
        span: exception.until.span.clone(),
        label: "is over".to_owned(),
        help: "Remove it, or give it another day.".to_owned(),
    }));
}
