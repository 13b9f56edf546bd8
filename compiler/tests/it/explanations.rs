//! Every code can be explained, its wrong example raises exactly it, and its right example raises nothing.

use crate::case::facts;
use compiler::diag::Example;
use compiler::{Text, check, explain, explanations};
use std::collections::BTreeSet;

/// What the nodes of an example stand in: two stores, a source, and a job that protects it.
fn framed(nodes: &str) -> String {
    format!(
        r#"strategy "example" {{
    environment "production"
    source "notes" engine="files" {{ root "notes"; }}
    store "desk" plugin="fs" {{ path "desk"; }}
    store "cellar" plugin="fs" {{ path "cellar"; }}
    job "frame" {{
        backup "notes" to="desk"
        transfer from="desk" to="cellar"
        verify "desk"; verify "cellar"
    }}
{nodes}
}}"#
    )
}

fn codes(text: String) -> BTreeSet<&'static str> {
    let checked = check(&[Text { name: "strategy.kdl".to_owned(), text }], &facts());
    checked.diagnostics.iter().map(compiler::Diagnostic::code).collect()
}

#[test]
fn examples_raise_exactly_their_code() {
    for explanation in explanations() {
        let (wrong, right) = match &explanation.example {
            Example::Nodes { wrong, right } => (framed(wrong), framed(right)),
            Example::Text { wrong, right } => ((*wrong).to_owned(), (*right).to_owned()),
            Example::Told { .. } => continue,
        };
        assert_eq!(codes(wrong), BTreeSet::from([explanation.code]), "wrong example of {}", explanation.code);
        assert_eq!(codes(right), BTreeSet::new(), "right example of {}", explanation.code);
    }
}

/// What an example cannot show, a case of the suite must.
#[test]
fn every_code_is_raised_by_a_case() {
    let mut told = String::new();
    for folder in std::fs::read_dir(crate::expected::here().join("tests/suite")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "txt") {
                told.push_str(&std::fs::read_to_string(file).unwrap());
            }
        }
    }
    // These need a text or a defect that a case cannot hold; tests/it/limits.rs has the first two.
    let elsewhere = ["too-large", "too-deep", "too-much-text", "vocabulary-mismatch"];
    for explanation in explanations().filter(|explanation| !elsewhere.contains(&explanation.code)) {
        assert!(told.contains(&format!("[{}]:", explanation.code)), "no case raises {}", explanation.code);
    }
}

#[test]
fn codes_are_kebab_case_unique_and_found() {
    let mut seen = BTreeSet::new();
    for explanation in explanations() {
        let code = explanation.code;
        assert!(code.chars().all(|char| char.is_ascii_lowercase() || char == '-'), "{code}");
        assert!(seen.insert(code), "{code} stands for two things");
        assert_eq!(explain(code).map(|found| found.summary), Some(explanation.summary));
        assert!(explanation.to_string().starts_with(code));
        assert!(explanation.fix.ends_with('.') && explanation.why.ends_with('.'), "{code}: sentences end with a stop");
    }
    assert!(explain("no-such-code").is_none());
}

#[test]
fn messages_keep_to_the_style() {
    let texts = explanations().filter_map(|explanation| match &explanation.example {
        Example::Nodes { wrong, .. } => Some(framed(wrong)),
        Example::Text { wrong, .. } => Some((*wrong).to_owned()),
        Example::Told { .. } => None,
    });
    for text in texts {
        for diagnostic in check(&[Text { name: "strategy.kdl".to_owned(), text }], &facts()).diagnostics {
            let first = diagnostic.message.chars().next().unwrap();
            assert!(!first.is_uppercase() && !diagnostic.message.ends_with('.'), "{}", diagnostic.message);
            let help = diagnostic.help.unwrap_or_else(|| panic!("{} has no help", diagnostic.message));
            assert!(help.ends_with(['.', '?']), "{help}");
        }
    }
}
