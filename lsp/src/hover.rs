//! What is known of the thing under the cursor: its sentence and type from the vocabulary, and what its value comes to.

use crate::completion::typed;
use crate::desk::Desk;
use crate::document::Document;
use crate::names::{definitions, meant};
use crate::place::{self, Place};
use crate::sketch::NodeId;
use crate::vocabulary::Use;
use compiler::structure::{NodeShape, Type, ValueShape, schedule, unit};
use std::ops::Range;

/// How many coming runs of a schedule are shown.
const RUNS: usize = 3;

/// Markdown about a place, and what it is about.
pub(crate) fn hover(desk: &Desk, document: &Document, offset: usize) -> Option<(String, Range<usize>)> {
    let at = place::at(&document.text, &document.sketch, offset);
    let text = match &at.place {
        Place::Node { id, .. } => node(desk.vocabulary.shape(document, (*id)?)?),
        Place::Property { node, name } => {
            let shape = desk.vocabulary.shape(document, *node)?;
            value(shape.property(&document.text_of(name))?)
        }
        Place::Value { .. } => {
            let uses = desk.vocabulary.uses(document);
            let used = uses.iter().find(|used| used.entry.value.as_ref() == Some(&at.word))?;
            let known = [reading(desk, used), Some(value(used.shape))];
            known.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
        }
        // A word without quotes is a value too.
        Place::Entry { node, arguments } if !at.word.is_empty() => {
            value(desk.vocabulary.shape(document, *node)?.argument(*arguments)?)
        }
        Place::Entry { .. } | Place::Comment => return None,
    };
    Some((text, at.word))
}

fn node(shape: &NodeShape) -> String {
    let mut out = format!("```kdl\n{}\n```\n{}", shape.sample(), shape.doc);
    let arguments = shape.arguments.iter().map(|it| (format!("argument {}", it.name), it));
    let properties = shape.properties.iter().map(|it| (format!("`{}`", it.name), it));
    for (name, shape) in arguments.chain(properties) {
        out.push_str(&format!("\n* {name}: {}", line(shape)));
    }
    if let Some(kind) = &shape.plugin {
        out.push_str(&format!("\n\nIts {kind} plugin decides what else stands in it."));
    }
    out
}

/// A value in one line.
fn line(shape: &ValueShape) -> String {
    let mut out = shape.kind.noun().to_owned();
    if !shape.one_of.is_empty() {
        let words: Vec<&str> = shape.one_of.iter().map(String::as_str).collect();
        out = compiler::structure::listed(&words);
        if shape.kind == Type::Words {
            out = format!("some of {out}");
        }
    } else if !shape.refers.is_empty() {
        out = format!("the name of a {}", shape.refers.join(" or "));
    }
    match &shape.default {
        Some(default) => out.push_str(&format!("; `{}` when it is not said", typed(default))),
        None if shape.required => out.push_str("; required"),
        None => {}
    }
    if !shape.doc.is_empty() {
        out.push_str(&format!(". {}", shape.doc));
    }
    out
}

fn value(shape: &ValueShape) -> String {
    format!("`{}`: {}", shape.name, line(shape))
}

/// What a value comes to; `None` for what says all by itself, and for what is wrong.
fn reading(desk: &Desk, used: &Use<'_>) -> Option<String> {
    let text = used.document.text_of(used.entry.value.as_ref()?);
    if !used.shape.refers.is_empty() {
        let all = definitions(&desk.vocabulary, &desk.strategy(used.document));
        return Some(format!("```kdl\n{}\n```", meant(&all, used).first()?.line));
    }
    Some(match used.shape.kind {
        Type::Duration => format!("{} s", grouped(unit::duration(&text)?)),
        Type::Size => format!("{} bytes", grouped(unit::size(&text)?)),
        Type::Rate => format!("{} bytes/s", grouped(unit::rate(&text)?)),
        Type::Growth => {
            let growth = unit::growth(&text)?;
            format!("{}.{:02} % every {} s", growth.basis_points / 100, growth.basis_points % 100, grouped(growth.per))
        }
        Type::Cron => runs(desk, used.document, used.node, &text)?,
        Type::Secret => {
            let place = used.document.text_of(used.entry.annotation.as_ref()?);
            format!("Found at run time: {place} `{text}`. It is in no plan, record or log.")
        }
        _ => return None,
    })
}

fn runs(desk: &Desk, document: &Document, node: NodeId, cron: &str) -> Option<String> {
    let zone = document.property(node, "timezone").map_or_else(|| "UTC".to_owned(), std::borrow::Cow::into_owned);
    schedule::cron(cron).ok()?;
    schedule::zone(&zone)?;
    let next = schedule::next(cron, &zone, (desk.now)(), RUNS);
    let lines = next.iter().map(|run| format!("* {}", run.strftime("%a %Y-%m-%d %H:%M %:z")));
    (!next.is_empty()).then(|| format!("Next runs:\n{}", lines.collect::<Vec<_>>().join("\n")))
}

/// A number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
