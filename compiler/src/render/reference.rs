//! The page of all diagnostics, from what `explain` says of each.

use crate::diag::{Example, Explanation};
use std::fmt::Write;

/// Markdown with one section a code, in the order of their names.
#[must_use]
pub fn reference<'a>(explanations: impl Iterator<Item = &'a Explanation>) -> String {
    let mut all: Vec<&Explanation> = explanations.collect();
    all.sort_by_key(|explanation| explanation.code);
    let mut out = String::from(
        "<!-- Written by the tests of the compiler: UPDATE=1 cargo test -p backstay-compiler -->\n\n# Diagnostics\n\n\
         Everything that `backstay validate` can find, by its code. `backstay explain CODE` prints the same. The examples are\n\
         run by a test: each wrong one raises exactly its code, and each right one raises nothing.\n\n",
    );
    for explanation in &all {
        let _ = writeln!(out, "* [`{0}`](#{0}): {1}", explanation.code, explanation.summary);
    }
    for explanation in all {
        section(explanation, &mut out);
    }
    out
}

fn section(explanation: &Explanation, out: &mut String) {
    let (wrong, right) = (explanation.example.wrong().trim(), explanation.example.right().trim());
    let _ =
        writeln!(out, "\n## `{}`\n\n{}.\n\n{}\n", explanation.code, upper_first(explanation.summary), explanation.why);
    if let Example::Told { .. } = explanation.example {
        let _ = writeln!(out, "Wrong: {wrong}\n\nRight: {right}\n");
    } else {
        let _ = writeln!(out, "Wrong:\n\n```kdl\n{wrong}\n```\n\nRight:\n\n```kdl\n{right}\n```\n");
    }
    let _ = writeln!(out, "{}", explanation.fix);
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
