//! The block of a `use`: nodes that come beside those of the template, and nodes that replace one of them. What replaces
//! says so; what would do it silently is refused.

use super::{Identity, OVERRIDE};
use crate::diag::{Diagnostic, Sink, codes, suggest};
use crate::span::Spanned;
use crate::syntax::{Entry, Node};

/// The nodes of a template with those of a block beside or instead of them.
pub(super) fn merge(
    mut base: Vec<Node>,
    block: Vec<Node>,
    identity: fn(&str) -> Identity,
    sink: &mut Sink,
) -> Vec<Node> {
    let of_template = base.len();
    for mut node in block {
        let kind = identity(&node.name.value);
        let named = base.iter().take(of_template).enumerate().filter(|(_, other)| other.name.value == node.name.value);
        let named: Vec<(usize, &Node)> = named.collect();
        let slip = node.annotation.as_ref().and_then(misspelt);
        let replaces = slip.is_some() || is_override(&node);
        sink.extend(slip);
        if !replaces {
            let same = |other: &Node| match kind {
                Identity::Named => first_argument(other) == first_argument(&node),
                Identity::Single => true,
                Identity::Many | Identity::Unknown => false,
            };
            match named.iter().find(|(_, other)| same(other)) {
                Some((_, other)) => sink.push(silent(&node, other)),
                None => base.push(node),
            }
            continue;
        }
        let exact: Vec<usize> = match kind {
            Identity::Named => positions(&named, |other| first_argument(other) == first_argument(&node)),
            _ if named.len() < 2 => positions(&named, |_| true),
            _ => positions(&named, |other| first_entry(other) == first_entry(&node)),
        };
        match exact.as_slice() {
            [at] => {
                node.annotation = None;
                if let Some(place) = base.get_mut(*at) {
                    *place = node;
                }
            }
            [] => {
                let others = base.iter().take(of_template);
                // Where the template's own node is misspelt, that is told, and is all.
                let odd = |other: &&Node| identity(&other.name.value) == Identity::Unknown;
                let near = |other: &Node| suggest::nearest(&other.name.value, [node.name.value.as_str()]).is_some();
                if kind == Identity::Unknown || !others.clone().filter(odd).any(near) {
                    sink.push(of_nothing(&node, others));
                }
            }
            [one, other, ..] => sink.push(of_several(&node, [base.get(*one), base.get(*other)])),
        }
    }
    base
}

fn is_override(node: &Node) -> bool {
    node.annotation.as_ref().is_some_and(|annotation| annotation.value == OVERRIDE)
}

/// What is told of an annotation that was meant to be `(override)`.
fn misspelt(annotation: &Spanned<String>) -> Option<Diagnostic> {
    let meant = annotation.value != OVERRIDE && suggest::nearest(&annotation.value, [OVERRIDE]).is_some();
    meant.then(|| {
        Diagnostic::error(&codes::UNEXPECTED_ANNOTATION, format!("no node takes `({})`", annotation.value))
            .at(&annotation.span, "unknown annotation")
            .help(format!("Did you mean `({OVERRIDE})`?"))
            .fix(format!("Write `({OVERRIDE})`"), &annotation.span, OVERRIDE)
    })
}

fn positions(named: &[(usize, &Node)], same: impl Fn(&Node) -> bool) -> Vec<usize> {
    named.iter().filter(|(_, other)| same(other)).map(|(at, _)| *at).collect()
}

fn first_argument(node: &Node) -> Option<&crate::syntax::Value> {
    node.arguments().next().map(|entry| &entry.value)
}

/// What tells apart nodes that have no names, such as `keep in="vault"`.
fn first_entry(node: &Node) -> Option<(Option<&str>, &crate::syntax::Value)> {
    let name = |entry: &'_ Entry| entry.name.is_some();
    let entry = node.entries.first()?;
    Some((name(entry).then(|| entry.name.as_ref().map(|name| name.value.as_str())).flatten(), &entry.value))
}

/// The node as a reader would call it.
fn called(node: &Node) -> String {
    match node.text() {
        Some(text) if text.len() <= 40 => format!("{} \"{text}\"", node.name.value),
        _ => node.name.value.clone(),
    }
}

fn silent(node: &Node, other: &Node) -> Diagnostic {
    Diagnostic::error(&codes::SILENT_OVERRIDE, format!("the template has `{}` too", called(other)))
        .at(&node.name.span, "would silently replace it")
        .at(&other.name.span, "the template's")
        .help(format!("Write `({OVERRIDE}){}` if it is to replace it.", called(node)))
        .fix(
            format!("Say that it replaces the template's `{}`.", node.name.value),
            &node.name.span.start_of(),
            format!("({OVERRIDE})"),
        )
}

fn of_nothing<'a>(node: &Node, others: impl Iterator<Item = &'a Node>) -> Diagnostic {
    let mut known: Vec<String> = others.map(called).collect();
    known.dedup();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let help = suggest::did_you_mean(&called(node), &known);
    Diagnostic::error(&codes::UNKNOWN_OVERRIDE, format!("the template has no `{}`", called(node)))
        .at(&node.name.span, "replaces nothing")
        .help(help.unwrap_or_else(|| format!("Remove `({OVERRIDE})` to add it.")))
}

fn of_several(node: &Node, others: [Option<&Node>; 2]) -> Diagnostic {
    let message = format!("the template has several nodes `{}`", node.name.value);
    let mut out =
        Diagnostic::error(&codes::UNKNOWN_OVERRIDE, message).at(&node.name.span, "which one does it replace?");
    for other in others.into_iter().flatten() {
        out = out.at(&other.name.span, "perhaps this one");
    }
    out.help("Put them into templates of their own, so that each can be replaced alone.")
}
