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
fn too_many_texts_and_too_long_ones_are_refused() {
    let root = Text { name: "strategy.kdl".to_owned(), text: "strategy \"x\" { import \"parts\"; }".to_owned() };
    let part = |at: usize, text: &str| Text { name: format!("parts/{at}.kdl"), text: text.to_owned() };
    let told = |parts: Vec<Text>| {
        let texts: Vec<Text> = std::iter::once(root.clone()).chain(parts).collect();
        let told = check(&texts, &facts()).diagnostics;
        told.iter().map(compiler::Diagnostic::code).collect::<Vec<_>>()
    };
    assert_eq!(told((0..1024).map(|at| part(at, "// part\n")).collect()), ["too-much-text"]);
    assert_eq!(told((0..1023).map(|at| part(at, "// part\n")).collect()), Vec::<&str>::new());
    let long = "// padding\n".repeat(700_000);
    assert_eq!(told((0..5).map(|at| part(at, &long)).collect()), ["too-much-text"]);
}

/// A chain of templates, each inside the next, ends before the reader does.
#[test]
fn templates_inside_each_other_are_refused() {
    let link = |at: usize| format!("template \"t{at}\" {{ a {{ use \"t{}\"; }}; }}\n", at + 1);
    let chain: String = (0..5_000).map(link).collect();
    let text = format!("{chain}template \"t5000\" {{ }}\nstrategy \"x\" {{ use \"t0\"; }}");
    assert_eq!(codes(text), ["too-deep"]);
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
