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

pub static OLD_SYNTAX: Explanation = Explanation {
    code: "old-syntax",
    summary: "a text in KDL 1, where KDL 2 is meant",
    why: "KDL 2 writes some values in another way; read as KDL 2, the old way has no meaning.",
    example: Example::Text {
        wrong: r##"strategy "orders" {
    environment r#"development"#
}"##,
        right: r##"strategy "orders" {
    environment #"development"#
}"##,
    },
    fix: r###"Write `#true`, `#false`, `#null` and `#"…"#`, and `"""` around text of several lines; `validate --fix` does it."###,
};

pub static WRONG_ENCODING: Explanation = Explanation {
    code: "wrong-encoding",
    summary: "a text that is not UTF-8",
    why: "Names and paths in it would be read as others than those that were written.",
    example: Example::Text {
        wrong: r#"// bytes <<E9>> is the one byte that Latin-1 has for é
strategy "example" { } // the caf<<E9>>"#,
        right: r#"// bytes <<C3 A9>> are the two bytes that UTF-8 has for é
strategy "example" { } // the caf<<C3 A9>>"#,
    },
    fix: "Save the file as UTF-8; `iconv -f LATIN1 -t UTF-8` converts it.",
};

pub static STRATEGY_UNREADABLE: Explanation = Explanation {
    code: "strategy-unreadable",
    summary: "a file of the strategy cannot be read",
    why: "What it says is not known, so nothing of it can be checked or run.",
    example: Example::Told { wrong: "a file that is not there, a directory, a pipe", right: "a file that can be read" },
    fix: "Name the strategy's own file with `--strategy FILE`.",
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
    example: Example::Text {
        wrong: "a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{\n\
                a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{\n\
                a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{",
        right: r#"strategy "example" { objectives { rpo "1h"; }; }"#,
    },
    fix: "Remove the nesting.",
};
