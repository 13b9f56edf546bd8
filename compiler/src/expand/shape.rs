//! The form of this stage's own nodes: which values they take. Each takes its values or nothing.

use crate::diag::{Diagnostic, Sink, codes};
use crate::span::Spanned;
use crate::syntax::{Entry, Node, Value};

/// The only argument of a node that takes no properties, as text.
pub(super) fn only_text(node: &Node, what: &str, sink: &mut Sink) -> Option<Spanned<String>> {
    let text = only_name(node, what, sink)?;
    no_properties(node, sink).then_some(text)
}

/// The only argument of a node that may have properties, as text.
pub(super) fn only_name(node: &Node, what: &str, sink: &mut Sink) -> Option<Spanned<String>> {
    let text = name(node, what, sink)?;
    let plain = no_annotation(node, sink);
    let surplus = node.arguments().nth(1);
    if let Some(entry) = surplus {
        sink.push(surplus_of(node, entry, "one argument"));
    }
    (plain && surplus.is_none()).then_some(text)
}

/// The first argument, as text that is not empty.
fn name(node: &Node, what: &str, sink: &mut Sink) -> Option<Spanned<String>> {
    let called = &node.name.value;
    let Some(entry) = node.arguments().next() else {
        sink.push(
            Diagnostic::error(&codes::MISSING_ARGUMENT, format!("`{called}` needs {what}"))
                .at(&node.span, format!("{what} is missing"))
                .help(format!("Write `{called} \"…\"`.")),
        );
        return None;
    };
    if let Some(annotation) = &entry.annotation {
        let message = format!("{what} of `{called}` takes no annotation");
        sink.push(
            Diagnostic::error(&codes::UNEXPECTED_ANNOTATION, message)
                .at(&annotation.span, "it must be written out")
                .help("Remove the annotation and write the text itself."),
        );
        return None;
    }
    match entry.value.as_text() {
        Some(text) if !text.trim().is_empty() => Some(Spanned::new(text.to_owned(), &entry.span)),
        Some(_) => {
            let message = format!("{what} of `{called}` is empty");
            sink.push(
                Diagnostic::error(&codes::INVALID_VALUE, message)
                    .at(&entry.span, "empty")
                    .help("Write it between the quotes."),
            );
            None
        }
        None => {
            let message = format!("{what} of `{called}` is a string, not {}", entry.value.kind());
            sink.push(
                Diagnostic::error(&codes::WRONG_TYPE, message)
                    .at(&entry.span, format!("{} stands here", entry.value.kind()))
                    .help("Put it in quotes."),
            );
            None
        }
    }
}

/// A name and perhaps a value: `let` and `param`.
pub(super) fn name_and_value<'a>(
    node: &'a Node,
    what: &str,
    sink: &mut Sink,
) -> Option<(Spanned<String>, Option<&'a Entry>)> {
    let name = name(node, what, sink)?;
    let plain = no_properties(node, sink) & no_annotation(node, sink) & no_block(node, sink);
    let value = node.arguments().nth(1);
    let null = value.filter(|entry| entry.value == Value::Null);
    if let Some(entry) = null {
        sink.push(no_value(&name.value, entry));
    }
    let plain = plain && null.is_none();
    let surplus = node.arguments().nth(2);
    if let Some(entry) = surplus {
        sink.push(surplus_of(node, entry, "a name and one value"));
    }
    if let Some((annotation, entry)) = value.and_then(|entry| Some((entry.annotation.as_ref()?, entry))) {
        let secret = annotation.value != super::VAR;
        let message = format!("the value of `{}` takes no annotation", name.value);
        let help = if secret {
            "Write the reference where the secret is needed: secrets do not go through variables."
        } else {
            "Write the value itself: a variable does not stand for another one."
        };
        sink.push(
            Diagnostic::error(&codes::UNEXPECTED_ANNOTATION, message)
                .at(&annotation.span.to(&entry.span), "not a plain value")
                .help(help),
        );
        return None;
    }
    (plain && surplus.is_none()).then_some((name, value))
}

/// Nothing in a strategy can be `#null`.
pub(super) fn no_value(name: &str, entry: &Entry) -> Diagnostic {
    Diagnostic::error(&codes::WRONG_TYPE, format!("the value of `{name}` is null"))
        .at(&entry.span, "no value")
        .help("Write a value, or remove `#null`.")
}

fn surplus_of(node: &Node, entry: &Entry, takes: &str) -> Diagnostic {
    Diagnostic::error(&codes::UNEXPECTED_ARGUMENT, format!("`{}` takes {takes}", node.name.value))
        .at(&entry.span, "one too many")
        .help("Remove it, or begin a new node with `;` or a line break.")
}

fn no_properties(node: &Node, sink: &mut Sink) -> bool {
    let Some((name, _)) = node.properties().next() else { return true };
    let message = format!("`{}` has no property `{}`", node.name.value, name.value);
    sink.push(
        Diagnostic::error(&codes::UNKNOWN_PROPERTY, message)
            .at(&name.span, "unknown property")
            .help(format!("Remove it: `{}` has no properties.", node.name.value)),
    );
    false
}

pub(super) fn no_block(node: &Node, sink: &mut Sink) -> bool {
    let Some(first) = node.children.first() else { return true };
    let message = format!("`{}` has no node `{}`", node.name.value, first.name.value);
    sink.push(
        Diagnostic::error(&codes::UNKNOWN_NODE, message)
            .at(&first.name.span, "unknown node")
            .help(format!("Remove it: `{}` holds no nodes.", node.name.value)),
    );
    false
}

pub(super) fn no_annotation(node: &Node, sink: &mut Sink) -> bool {
    let Some(annotation) = &node.annotation else { return true };
    let message = format!("`{}` takes no annotation", node.name.value);
    sink.push(
        Diagnostic::error(&codes::UNEXPECTED_ANNOTATION, message)
            .at(&annotation.span, "means nothing here")
            .help(format!("Remove `({})`.", annotation.value)),
    );
    false
}
