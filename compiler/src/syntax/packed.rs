//! A document as lines, for texts that are built in: it is read hundreds of times faster than KDL. It holds no spans,
//! so it is only for what cannot be wrong any more; a test holds it equal to its KDL.

use super::document::{Document, Entry, Node, Value};
use crate::source::Source;
use crate::span::{Span, Spanned};
use std::sync::Arc;

/// Writes a document: a node is its depth and name, each entry a line below it.
#[must_use]
pub fn pack(document: &Document) -> String {
    let mut out = String::new();
    for node in &document.nodes {
        pack_node(node, 0, &mut out);
    }
    out
}

fn pack_node(node: &Node, depth: usize, out: &mut String) {
    out.push_str(&format!("{depth}\t{}\n", node.name.value));
    for entry in &node.entries {
        let name = entry.name.as_ref().map(|name| name.value.as_str()).unwrap_or_default();
        let value = match &entry.value {
            Value::Text(text) => format!("s{}", text.replace('\\', "\\\\").replace('\n', "\\n")),
            Value::Boolean(value) => format!("b{value}"),
            Value::Integer(number) => format!("i{number}"),
            Value::Float(_) | Value::Null => "n".to_owned(),
        };
        out.push_str(&format!("=\t{name}\t{value}\n"));
    }
    for child in &node.children {
        pack_node(child, depth + 1, out);
    }
}

/// Reads what [`pack`] wrote. Lines that it did not write are passed over.
#[must_use]
pub fn unpack(name: &str, text: &str) -> Document {
    let nowhere = Span::new(&Arc::new(Source::new(name, "")), 0, 0);
    // The path of open nodes; a node is given to its parent when the next one is not below it.
    let mut open: Vec<Node> = Vec::new();
    let mut document = Document::default();
    for line in text.lines() {
        let Some((head, rest)) = line.split_once('\t') else { continue };
        if head == "=" {
            if let (Some(node), Some(entry)) = (open.last_mut(), unpack_entry(rest, &nowhere)) {
                node.entries.push(entry);
            }
        } else if let Ok(depth) = head.parse::<usize>() {
            close(&mut open, &mut document, depth);
            open.push(Node {
                name: Spanned::new(rest.to_owned(), &nowhere),
                annotation: None,
                entries: Vec::new(),
                children: Vec::new(),
                block: false,
                span: nowhere.clone(),
            });
        }
    }
    close(&mut open, &mut document, 0);
    document
}

fn close(open: &mut Vec<Node>, document: &mut Document, depth: usize) {
    while open.len() > depth {
        let Some(node) = open.pop() else { return };
        match open.last_mut() {
            Some(parent) => {
                parent.block = true;
                parent.children.push(node);
            }
            None => document.nodes.push(node),
        }
    }
}

fn unpack_entry(line: &str, nowhere: &Span) -> Option<Entry> {
    let (name, value) = line.split_once('\t')?;
    let value = match value.split_at_checked(1)? {
        ("s", text) => Value::Text(unescape(text)),
        ("b", text) => Value::Boolean(text == "true"),
        ("i", text) => Value::Integer(text.parse().ok()?),
        _ => Value::Null,
    };
    let name = (!name.is_empty()).then(|| Spanned::new(name.to_owned(), nowhere));
    Some(Entry { name, annotation: None, value, span: nowhere.clone() })
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.push(if chars.next() == Some('n') { '\n' } else { '\\' }),
            other => out.push(other),
        }
    }
    out
}
