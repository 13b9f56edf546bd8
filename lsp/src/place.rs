//! What stands where the cursor is, by the sketch.

use crate::sketch::{Entry, NodeId, Sketch};
use compiler::syntax::{TokenKind, tokens};
use std::ops::Range;

/// What could be typed at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The name of a node below another one, or at the top.
    Node { parent: Option<NodeId>, id: Option<NodeId> },
    /// An entry of a node that is neither argument nor property yet: arguments before it are counted.
    Entry { node: NodeId, arguments: usize },
    /// The name of a property.
    Property { node: NodeId, name: Range<usize> },
    /// The value of an argument, by its position, or of a property, by its name.
    Value { node: NodeId, of: Of, annotation: Option<Range<usize>> },
    /// Nothing: a comment.
    Comment,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Argument(usize),
    Property(Range<usize>),
}

/// A place, and the text there that is the thing itself: what a hover marks and a completion replaces.
#[derive(Debug)]
pub(crate) struct At {
    pub(crate) place: Place,
    pub(crate) word: Range<usize>,
}

fn touches(range: &Range<usize>, offset: usize) -> bool {
    range.start <= offset && offset <= range.end
}

/// What stands at an offset.
pub(crate) fn at(text: &str, sketch: &Sketch, offset: usize) -> At {
    let here = offset..offset;
    if in_comment(text, offset) {
        return At { place: Place::Comment, word: here };
    }
    // Heads lie side by side; the last one that begins before the offset is the one, if it reaches there.
    let head = sketch.nodes.iter().enumerate().rev().find(|(_, node)| touches(&node.head, offset));
    if let Some((id, node)) = head {
        if touches(&node.name, offset) {
            return At { place: Place::Node { parent: node.parent, id: Some(id) }, word: node.name.clone() };
        }
        return match node.entries.iter().position(|entry| entry.start <= offset && offset <= entry.end) {
            Some(index) => in_entry(text, id, &node.entries, index, offset),
            None => {
                let before = node.entries.iter().filter(|entry| entry.end <= offset);
                let arguments = before.filter(|entry| entry.live && entry.name.is_none()).count();
                At { place: Place::Entry { node: id, arguments }, word: here }
            }
        };
    }
    let inside = |block: &Range<usize>| touches(block, offset);
    let parent = sketch.nodes.iter().rposition(|node| node.block.as_ref().is_some_and(inside));
    At { place: Place::Node { parent, id: None }, word: here }
}

fn in_entry(text: &str, node: NodeId, entries: &[Entry], index: usize, offset: usize) -> At {
    let here = offset..offset;
    let Some(entry) = entries.get(index) else { return At { place: Place::Comment, word: here } };
    let annotation = entry.annotation.clone();
    let before = entries.iter().take(index).filter(|entry| entry.live && entry.name.is_none()).count();
    match (&entry.name, &entry.value) {
        (Some(name), _) if touches(name, offset) => {
            At { place: Place::Property { node, name: name.clone() }, word: name.clone() }
        }
        (name, value) => {
            let of = name.clone().map_or(Of::Argument(before), Of::Property);
            let value = value.as_ref().filter(|value| touches(value, offset));
            let word = value.map_or(here, |value| word(text, value, offset));
            let typed = text.get(word.clone()).unwrap_or_default();
            // A word without quotes may still become the name of a property.
            if name.is_none() && annotation.is_none() && !typed.starts_with(['"', '#']) {
                return At { place: Place::Entry { node, arguments: before }, word };
            }
            At { place: Place::Value { node, of, annotation }, word }
        }
    }
}

/// The part of a value that the cursor is in. A string that is not closed runs to the end of its line, or to a quote
/// that was meant for another one: then only what could be a name is taken.
fn word(text: &str, value: &Range<usize>, offset: usize) -> Range<usize> {
    let typed = text.get(value.clone()).unwrap_or_default();
    let closed = typed.len() > 1 && typed.ends_with('"') && !typed.contains('=') && !typed.starts_with('#');
    if !typed.starts_with('"') || closed {
        return value.clone();
    }
    let rest = text.get(offset..value.end).unwrap_or_default();
    let name = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '*' | '/');
    let end = offset + rest.find(|char| !name(char)).unwrap_or(rest.len());
    let quote = text.get(end..).is_some_and(|rest| rest.starts_with('"'));
    value.start..if quote { end + 1 } else { end }
}

fn in_comment(text: &str, offset: usize) -> bool {
    let token = tokens(text).take_while(|token| token.start < offset).last();
    token.is_some_and(|token| match token.kind {
        TokenKind::LineComment => offset <= token.end(),
        TokenKind::BlockComment => offset < token.end(),
        TokenKind::Unclosed => token.text.starts_with("/*"),
        _ => false,
    })
}
