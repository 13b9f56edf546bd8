//! SARIF 2.1.0, for code scanning and editors. Rules carry their whole explanation: they have no address of their own on
//! the network, so none is made up.

use super::{Region, Told, page, region};
use crate::diag::{Diagnostic, Explanation, Fix, Level};
use crate::span::Span;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One run with a result for each diagnostic.
#[must_use]
pub fn sarif(told: &Told<'_>) -> String {
    let raised: BTreeMap<&str, &Explanation> =
        told.diagnostics.iter().map(|diagnostic| (diagnostic.code(), diagnostic.explanation)).collect();
    let rules: Vec<Value> = raised.values().map(|explanation| rule(explanation)).collect();
    let results: Vec<Value> = told.diagnostics.iter().map(|diagnostic| result(told, diagnostic, &raised)).collect();
    let artifacts: Vec<Value> =
        told.texts.iter().map(|text| json!({ "location": { "uri": uri(&told.path(&text.name)) } })).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "backstay", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "newlineSequences": ["\r\n", "\n", "\r"],
            "artifacts": artifacts,
            "results": results,
        }],
    });
    format!("{log:#}")
}

fn rule(explanation: &Explanation) -> Value {
    let (wrong, right) = (explanation.example.wrong(), explanation.example.right());
    let markdown = format!(
        "{}\n\n```kdl\n{wrong}\n```\n\nInstead:\n\n```kdl\n{right}\n```\n\n{}",
        explanation.why, explanation.fix
    );
    json!({
        "id": explanation.code,
        "shortDescription": { "text": explanation.summary },
        "fullDescription": { "text": explanation.why },
        "help": { "text": explanation.to_string(), "markdown": markdown },
        "properties": { "docs": page(explanation.code) },
    })
}

fn result(told: &Told<'_>, diagnostic: &Diagnostic, raised: &BTreeMap<&str, &Explanation>) -> Value {
    let level = match diagnostic.level {
        Level::Info => "note",
        Level::Warn => "warning",
        Level::Error => "error",
    };
    let message = match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut out = json!({
        "ruleId": diagnostic.code(),
        "ruleIndex": raised.keys().position(|code| *code == diagnostic.code()),
        "level": level,
        "message": { "text": message },
    });
    let Some(fields) = out.as_object_mut() else { return out };
    let mut places = diagnostic.labels.iter().filter(|label| told.holds(&label.span));
    if let Some(first) = told.place(diagnostic) {
        places.next();
        fields.insert("locations".to_owned(), json!([location(told, &first.span, &first.text)]));
    }
    let related: Vec<Value> = places.map(|label| location(told, &label.span, &label.text)).collect();
    if !related.is_empty() {
        fields.insert("relatedLocations".to_owned(), Value::Array(related));
    }
    if let Some(fix) = &diagnostic.fix {
        fields.insert("fixes".to_owned(), json!([change(told, fix)]));
    }
    out
}

fn location(told: &Told<'_>, span: &Span, text: &str) -> Value {
    let uri = uri(&told.path(span.source().name()));
    json!({
        "physicalLocation": { "artifactLocation": { "uri": uri }, "region": region_of(span) },
        "message": { "text": text },
    })
}

fn region_of(span: &Span) -> Value {
    let Region { line, column, end_line, end_column } = region(span);
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

fn change(told: &Told<'_>, fix: &Fix) -> Value {
    let mut by_text: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for edit in &fix.edits {
        let replacement = json!({ "deletedRegion": region_of(&edit.span), "insertedContent": { "text": edit.text } });
        by_text.entry(told.path(edit.span.source().name())).or_default().push(replacement);
    }
    let changes: Vec<Value> = by_text
        .into_iter()
        .map(|(path, replacements)| json!({ "artifactLocation": { "uri": uri(&path) }, "replacements": replacements }))
        .collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

/// A path as a URI reference: relative to where the reader is, or of this machine.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
    let escaped: String = path
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    if path.starts_with('/') { format!("file://{escaped}") } else { escaped }
}
