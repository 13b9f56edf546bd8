//! Text to document: the scan, the parser, and its complaints turned into diagnostics.

use super::document::{Document, Entry, Node, Value};
use super::scan;
use crate::diag::{Diagnostic, Sink, codes};
use crate::source::Source;
use crate::span::{Span, Spanned};
use kdl::{KdlDocument, KdlEntry, KdlIdentifier, KdlNode, KdlValue};
use std::sync::Arc;

/// Most syntax errors that are told of one text: after so many it is not KDL at all.
const MOST_ERRORS: usize = 8;

/// Parses one text. `None` when it is not KDL; every reason is in `sink`.
pub fn parse(source: &Arc<Source>, sink: &mut Sink) -> Option<Document> {
    let text = source.text();
    if text.len() > scan::MOST_BYTES {
        let message =
            format!("`{}` is {} bytes long, more than the {} allowed", source.name(), text.len(), scan::MOST_BYTES);
        let span = Span::new(source, 0, text.lines().next().unwrap_or_default().len().min(80));
        sink.push(Diagnostic::error(&codes::TOO_LARGE, message).at(&span, "this text").help("Split the strategy."));
        return None;
    }
    if let Some(range) = scan::too_deep(text) {
        let message = format!("nested more than {} levels deep", scan::MOST_LEVELS);
        let span = Span::new(source, range.start, range.end);
        sink.push(
            Diagnostic::error(&codes::TOO_DEEP, message).at(&span, "one level too many").help("Remove this nesting."),
        );
        return None;
    }
    match KdlDocument::parse_v2(text) {
        Ok(document) => Some(Document { nodes: nodes(&document, source) }),
        Err(error) => {
            complaints(&error, source, sink);
            None
        }
    }
}

fn complaints(error: &kdl::KdlError, source: &Arc<Source>, sink: &mut Sink) {
    let mut last_line = 0;
    let mut told = 0;
    for complaint in &error.diagnostics {
        let offset = complaint.span.offset().min(source.text().len());
        let line = source.position(offset).0;
        // The parser tells several times of one spot; the first is the cause.
        if line == last_line || told == MOST_ERRORS {
            continue;
        }
        (last_line, told) = (line, told + 1);
        sink.push(complaint_of(complaint, source, offset));
    }
    if told == 0 {
        let span = Span::new(source, 0, 0);
        sink.push(Diagnostic::error(&codes::SYNTAX_ERROR, "this is not KDL").at(&span, "here"));
    }
}

fn complaint_of(complaint: &kdl::KdlDiagnostic, source: &Arc<Source>, offset: usize) -> Diagnostic {
    let text = source.text();
    let mut end = (offset + complaint.span.len()).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let covered = text.get(offset..end).unwrap_or_default();
    let span = Span::new(source, offset, offset + covered.lines().next().unwrap_or_default().len());
    let said = complaint.message.as_deref().unwrap_or("not KDL");
    let bare = matches!(covered.trim(), "true" | "false" | "null");
    let (message, help) = match said {
        _ if bare => (
            format!("bare `{}` is not a value in KDL 2", covered.trim()),
            Some(format!("Write `#{}`, or put it in quotes if a string is meant.", covered.trim())),
        ),
        "Expected end of document" if covered == "}" => (
            "`}` without a block that it could close".to_owned(),
            Some("Remove this `}`, or add the `{` that it belongs to.".to_owned()),
        ),
        "Expected end of document" => (
            "expected a node here".to_owned(),
            Some("A node is a name, then values, then perhaps a block in `{ }`.".to_owned()),
        ),
        "No closing '}' for child block" => {
            ("this block is never closed".to_owned(), Some("Add the missing `}`.".to_owned()))
        }
        "Expected quoted string" => (
            "this string is not well formed".to_owned(),
            Some("Close it with `\"`; a backslash is written as `\\\\`.".to_owned()),
        ),
        said => (lower_first(said), complaint.help.clone().map(sentence)),
    };
    Diagnostic::error(&codes::SYNTAX_ERROR, message)
        .at(&span, "here")
        .help(help.unwrap_or_else(|| "Correct the KDL here; see `explain syntax-error`.".to_owned()))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn sentence(text: String) -> String {
    if text.ends_with(['.', '?', '!']) { text } else { format!("{text}.") }
}

fn nodes(document: &KdlDocument, source: &Arc<Source>) -> Vec<Node> {
    document.nodes().iter().map(|node| node_of(node, source)).collect()
}

fn node_of(node: &KdlNode, source: &Arc<Source>) -> Node {
    let name = identifier(node.name(), source);
    let entries: Vec<Entry> = node.entries().iter().map(|entry| entry_of(entry, source)).collect();
    let annotation = node.ty().map(|ty| identifier(ty, source));
    let span = entries.last().map_or_else(|| name.span.clone(), |last| name.span.to(&last.span));
    let block = node.children().is_some();
    let children = node.children().map(|children| nodes(children, source)).unwrap_or_default();
    Node { name, annotation, entries, children, block, span }
}

fn entry_of(entry: &KdlEntry, source: &Arc<Source>) -> Entry {
    let name = entry.name().map(|name| identifier(name, source));
    let annotation = entry.ty().map(|ty| identifier(ty, source));
    let whole = entry.span();
    let end = whole.offset() + whole.len();
    // After the name comes `=`, perhaps with white space around it.
    let start = name.as_ref().map_or(whole.offset(), |name| {
        let rest = source.text().get(name.span.end()..end).unwrap_or_default();
        let value = rest.trim_start().trim_start_matches('=').trim_start();
        end - value.len()
    });
    let value = match entry.value() {
        KdlValue::String(text) => Value::Text(text.clone()),
        KdlValue::Integer(number) => Value::Integer(*number),
        KdlValue::Float(number) => Value::Float(*number),
        KdlValue::Bool(value) => Value::Boolean(*value),
        KdlValue::Null => Value::Null,
    };
    Entry { name, annotation, value, span: Span::new(source, start, end) }
}

fn identifier(identifier: &KdlIdentifier, source: &Arc<Source>) -> Spanned<String> {
    let span = identifier.span();
    Spanned::new(identifier.value().to_owned(), &Span::new(source, span.offset(), span.offset() + span.len()))
}
