//! A diff of plans to text: for people, for programs, and for a pull request. Each file has one format; what they say of an
//! effect is said here.

mod json;
mod markdown;
mod steps;
mod text;

pub use json::json;
pub use markdown::{markdown, marker};
pub use text::text;

use crate::diff::words;
use crate::render::markdown::escape::visible;
use crate::render::view::plural;
use schema::diff::{Approval, Diff, Effect, Kind, Subject};
use schema::retain::Verdict;

/// What was approved, as whoever runs the command says it.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiffOptions<'a> {
    /// The notes that were given for what breaks.
    pub approved: &'a [&'a str],
}

/// A section of effects and its title.
type Section<'a> = (&'static str, Vec<&'a Effect>);

/// Effects as they are told: the worst first. Sections without effects are left out.
fn sections(diff: &Diff) -> Vec<Section<'_>> {
    let of = |is: fn(&&Effect) -> bool| diff.effects.iter().filter(is).collect::<Vec<_>>();
    let all = [
        ("Breaking", of(|effect| effect.breaking)),
        ("To look at", of(|effect| !effect.breaking && effect.marked)),
        ("Others", of(|effect| !effect.breaking && !effect.marked)),
    ];
    all.into_iter().filter(|(_, effects)| !effects.is_empty()).collect()
}

/// How much of what is kept now would go.
fn doomed(diff: &Diff) -> Option<String> {
    let bytes = diff.doomed.iter().map(|verdict| verdict.size).fold(0, u64::saturating_add);
    let copies = plural(diff.doomed.len(), "copy");
    let would = || format!("{copies} that the rules keep now would go, {} in all", crate::amount::bytes(bytes));
    (!diff.doomed.is_empty()).then(would)
}

/// Store, database, time, artifact, size and reasons of each of them.
fn doomed_rows(diff: &Diff) -> Vec<[String; 6]> {
    let row = |it: &Verdict| {
        let (store, database) = (it.store.clone(), format!("{}:{}", it.source, it.database));
        let size = crate::amount::bytes(it.size);
        [store, database, it.taken.clone(), it.id.clone(), size, it.reasons.join("; ")]
    };
    diff.doomed.iter().map(row).collect()
}

/// Names, how many there are besides, and where they belong: "orders and 3 more of graph in vault (job full)".
fn subject(subject: &Subject, quote: fn(&str) -> String) -> String {
    let named = u64::try_from(subject.names.len()).unwrap_or(u64::MAX);
    let mut names: Vec<String> = subject.names.iter().map(|name| quote(name)).collect();
    let more = subject.count.saturating_sub(named);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let mut out = match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    };
    if let Some(kind) = noun(subject) {
        out = format!("{kind} {out}");
    }
    for (word, place) in [("of", &subject.source), ("in", &subject.store), ("by", &subject.job)] {
        if let Some(place) = place {
            out.push_str(&format!(" {word} {}", quote(place)));
        }
    }
    out
}

/// What is said before the names; databases need nothing, as their source is named.
fn noun(subject: &Subject) -> Option<&'static str> {
    Some(match subject.kind {
        Kind::Database if subject.source.is_some() => return None,
        Kind::Database => "database",
        Kind::Strategy => "strategy",
        Kind::Job => "job",
        Kind::Source => "source",
        Kind::Store => "store",
        Kind::Target => "target",
        Kind::Notifier => "notifier",
        Kind::Objective => "objective",
        Kind::Requirement => "requirement",
        Kind::Exception => "exception",
        Kind::Finding => "finding",
        Kind::Step => "step",
    })
}

/// `45m → 5h`; what is new alone; `was` what is gone.
fn values(before: Option<&str>, after: Option<&str>) -> Option<String> {
    match (before.map(short), after.map(short)) {
        (Some(before), Some(after)) => Some(format!("{before} → {after}")),
        (None, Some(after)) => Some(after),
        (Some(before), None) => Some(format!("was {before}")),
        (None, None) => None,
    }
}

/// Most characters of a value: a template may be long.
const MOST: usize = 200;

/// In one line, in which nothing is hidden.
fn short(value: &str) -> String {
    let line = visible(value);
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST - 1).chain(['…']).collect() }
}

/// What an effect is, with its values.
fn said(effect: &Effect) -> String {
    let words = words::effect(effect.code);
    let values = values(effect.before.as_deref(), effect.after.as_deref());
    values.map_or_else(|| words.to_owned(), |values| format!("{words}: {values}"))
}

/// How many effects there are, the breaking ones by themselves.
fn counted(diff: &Diff) -> String {
    let breaking = diff.effects.iter().filter(|effect| effect.breaking).count();
    match (breaking, diff.effects.len() - breaking) {
        (0, others) => format!("nothing breaks, {}", plural(others, "effect")),
        (breaking, 0) => plural(breaking, "breaking effect"),
        (breaking, others) => format!("{}, {}", plural(breaking, "breaking effect"), plural(others, "other")),
    }
}

/// What is to be said of the approval; nothing when none is needed.
fn approval(diff: &Diff, options: &DiffOptions<'_>) -> Option<String> {
    match diff.approval(options.approved) {
        Approval::NotNeeded => None,
        Approval::Given => Some(format!("Approved: {}", options.approved.join("; "))),
        Approval::Missing(1) => {
            Some("The policy wants a note of approval for what breaks. Say it with `--approve \"…\"`.".to_owned())
        }
        Approval::Missing(more) => {
            Some(format!("The policy wants {more} notes of approval for what breaks, each with an `--approve \"…\"`."))
        }
    }
}
