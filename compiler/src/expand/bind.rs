//! What a `use` gives to the parameters of its template.

use super::define::{Param, Template};
use super::shape;
use crate::diag::{Diagnostic, Sink, codes, suggest};
use crate::span::{Span, Spanned};
use crate::syntax::{Entry, Node, Value};
use std::collections::BTreeMap;

/// The values of a template's parameters where it is used. `None` is a parameter whose value is not known, which has
/// been told.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) template: String,
    pub(super) values: BTreeMap<String, Option<Spanned<Value>>>,
    /// Whether there may be parameters of any name.
    pub(super) unsure: bool,
}

/// Binds the properties of `node`, whose own variables have been put in.
pub(super) fn bind(node: &Node, name: &str, template: &Template, sink: &mut Sink) -> Scope {
    let mut values: BTreeMap<String, Option<Spanned<Value>>> = BTreeMap::new();
    let mut seen: Vec<&Spanned<String>> = Vec::new();
    for (key, entry) in node.properties() {
        if let Some(first) = seen.iter().find(|other| other.value == key.value) {
            sink.push(
                Diagnostic::error(&codes::DUPLICATE_PROPERTY, format!("`{}` is said twice", key.value))
                    // Not the value: a variable in it is another one at each use of the template around.
                    .at(&key.span.to(&entry.span), "said again")
                    .at(&first.span, "said first here")
                    .help("Remove one of them."),
            );
            continue;
        }
        seen.push(key);
        let known: Vec<&str> = template.params.iter().map(|param| param.name.value.as_str()).collect();
        if !known.contains(&key.value.as_str()) && template.may_have(&key.value) {
            values.insert(key.value.clone(), None);
            continue;
        }
        if !known.contains(&key.value.as_str()) {
            let help = suggest::did_you_mean(&key.value, &known);
            sink.push(
                Diagnostic::error(
                    &codes::UNKNOWN_NAME,
                    format!("the template `{name}` has no parameter `{}`", key.value),
                )
                .at(&key.span, "not a parameter")
                .at(&template.name, "the template")
                .help(help.unwrap_or_else(|| format!("Remove it, or add `param \"{}\"` there.", key.value))),
            );
            // Probably meant for one that is missing.
            if let Some(meant) = suggest::nearest(&key.value, known) {
                values.entry(meant.to_owned()).or_insert(None);
            }
            continue;
        }
        let value = given(&key.value, entry, sink);
        values.insert(key.value.clone(), value);
    }
    for param in &template.params {
        if values.contains_key(&param.name.value) {
            continue;
        }
        if param.default.is_none() {
            sink.push(missing(&node.span, name, param));
        }
        values.insert(param.name.value.clone(), param.default.clone());
    }
    for lost in template.lost.iter().flatten() {
        values.entry(lost.clone()).or_insert(None);
    }
    Scope { unsure: template.may_have(""), template: name.to_owned(), values }
}

/// What a `use` gives for a parameter; `None` when its value is not known, which is told.
fn given(name: &str, entry: &Entry, sink: &mut Sink) -> Option<Spanned<Value>> {
    let wrong = match &entry.annotation {
        None if entry.value == Value::Null => shape::no_value(name, entry),
        None => return Some(Spanned::new(entry.value.clone(), &entry.span)),
        Some(annotation) if annotation.value == super::VAR => return None,
        Some(annotation) => {
            let message = format!("the value of `{name}` takes no annotation");
            Diagnostic::error(&codes::UNEXPECTED_ANNOTATION, message)
                .at(&annotation.span, "not a plain value")
                .help("Add the node that holds the secret in the block of `use`: secrets do not go through variables.")
        }
    };
    sink.push(wrong);
    None
}

fn missing(span: &Span, template: &str, param: &Param) -> Diagnostic {
    let name = &param.name.value;
    Diagnostic::error(&codes::MISSING_PROPERTY, format!("the template `{template}` needs `{name}`"))
        .at(span, format!("no `{name}` is given"))
        .at(&param.name.span, "has no value of its own")
        .help(format!("Add `{name}=\"…\"`."))
}
