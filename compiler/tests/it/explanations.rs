//! Every code can be explained, its wrong example raises exactly it, and its right example raises nothing.

use crate::case::{Case, cases, diagnostics, facts, run};
use crate::expected::{here, matches};
use compiler::diag::Example;
use compiler::{Explanation, Text, check, explain, explanations, render};
use std::collections::BTreeSet;

/// What the nodes of an example stand in: what no rule has anything to say about, in any environment. It is development
/// unless they say another one: there, most of what would be needed around them is not asked for.
fn framed(nodes: &str) -> String {
    let environment = if nodes.contains("environment \"") { "" } else { "environment \"development\"" };
    format!(
        r#"strategy "example" {{
    {environment}
    source "notes" engine="files" {{ root "notes"; }}
    store "desk" plugin="fs" {{ path "desk"; site "dc-1"; media "disk"; }}
    store "cellar" plugin="fs" {{ path "cellar"; site "dc-2"; media "object"; immutable "30d"; }}
    target "spare" engine="files" {{ directory "spare"; }}
    job "frame" {{
        backup "notes" to="desk"
        transfer from="desk" to="cellar"
        verify "desk"; verify "cellar"
    }}
    job "frame-drill" {{ schedule "0 6 1 * *"; restore "notes" from="cellar" into="spare"; }}
    notify "frame" plugin="webhook" on="{told}" {{ url "https://example.org/frame"; }}
{nodes}
}}"#,
        told = if nodes.contains("notify \"") { "failure" } else { "failure missed" }
    )
}

/// The case that an example makes, framed; its facts stay at the head.
fn case(example: &str, frame: bool) -> Case {
    let facts = example.lines().take_while(|line| line.starts_with("// ")).count();
    let lines: Vec<&str> = example.lines().collect();
    let (facts, nodes) = lines.split_at(if frame { facts } else { 0 });
    let nodes = nodes.join("\n");
    let text = if frame { framed(&nodes) } else { nodes };
    let case = format!("// --- example\n{}\n{text}", facts.join("\n"));
    cases(&case.replace("// --- example\n\n", "// --- example\n")).into_iter().next().unwrap()
}

/// The wrong and the right case of an explanation that can be run.
fn examples(explanation: &Explanation) -> Option<(Case, Case)> {
    let frame = match explanation.example {
        Example::Nodes { .. } | Example::Case { .. } => true,
        Example::Text { .. } => false,
        Example::Told { .. } => return None,
    };
    Some((case(explanation.example.wrong(), frame), case(explanation.example.right(), frame)))
}

/// The codes that a case raises, by itself and by what it asks for.
fn codes(case: &Case) -> BTreeSet<String> {
    let told = run(case);
    let heads = told.lines().filter(|line| ["error[", "warning[", "info["].iter().any(|head| line.starts_with(head)));
    heads.map(|line| line.split(['[', ']']).nth(1).unwrap().to_owned()).collect()
}

#[test]
fn examples_raise_exactly_their_code() {
    let mut in_words = Vec::new();
    let mut odd = String::new();
    for explanation in explanations() {
        let Some((wrong, right)) = examples(explanation) else {
            in_words.push(explanation.code);
            continue;
        };
        let code = explanation.code;
        if codes(&wrong) != BTreeSet::from([code.to_owned()]) {
            odd.push_str(&format!("wrong example of {code}:\n{}\n", run(&wrong)));
        }
        if !codes(&right).is_empty() {
            odd.push_str(&format!("right example of {code}:\n{}\n", run(&right)));
        }
    }
    assert!(odd.is_empty(), "{odd}");
    in_words.retain(|code| !made_too_large(code));
    // No file is read here, which a test of the command line does; a defect is made by one of `compiler/src/decode`.
    in_words.sort_unstable();
    assert_eq!(in_words, ["strategy-unreadable", "vocabulary-mismatch"]);
}

/// Whether the example is too long to be shown; it is made then, and raises exactly its code.
fn made_too_large(code: &str) -> bool {
    let text = |name: &str, text: String| Text { name: name.to_owned(), text };
    let strategy = |nodes: &str| text("strategy.kdl", format!("strategy \"example\" {{ {nodes} }}"));
    let padded = |bytes: usize| vec![text("strategy.kdl", format!("strategy \"example\" {{ }}{}", "\n".repeat(bytes)))];
    let folder = |count: usize| {
        let parts = (0..count).map(|at| text(&format!("parts/{at}.kdl"), "// part\n".to_owned()));
        std::iter::once(strategy("import \"parts\"")).chain(parts).collect::<Vec<Text>>()
    };
    let (wrong, right) = match code {
        "too-large" => (padded(9 * 1024 * 1024), padded(4 * 1024)),
        "too-much-text" => (folder(5_000), folder(50)),
        _ => return false,
    };
    let told = |texts: &[Text]| -> Vec<&'static str> {
        check(texts, &facts()).diagnostics.iter().map(compiler::Diagnostic::code).collect()
    };
    assert_eq!((told(&wrong), told(&right)), (vec![explain(code).unwrap().code], Vec::new()));
    true
}

#[test]
fn page_of_all_diagnostics() {
    matches(&here().join("../docs/diagnostics.md"), &render::reference(explanations())).unwrap();
}

/// What an example cannot show, a case of the suite must.
#[test]
fn every_code_is_raised_by_a_case() {
    let mut told = String::new();
    for folder in std::fs::read_dir(here().join("tests/suite")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "txt") {
                told.push_str(&std::fs::read_to_string(file).unwrap());
            }
        }
    }
    // These need a file, a text or a defect that a case cannot hold: `examples_raise_exactly_their_code` tells where they are.
    let elsewhere = ["strategy-unreadable", "too-large", "too-deep", "too-much-text", "vocabulary-mismatch"];
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
    for (wrong, _) in explanations().filter_map(examples) {
        for diagnostic in diagnostics(&wrong).1.diagnostics {
            let first = diagnostic.message.chars().next().unwrap();
            assert!(!first.is_uppercase() && !diagnostic.message.ends_with('.'), "{}", diagnostic.message);
            let help = diagnostic.help.unwrap_or_else(|| panic!("{} has no help", diagnostic.message));
            assert!(help.ends_with(['.', '?']), "{help}");
        }
    }
}
