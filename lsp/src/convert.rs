//! What the features say, in the types of the protocol. Places are converted with the text that they were found in.

use crate::completion::{Item, Kind};
use crate::document::Document;
use crate::lines::{Lines, Unit};
use crate::symbols::Symbol;
use compiler::diag::{Diagnostic, Label, Level};
use gen_lsp_types as types;
use std::collections::BTreeMap;

/// How places and texts are written for the present client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) unit: Unit,
    /// Whether the client fills snippets in.
    pub(crate) snippets: bool,
}

/// The URI of a path; a text without a file has its URI as its path.
pub(crate) fn uri(path: &str) -> types::Uri {
    let file = url::Url::from_file_path(path).map(String::from);
    types::Uri(file.unwrap_or_else(|()| path.to_owned()))
}

/// The path of a URI, or the URI itself where there is no file.
pub(crate) fn path(uri: &types::Uri) -> String {
    let parsed = url::Url::parse(&uri.0).ok().filter(|url| url.scheme() == "file");
    let path = parsed.and_then(|url| url.to_file_path().ok());
    path.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| uri.0.clone())
}

/// The place of a label, by the paths of the names that diagnostics cite.
fn place(label: &Label, paths: &BTreeMap<String, String>, unit: Unit) -> Option<types::Location> {
    let source = label.span.source();
    let lines = Lines::new(source.text());
    let range = lines.range(source.text(), &(label.span.start()..label.span.end()), unit);
    Some(types::Location { uri: uri(paths.get(source.name())?), range })
}

/// A diagnostic for the text that its first label is in.
pub(crate) fn diagnostic(found: &Diagnostic, paths: &BTreeMap<String, String>, unit: Unit) -> types::Diagnostic {
    let places: Vec<(Option<types::Location>, &Label)> =
        found.labels.iter().map(|label| (place(label, paths, unit), label)).collect();
    let range = places.first().and_then(|(place, _)| place.as_ref()).map(|place| place.range).unwrap_or_default();
    let others = places.into_iter().skip(1).filter_map(|(place, label)| {
        Some(types::DiagnosticRelatedInformation { location: place?, message: label.text.clone() })
    });
    let help = found.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    types::Diagnostic {
        range,
        severity: Some(match found.level {
            Level::Error => types::DiagnosticSeverity::Error,
            Level::Warn => types::DiagnosticSeverity::Warning,
            Level::Info => types::DiagnosticSeverity::Information,
        }),
        code: Some(types::Code::String(found.code().to_owned())),
        source: Some("backstay".to_owned()),
        message: types::Message::String(format!("{}{help}", found.message)),
        related_information: Some(others.collect()),
        ..types::Diagnostic::default()
    }
}

/// A fix as a quick fix. `None` when a text that it changes is not known.
pub(crate) fn action(found: &Diagnostic, paths: &BTreeMap<String, String>, unit: Unit) -> Option<types::CodeAction> {
    let fix = found.fix.as_ref()?;
    let mut changes = std::collections::HashMap::new();
    for edit in &fix.edits {
        let label = Label { span: edit.span.clone(), text: String::new() };
        let place = place(&label, paths, unit)?;
        let edit = types::TextEdit { range: place.range, new_text: edit.text.clone() };
        changes.entry(place.uri).or_insert_with(Vec::new).push(edit);
    }
    Some(types::CodeAction {
        title: fix.title.trim_end_matches('.').to_owned(),
        kind: Some(types::CodeActionKind::QuickFix),
        diagnostics: Some(vec![diagnostic(found, paths, unit)]),
        is_preferred: Some(true),
        edit: Some(types::WorkspaceEdit { changes: Some(changes), ..types::WorkspaceEdit::default() }),
        ..types::CodeAction::default()
    })
}

/// An offer; `rank` keeps the order.
pub(crate) fn item(item: &Item, rank: usize, document: &Document, terms: Terms) -> types::CompletionItem {
    let typed = document.text.get(item.word.clone()).unwrap_or_default();
    let new_text = if terms.snippets { item.snippet.clone() } else { filled(&item.snippet) };
    // What is typed so far is compared with this one.
    let filter = if typed.starts_with('"') { filled(&item.snippet) } else { item.label.clone() };
    let range = document.lines.range(&document.text, &item.word, terms.unit);
    let format = if terms.snippets { types::InsertTextFormat::Snippet } else { types::InsertTextFormat::PlainText };
    let doc = types::MarkupContent { kind: types::MarkupKind::Markdown, value: item.doc.clone() };
    types::CompletionItem {
        label: item.label.clone(),
        kind: Some(match item.kind {
            Kind::Node => types::CompletionItemKind::Struct,
            Kind::Property => types::CompletionItemKind::Property,
            Kind::Word => types::CompletionItemKind::EnumMember,
            Kind::Name => types::CompletionItemKind::Reference,
            Kind::Sample => types::CompletionItemKind::Value,
        }),
        detail: Some(item.detail.clone()).filter(|detail| !detail.is_empty()),
        documentation: (!item.doc.is_empty()).then_some(types::Documentation::MarkupContent(doc)),
        sort_text: Some(format!("{rank:05}")),
        filter_text: Some(filter),
        insert_text_format: Some(format),
        insert_text_mode: Some(types::InsertTextMode::AdjustIndentation),
        text_edit: Some(types::CompletionItemTextEdit::TextEdit(types::TextEdit { range, new_text })),
        ..types::CompletionItem::default()
    }
}

