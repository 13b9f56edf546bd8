//! Every case below `tests/mend`: the text with all certain fixes made stands beside it, with what was done and what is
//! left to do.

use crate::case::{cases, diagnostics};
use crate::expected::{here, matches};
use compiler::{mend, render};

#[test]
fn mended_texts_are_as_they_were() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in std::fs::read_dir(here().join("tests/mend")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "kdl") {
            continue;
        }
        let mut out = String::new();
        for case in cases(&std::fs::read_to_string(&file).unwrap()) {
            count += 1;
            let (texts, before) = diagnostics(&case);
            assert!(!texts.is_empty(), "{} is not UTF-8", case.name);
            let mended = mend(&texts, &case.facts);
            out.push_str(&format!("--- {}\n", case.name));
            for line in mended.texts[0].text.split_inclusive('\n') {
                // What an editor would hide is written as a number.
                let shown: String = line
                    .chars()
                    .map(|char| match char {
                        '\r' | '\u{feff}' => format!("<<{:X}>>", u32::from(char)),
                        char => char.to_string(),
                    })
                    .collect();
                out.push_str(&format!("| {}\n", shown.trim_end_matches('\n')));
            }
            for done in &mended.done {
                out.push_str(&format!("{}:{} [{}] {}\n", done.line, done.column, done.code, done.title));
            }
            out.extend(mended.left.iter().map(render::diagnostic));
            out.push('\n');
            let again = mend(&mended.texts, &case.facts);
            assert!(again.done.is_empty(), "{}: {:?} was left to do", case.name, again.done);
            let errors = |found: &[compiler::Diagnostic]| found.iter().filter(|found| found.is_error()).count();
            let syntax = before
                .diagnostics
                .iter()
                .any(|found| found.code().ends_with("syntax") || found.code() == "syntax-error");
            assert!(
                mended.done.is_empty() || syntax || errors(&mended.left) < errors(&before.diagnostics),
                "{}",
                case.name
            );
        }
        wrong.extend(matches(&file.with_extension("txt"), &out).err());
    }
    assert!(count >= 10, "only {count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
