//! Codes of the structural check: values, units, formats.

use crate::diag::{Example, Explanation};

pub static WRONG_TYPE: Explanation = Explanation {
    code: "wrong-type",
    summary: "a value of another type",
    why: "A number is not a name: what is meant cannot be known.",
    example: Example::Nodes { wrong: r#"resources { cpus "eight"; }"#, right: "resources { cpus 8; }" },
    fix: "Write a value of the type that is shown.",
};

pub static MISSING_UNIT: Explanation = Explanation {
    code: "missing-unit",
    summary: "a bare number where a unit is needed",
    why: "Thirty of what? Minutes and hours are different promises.",
    example: Example::Nodes { wrong: "objectives { rto 30; }", right: r#"objectives { rto "30m"; }"# },
    fix: "Write the number with its unit, in quotes.",
};

pub static INVALID_VALUE: Explanation = Explanation {
    code: "invalid-value",
    summary: "a value that does not parse as its type",
    why: "What is meant cannot be known.",
    example: Example::Nodes { wrong: r#"objectives { rto "soon"; }"#, right: r#"objectives { rto "1h30m"; }"# },
    fix: "Write the value in the form that is shown.",
};

pub static UNKNOWN_VALUE: Explanation = Explanation {
    code: "unknown-value",
    summary: "a word that is not among those allowed",
    why: "A misspelt word would silently mean something else.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" to="desk"
    verify "notes" with="digets"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "notes" with="digest"
}"#,
    },
    fix: "Use one of the words that are shown.",
};

pub static LITERAL_SECRET: Explanation = Explanation {
    code: "literal-secret",
    summary: "a secret is written into the strategy",
    why: "A strategy is kept in version control and read by many; a secret in it is no secret.",
    example: Example::Nodes {
        wrong: r#"store "third" plugin="fs" {
    path "third"
    secret "token" "hunter2"
}"#,
        right: r#"store "third" plugin="fs" {
    path "third"
    secret "token" (env)"THIRD_TOKEN"
}"#,
    },
    fix: "Write where the secret is found: `(env)`, `(file)` or `(command)`. If it was committed, change it.",
};

pub static UNEXPECTED_ANNOTATION: Explanation = Explanation {
    code: "unexpected-annotation",
    summary: "an annotation where it has no meaning",
    why: "Only secrets come from elsewhere; a plan must say everything else itself.",
    example: Example::Nodes { wrong: r#"objectives { rto (env)"RPO"; }"#, right: r#"objectives { rto "1h"; }"# },
    fix: "Remove the annotation, and write the value.",
};

pub static INVALID_SCHEDULE: Explanation = Explanation {
    code: "invalid-schedule",
    summary: "a schedule that does not parse or is never due",
    why: "The job would never run, or not when it is meant to.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    schedule "30 2 * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
        right: r#"job "nightly" {
    schedule "30 2 * * *"
    backup "notes" to="desk"
    verify "notes"
}"#,
    },
    fix: "Write five fields: minute, hour, day of month, month, day of week.",
};

pub static UNKNOWN_TIMEZONE: Explanation = Explanation {
    code: "unknown-timezone",
    summary: "a time zone that does not exist",
    why: "The job would run at another hour than is meant.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    schedule "30 3 * * *" timezone="Europe/Stokholm"
    backup "notes" to="desk"
    verify "notes"
}"#,
        right: r#"job "nightly" {
    schedule "30 3 * * *" timezone="Europe/Stockholm"
    backup "notes" to="desk"
    verify "notes"
}"#,
    },
    fix: "Use a name of the IANA database, or `UTC`.",
};

pub static INVALID_TEMPLATE: Explanation = Explanation {
    code: "invalid-template",
    summary: "a Handlebars template that does not parse, or asks for what is not there",
    why: "It would fail when it is needed: at the end of a run.",
    example: Example::Nodes {
        wrong: r#"notify "ops" plugin="webhook" {
    url "https://example.org/hook"
    body "{{#if job}}{{job}}"
}"#,
        right: r#"notify "ops" plugin="webhook" {
    url "https://example.org/hook"
    body "{{#if job}}{{job}}{{/if}}"
}"#,
    },
    fix: "Close every tag and every block, and use the names of the report or of the command's facts.",
};
