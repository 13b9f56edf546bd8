//! Text to document: the scan, the parser, and the reading on behind what it complains of.

use super::complaint::{self, Complaint, SEE};
use super::document::{Document, Entry, Node, Value};
use super::old::{self, Old};
use super::recover::{self, Calm};
use super::scan;
use crate::diag::{Diagnostic, Sink, codes};
use crate::source::Source;
use crate::span::{Span, Spanned};
use kdl::{KdlDocument, KdlEntry, KdlIdentifier, KdlNode, KdlValue};
use std::sync::Arc;

/// Most syntax errors that are told of one text: after so many it is not KDL at all.
const MOST_ERRORS: usize = 20;
/// Most bytes that are read to find them: a text is read once more for each.
const MOST_READ: usize = 4 * 1024 * 1024;

/// Parses one text. `None` when it is not KDL; every reason is in `sink`.
pub fn parse(source: &Arc<Source>, sink: &mut Sink) -> Option<Document> {
    let before = sink.len();
    salvage(source, sink).filter(|_| sink.len() == before)
}

/// What can be read of one text: all of it, or what stands around the mistakes that are in `sink`; `None` is nothing.
pub fn salvage(source: &Arc<Source>, sink: &mut Sink) -> Option<Document> {
    let text = source.text();
    if text.len() > scan::MOST_BYTES {
        sink.push(too_large(source, text.len()));
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
        Ok(document) => Some(Reader { source, old: &[] }.document(&document)),
        Err(error) => mended(&error, source, sink),
    }
}

/// What can be read of a text that does not parse. Every mistake in it is told.
fn mended(error: &kdl::KdlError, source: &Arc<Source>, sink: &mut Sink) -> Option<Document> {
    let old = old::old(source.text());
    let mut calm = Calm { text: source.text().to_owned(), broken: Vec::new() };
    for old in &old {
        sink.push(old.told(source));
        old.calm(&mut calm.text);
    }
    let first = if old.is_empty() { Err(error.clone()) } else { KdlDocument::parse_v2(&calm.text) };
    let mut rest = Rest { source, sink, calm: &mut calm, balanced: true, told: 0 };
    let document = rest.read(first);
    if document.is_none() && rest.told + old.len() == 0 {
        let span = Span::new(source, 0, 0);
        rest.sink.push(Diagnostic::error(&codes::SYNTAX_ERROR, "this is not KDL").at(&span, "here").help(SEE));
    }
    // Where a brace is missing or too many, which node is inside which is not known.
    let document = document.filter(|_| rest.balanced)?;
    let reader = Reader { source, old: &old };
    let odd = old.iter().map(|old| Span::new(source, old.range.start, old.range.end)).collect();
    Some(Document { broken: calm.spans(source), odd, ..reader.document(&document) })
}

/// The reading of a text behind its mistakes.
struct Rest<'a> {
    source: &'a Arc<Source>,
    sink: &'a mut Sink,
    calm: &'a mut Calm,
    /// Whether each block has both its braces.
    balanced: bool,
    told: usize,
}

impl Rest<'_> {
    /// Tells the first mistake, takes it out of the text, and reads again, as long as that is worth the time.
    fn read(&mut self, mut read: Result<KdlDocument, kdl::KdlError>) -> Option<KdlDocument> {
        for round in 0.. {
            let error = match read {
                Ok(document) => return Some(document),
                Err(error) => error,
            };
            let worth = round < MOST_ERRORS && self.source.text().len() * (round + 1) <= MOST_READ;
            if !self.tell(&error) || !worth {
                return None;
            }
            read = KdlDocument::parse_v2(&self.calm.text);
        }
        None
    }

    /// Tells what is wrong first. False when nothing could be done about it.
    fn tell(&mut self, error: &kdl::KdlError) -> bool {
        let open = recover::unclosed(&self.calm.text);
        let mut complaints: Vec<Complaint> =
            error.diagnostics.iter().map(|said| Complaint::new(said, &self.calm.text)).collect();
        // A block that has its brace is not open: something in it could not be read.
        complaints.retain(|it| !it.of_block() || open.contains(&it.start));
        complaints.sort_by_key(|it| it.start);
        let first = complaints.iter().find(|it| !it.of_block()).or(complaints.first());
        let Some(first) = first else { return false };
        let told = match scan::open_comment(&self.calm.text) {
            Some(at) if first.of_comment() => {
                let gained = self.calm.cut(at);
                gained.then(|| complaint::comment(&Span::new(self.source, at, at + 2)))
            }
            _ if first.of_block() => {
                if !self.calm.is_cut() {
                    let never = open.iter().map(|at| complaint::never_closed(&Span::new(self.source, *at, at + 1)));
                    self.told += open.len();
                    self.sink.extend(never);
                    self.balanced = false;
                }
                return self.calm.close();
            }
            _ if first.of_brace() => {
                self.balanced &= self.calm.is_cut();
                self.calm.drop_brace(first.start).then(|| first.told(self.source))
            }
            _ => self.calm.blank(first.start).then(|| first.told(self.source)),
        };
        self.told += usize::from(told.is_some());
        let gained = told.is_some();
        self.sink.extend(told);
        gained
    }
}

