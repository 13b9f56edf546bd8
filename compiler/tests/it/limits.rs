//! Texts that would hurt: too long, too deep, or not KDL at all. Each is refused with a span, and none ends the process.

use crate::case::facts;
use compiler::{Text, check};
use proptest::prelude::*;

fn codes(text: String) -> Vec<&'static str> {
    let checked = check(&[Text { name: "strategy.kdl".to_owned(), text }], &facts());
    assert!(checked.diagnostics.iter().all(|diagnostic| !diagnostic.labels.is_empty()), "a diagnostic without a place");
    checked.diagnostics.iter().map(compiler::Diagnostic::code).collect()
}

#[test]
fn nine_mebibytes_are_refused() {
    assert_eq!(codes("// padding\n".repeat(9 * 1024 * 1024 / 11 + 1)), ["too-large"]);
}

#[test]
fn deep_nesting_is_refused_wherever_it_hides() {
    let deep = "a {".repeat(3_000);
    for text in [
        deep.clone(),
        format!("{deep}{}", "}".repeat(3_000)),
        format!("x \"unclosed\n{deep}"),
        format!("x #\"unclosed {deep}"),
        format!("x \"\"\"\nunclosed {deep}"),
        format!("/* unclosed {deep}"),
        "/*".repeat(3_000),
        format!("// comment\n/- {deep}"),
    ] {
        assert_eq!(codes(text.clone()), ["too-deep"], "{}", &text[..20]);
    }
}

#[test]
fn braces_in_strings_and_comments_do_not_count() {
    let braces = "{".repeat(500);
    for text in [
        format!("strategy \"x\" {{ /* {braces} */ }}"),
        format!("strategy \"x\" {{ }} // {braces}"),
        format!("strategy \"x\" {{ store \"a\" plugin=#\"{braces}\"# {{ }} }}"),
        format!("strategy \"x\" {{ store \"\\\"{braces}\" plugin=\"fs\" {{ }} }}"),
    ] {
        assert!(!codes(text).contains(&"too-deep"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the text is, the compiler returns, and every span is inside the text.
    #[test]
    fn no_text_is_fatal(text in r##"([a-z]{1,3}|[ \t\n{}"#();=/*å-]|"[a-z]*"|strategy|source|job|\(env\)|#true){0,40}"##) {
        let checked = check(&[Text { name: "strategy.kdl".to_owned(), text: text.clone() }], &facts());
        for label in checked.diagnostics.iter().flat_map(|diagnostic| &diagnostic.labels) {
            prop_assert!(text.get(label.span.start()..label.span.end()).is_some() || label.span.source().name() != "strategy.kdl");
        }
        for diagnostic in &checked.diagnostics {
            prop_assert!(!compiler::render::diagnostic(diagnostic).is_empty());
        }
    }
}