/// A snippet as the text that it is before anybody fills it in.
pub(crate) fn filled(snippet: &str) -> String {
    let mut out = String::new();
    let mut rest = snippet;
    while let Some(char) = rest.chars().next() {
        let tail = rest.get(char.len_utf8()..).unwrap_or_default();
        rest = match char {
            '\\' => {
                let escaped = tail.chars().next();
                out.extend(escaped);
                tail.get(escaped.map_or(0, char::len_utf8)..).unwrap_or_default()
            }
            '$' if tail.starts_with('{') => {
                let hole = tail.trim_start_matches(|char: char| char == '{' || char.is_ascii_digit());
                match hole.strip_prefix('|') {
                    Some(words) => {
                        out.push_str(words.split([',', '|']).next().unwrap_or_default());
                        words.split_once('}').map_or("", |(_, rest)| rest)
                    }
                    None => {
                        let (sample, rest) = closing(hole.trim_start_matches(':'));
                        out.push_str(&filled(sample));
                        rest
                    }
                }
            }
            '$' => tail.trim_start_matches(|char: char| char.is_ascii_digit()),
            char => {
                out.push(char);
                tail
            }
        };
    }
    out
}

/// Splits at the `}` that no backslash stands before.
fn closing(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        match char {
            '}' if !escaped => {
                return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            }
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    (text, "")
}

pub(crate) fn symbol(symbol: &Symbol, document: &Document, unit: Unit) -> types::DocumentSymbol {
    let range = |range| document.lines.range(&document.text, range, unit);
    let children: Vec<_> = symbol.children.iter().map(|child| self::symbol(child, document, unit)).collect();
    types::DocumentSymbol {
        name: symbol.name.clone(),
        detail: Some(symbol.detail.clone()).filter(|detail| !detail.is_empty()),
        kind: if symbol.block { types::SymbolKind::Object } else { types::SymbolKind::Key },
        tags: None,
        #[expect(deprecated, reason = "the field has to be given")]
        deprecated: None,
        range: range(&symbol.whole),
        selection_range: range(&symbol.name_range),
        children: Some(children).filter(|children| !children.is_empty()),
    }
}

/// The change from one text to another as one edit of whole lines, so that the cursor and folds of the rest stay.
pub(crate) fn edit(document: &Document, after: &str, unit: Unit) -> Option<types::TextEdit> {
    let before = document.text.as_str();
    if before == after {
        return None;
    }
    let same = |one: &str, other: &str| -> usize {
        let pairs = one.split_inclusive('\n').zip(other.split_inclusive('\n'));
        pairs.take_while(|(one, other)| one == other).map(|(line, _)| line.len()).sum()
    };
    let start = same(before, after);
    let rest = (before.get(start..).unwrap_or_default(), after.get(start..).unwrap_or_default());
    let ends = rest.0.split_inclusive('\n').rev().zip(rest.1.split_inclusive('\n').rev());
    let tail: usize = ends.take_while(|(one, other)| one == other).map(|(line, _)| line.len()).sum();
    let range = document.lines.range(before, &(start..before.len() - tail), unit);
    Some(types::TextEdit { range, new_text: after.get(start..after.len() - tail).unwrap_or_default().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_are_filled() {
        for (snippet, text) in [
            ("a", "a"),
            ("backup \"${1:source}\" to=\"${2:store}\"", "backup \"source\" to=\"store\""),
            ("with=\"${1|digest,consistency|}\" {\n    $0\n}", "with=\"digest\" {\n    \n}"),
            ("\\$x ${1:\\}} (env)\"$1\"", "$x } (env)\"\""),
        ] {
            assert_eq!(filled(snippet), text);
        }
    }

    #[test]
    fn a_fix_changes_every_text_that_it_is_about() {
        use compiler::{Edit, Fix, source::Source, span::Span};
        let source = |name| std::sync::Arc::new(Source::new(name, "/* 🦀 */ rpo 5\n"));
        let (one, other) = (Span::new(&source("a.kdl"), 15, 16), Span::new(&source("b.kdl"), 15, 16));
        let edit = |span: &Span| Edit { span: span.clone(), text: "\"5m\"".to_owned() };
        let mut found =
            Diagnostic::error(&compiler::diag::codes::MISSING_UNIT, "no unit").at(&one, "here").at(&other, "there");
        found.fix = Some(Fix { title: "Add it.".to_owned(), edits: vec![edit(&one), edit(&other)] });
        let paths = ["a.kdl", "b.kdl"].map(|name| (name.to_owned(), format!("/w/{name}"))).into();
        let action = action(&found, &paths, Unit::CodeUnit);
        let told = action.as_ref().and_then(|action| action.diagnostics.as_ref()?.first()?.related_information.clone());
        assert_eq!(told.map(|all| all.len()), Some(1));
        let changes = action.and_then(|action| action.edit?.changes).unwrap_or_default();
        let at = |character| types::Position { line: 0, character };
        let expected =
            types::TextEdit { range: types::Range { start: at(13), end: at(14) }, new_text: "\"5m\"".to_owned() };
        for uri in ["file:///w/a.kdl", "file:///w/b.kdl"] {
            assert_eq!(changes.get(&types::Uri(uri.to_owned())), Some(&vec![expected.clone()]));
        }
        assert!(super::action(&found, &BTreeMap::new(), Unit::CodeUnit).is_none());
    }

    #[test]
    fn an_edit_leaves_what_is_the_same() {
        let document = Document::new("a", "one\n  two\nthree\n".to_owned());
        let found = edit(&document, "one\ntwo\nthree\n", Unit::CodeUnit).map(|edit| (edit.range, edit.new_text));
        let range = types::Range {
            start: types::Position { line: 1, character: 0 },
            end: types::Position { line: 2, character: 0 },
        };
        assert_eq!(found, Some((range, "two\n".to_owned())));
        assert_eq!(edit(&document, "one\n  two\nthree\n", Unit::CodeUnit), None);
    }
}
