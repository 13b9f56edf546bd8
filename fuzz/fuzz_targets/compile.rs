//! Whatever the text is: checking, planning and every rendering return, and every place is inside the text.
#![no_main]

use compiler::render::{self, Preview};
use compiler::{Facts, Text};
use libfuzzer_sys::fuzz_target;
use schema::fact::PluginManifest;

/// Begins a further text, with its name: as in the cases of the compiler's suite, which are seeds.
const FURTHER: &str = "// text ";

fn facts() -> Facts {
    let plugin = |name: &str, text: &str| PluginManifest { name: name.to_owned(), text: text.to_owned() };
    let plugins = vec![
        plugin("fs", include_str!("../../plugins/storage/fs/plugin.kdl")),
        plugin("s3", include_str!("../../plugins/storage/s3/plugin.kdl")),
        plugin("webhook", include_str!("../../plugins/notify/webhook/plugin.kdl")),
    ];
    Facts { plugins, ..Facts::default() }
}

/// The input as one text, or as several with lines of `// text NAME` between.
fn texts(input: &str) -> Vec<Text> {
    let mut parts = input.split(FURTHER);
    let first = Text { name: "strategy.kdl".to_owned(), text: parts.next().unwrap_or_default().to_owned() };
    let further = parts.filter_map(|part| part.split_once('\n'));
    let further = further.map(|(name, text)| Text { name: name.trim().to_owned(), text: text.to_owned() });
    std::iter::once(first).chain(further).collect()
}

fuzz_target!(|input: &str| {
    let (texts, facts) = (texts(input), facts());
    let checked = compiler::check(&texts, &facts);
    for diagnostic in &checked.diagnostics {
        assert!(!render::diagnostic(diagnostic).is_empty());
        for label in &diagnostic.labels {
            let (start, end) = (label.span.start(), label.span.end());
            assert!(
                label.span.source().text().get(start..end).is_some(),
                "a place outside of its text: {start}..{end}"
            );
        }
    }
    assert!(checked.value.is_some() || checked.diagnostics.iter().any(compiler::Diagnostic::is_error));
    let Some(checked) = checked.value else { return };
    assert!(compiler::decoded(&checked).is_object());
    if let Some(plan) = compiler::plan(&checked, &facts, None).value {
        for render in [render::text, render::markdown, render::html, render::svg] {
            assert!(!render(&plan, &Preview::default()).is_empty());
        }
        let all = [render::json(&plan), render::mermaid(&plan), render::dot(&plan)];
        assert!(all.iter().all(|text| !text.is_empty()));
        assert!(compiler::diff::diff(&plan, &plan).is_empty());
    }
});