/// What is told of a text that is longer than any strategy. `source` may hold its beginning alone; no more is cited.
pub fn too_large(source: &Arc<Source>, bytes: usize) -> Diagnostic {
    let name = source.name();
    let message = if bytes > scan::MOST_BYTES + 1 {
        format!("`{name}` is {bytes} bytes long, more than the {} allowed", scan::MOST_BYTES)
    } else {
        format!("`{name}` is longer than the {} bytes allowed", scan::MOST_BYTES)
    };
    let head: String = source.text().lines().next().unwrap_or_default().chars().take(60).collect();
    let source = Arc::new(Source::new(name, &head));
    let span = Span::new(&source, 0, head.len());
    Diagnostic::error(&codes::TOO_LARGE, message).at(&span, "this text").help("Split the strategy.")
}

/// Turns what the parser read into a document of our own.
struct Reader<'a> {
    source: &'a Arc<Source>,
    /// Old forms that the parser has seen something else for.
    old: &'a [Old],
}

impl Reader<'_> {
    fn document(&self, document: &KdlDocument) -> Document {
        Document { nodes: self.nodes(document), ..Document::default() }
    }

    fn nodes(&self, document: &KdlDocument) -> Vec<Node> {
        document.nodes().iter().map(|node| self.node(node)).collect()
    }

    fn node(&self, node: &KdlNode) -> Node {
        let name = self.identifier(node.name());
        let entries: Vec<Entry> = node.entries().iter().map(|entry| self.entry(entry)).collect();
        let annotation = node.ty().map(|ty| self.identifier(ty));
        let span = entries.last().map_or_else(|| name.span.clone(), |last| name.span.to(&last.span));
        let block = node.children().is_some();
        let children = node.children().map(|children| self.nodes(children)).unwrap_or_default();
        Node { name, annotation, entries, children, block, span }
    }

    fn entry(&self, entry: &KdlEntry) -> Entry {
        let name = entry.name().map(|name| self.identifier(name));
        let annotation = entry.ty().map(|ty| self.identifier(ty));
        let whole = entry.span();
        let end = whole.offset() + whole.len();
        // After the name comes `=`, perhaps with white space around it.
        let start = name.as_ref().map_or(whole.offset(), |name| {
            let rest = self.source.text().get(name.span.end()..end).unwrap_or_default();
            let value = rest.trim_start().trim_start_matches('=').trim_start();
            end - value.len()
        });
        // An annotation stands before the value.
        let old = self.old.get(self.old.partition_point(|old| old.range.end < end));
        let old = old.filter(|old| old.range.end == end && old.range.start >= start);
        let value = match (old.and_then(|old| old.value.clone()), entry.value()) {
            (Some(value), _) => value,
            (None, KdlValue::String(text)) => Value::Text(text.clone()),
            (None, KdlValue::Integer(number)) => Value::Integer(*number),
            (None, KdlValue::Float(number)) => Value::Float(*number),
            (None, KdlValue::Bool(value)) => Value::Boolean(*value),
            (None, KdlValue::Null) => Value::Null,
        };
        Entry { name, annotation, value, span: Span::new(self.source, start, end) }
    }

    fn identifier(&self, identifier: &KdlIdentifier) -> Spanned<String> {
        let span = identifier.span();
        let (start, end) = (span.offset(), span.offset() + span.len());
        Spanned::new(identifier.value().to_owned(), &Span::new(self.source, start, end))
    }
}
