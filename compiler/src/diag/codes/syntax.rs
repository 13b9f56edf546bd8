//! Codes of the syntax stage.

use crate::diag::{Example, Explanation};

pub static SYNTAX_ERROR: Explanation = Explanation {
    code: "syntax-error",
    summary: "the text is not well-formed KDL",
    why: "A strategy that cannot be read protects nothing.",
    example: Example::Text {
        wrong: r#"strategy "orders" {
    environment "development
}"#,
        right: r#"strategy "orders" {
    environment "development"
}"#,
    },
    fix: "Correct the text at the place that is shown. Booleans are `#true` and `#false`; strings of several words need quotes.",
};

pub static TOO_LARGE: Explanation = Explanation {
    code: "too-large",
    summary: "a text of more than 8 MiB",
    why: "No strategy is that long; the wrong file was probably named, and reading it would take seconds.",
    example: Example::Told { wrong: "a text of 9 MiB", right: "a text of a few KiB" },
    fix: "Name the strategy's own file.",
};

pub static TOO_DEEP: Explanation = Explanation {
    code: "too-deep",
    summary: "blocks or comments nested more than 128 levels deep",
    why: "Such a text would exhaust the reader's memory; nothing in the language nests deeper than four levels.",
    example: Example::Told { wrong: "a { a { a { … } } }, 129 times", right: "a { a { a } }" },
    fix: "Remove the nesting.",
};
