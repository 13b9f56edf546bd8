//! Every code can be explained, its wrong example raises exactly it, and its right example raises nothing.

use crate::case::{Case, cases, diagnostics, run};
use crate::expected::{here, matches};
use compiler::diag::Example;
use compiler::{Explanation, explain, explanations, render};
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
    let (mut in_words, mut amiss) = (Vec::new(), Vec::new());
    for explanation in explanations() {
        let Some((wrong, right)) = examples(explanation) else {
            in_words.push(explanation.code);
            continue;
        };
        let code = explanation.code;
        if codes(&wrong) != BTreeSet::from([code.to_owned()]) {
            amiss.push(format!("wrong example of {code}: {}", run(&wrong)));
        }
        if !codes(&right).is_empty() {
            amiss.push(format!("right example of {code}: {}", run(&right)));
        }
    }
    assert!(amiss.is_empty(), "{}", amiss.join("\n"));
    // Files that cannot be read, texts too long to print, and a defect: tests beside raise all but the last.
    in_words.sort_unstable();
    assert_eq!(
        in_words,
        [
            "exception-expired",
            "expansion-too-large",
            "import-cycle",
            "strategy-unreadable",
            "too-deep",
            "too-large",
            "too-much-text",
            "vocabulary-mismatch",
            "wrong-encoding"
        ]
    );
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
    // These need a file, a text or a defect that a case cannot hold: tests/it/limits.rs has some, the command line's tests one.
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
