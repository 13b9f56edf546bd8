//! Names that are given twice, and references to what does not exist.

use crate::diag::{Diagnostic, Sink, codes};
use crate::structure::{Definition, Lost, Manifest, Names, Reference, did_you_mean};
use std::collections::{BTreeMap, BTreeSet};

/// Judges the names that the structural check has gathered.
pub fn judge(names: &Names, manifests: &[Manifest], sink: &mut Sink) {
    let mut known = Known::default();
    // Whether each was named before; what is around another one comes first.
    let mut again: Vec<bool> = Vec::new();
    for definition in &names.definitions {
        if definition.reserved {
            sink.push(
                Diagnostic::error(
                    &codes::RESERVED_NAME,
                    format!("a {} cannot be named `{}`", definition.kind, definition.name),
                )
                .at(&definition.span, "reserved")
                .help(format!("Choose another name; `{}` is the name that such plans have.", definition.name)),
            );
        }
        let earlier = known.add(definition);
        again.push(earlier.is_some());
        // What is in a thing that stands there twice is there twice as well.
        let inside = definition.around.and_then(|at| again.get(at).copied()).unwrap_or_default();
        if let Some(first) = earlier.filter(|_| !inside) {
            sink.push(
                Diagnostic::error(
                    &codes::DUPLICATE_NAME,
                    format!("two {}s are named `{}`", definition.kind, definition.name),
                )
                .at(&definition.span, "named again")
                .at(&first.span, "named first here")
                .help(match definition.kind.as_str() {
                    "keep" | "requirement" | "exception" => "Make one of the two.",
                    _ => "Give one of them another name.",
                }),
            );
        }
    }
    let mut unknown = Vec::new();
    for reference in &names.references {
        let matching = known.matching(reference);
        let is_plugin = wants(reference, "plugin") && manifests.iter().any(|plugin| plugin.name == reference.name);
        match matching.as_slice() {
            [] if is_plugin => {}
            [] => unknown.push(reference),
            [first, others @ ..] => ambiguous(reference, first, others, sink),
        }
    }
    let mut excuses = Excuses::new(&unknown, &names.lost);
    let mut candidates = Candidates { names, manifests, known: BTreeMap::new(), left: MOST_COMPARED };
    for reference in &unknown {
        if !excuses.hold(reference) {
            sink.push(nothing(reference, candidates.of(reference)));
        }
    }
}

/// The first definition of each name, by its kind and the node that it is unique in.
#[derive(Default)]
struct Known<'a>(BTreeMap<(&'a str, Option<usize>), BTreeMap<&'a str, &'a Definition>>);

impl<'a> Known<'a> {
    /// Adds a definition; the one of that name that was there before, if there was one.
    fn add(&mut self, definition: &'a Definition) -> Option<&'a Definition> {
        let of_kind = self.0.entry((definition.kind.as_str(), definition.scope)).or_default();
        let first = *of_kind.entry(definition.name.as_str()).or_insert(definition);
        (!std::ptr::eq(first, definition)).then_some(first)
    }

    /// What a reference may mean, one of each kind.
    fn matching(&self, reference: &'a Reference) -> Vec<&'a Definition> {
        let of_kind = |kind: &'a String| self.0.get(&(kind.as_str(), reference.scope));
        let named = reference.kinds.iter().filter_map(of_kind);
        named.filter_map(|of_kind| of_kind.get(reference.name.as_str()).copied()).collect()
    }
}

fn wants(reference: &Reference, kind: &str) -> bool {
    reference.kinds.iter().any(|wanted| wanted == kind)
}

fn may_mean(reference: &Reference, definition: &Definition) -> bool {
    wants(reference, &definition.kind) && definition.scope == reference.scope
}

/// Why names may dangle for what was told already: what they mean was there and not understood.
struct Excuses<'a> {
    dangling: &'a [&'a Reference],
    lost: &'a [Lost],
    /// The kinds of what was lost, where they are known, by what stands where its name might be.
    named: BTreeMap<&'a str, Vec<Option<&'a str>>>,
    /// Whether names of these kinds are excused, once that was asked.
    of_kinds: BTreeMap<&'a [String], bool>,
}

impl<'a> Excuses<'a> {
    fn new(dangling: &'a [&'a Reference], lost: &'a [Lost]) -> Self {
        let mut named: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
        for lost in lost {
            let kinds = lost.name.as_deref().map(|name| named.entry(name).or_default());
            let kind = lost.kind.as_deref();
            kinds.into_iter().filter(|kinds| !kinds.contains(&kind)).for_each(|kinds| kinds.push(kind));
        }
        Self { dangling, lost, named, of_kinds: BTreeMap::new() }
    }

    /// Its very name was lost, or no more names are missing of that kind than things without a name were told of.
    fn hold(&mut self, reference: &'a Reference) -> bool {
        let fits = |kind: &Option<&str>| kind.is_none_or(|kind| wants(reference, kind));
        if self.named.get(reference.name.as_str()).is_some_and(|kinds| kinds.iter().any(fits)) {
            return true;
        }
        let (dangling, lost) = (self.dangling, self.lost);
        *self.of_kinds.entry(&reference.kinds).or_insert_with(|| {
            let of_kind = |lost: &Lost| lost.kind.as_ref().is_some_and(|kind| wants(reference, kind));
            if !lost.iter().any(of_kind) {
                return false;
            }
            let alike = dangling.iter().filter(|other| other.kinds.iter().any(|kind| wants(reference, kind)));
            let alike: Vec<&&Reference> = alike.collect();
            let missing: BTreeSet<&str> = alike.iter().map(|other| other.name.as_str()).collect();
            let kinds: BTreeSet<&str> = alike.iter().flat_map(|other| &other.kinds).map(String::as_str).collect();
            let nameless = |lost: &&Lost| lost.kind.as_deref().is_some_and(|kind| kinds.contains(kind));
            missing.len() <= lost.iter().filter(nameless).count()
        })
    }
}

/// Most names that are compared for suggestions in one check: where thousands of names dangle, an import is missing, and
/// comparing all with all would take minutes.
const MOST_COMPARED: usize = 100_000;

/// What a name may have been meant to be.
struct Candidates<'a> {
    names: &'a Names,
    manifests: &'a [Manifest],
    /// By the kinds and the scope of a reference.
    known: BTreeMap<(&'a [String], Option<usize>), Vec<&'a str>>,
    left: usize,
}

impl<'a> Candidates<'a> {
    /// `None` when enough was compared.
    fn of(&mut self, reference: &'a Reference) -> Option<&[&'a str]> {
        let (names, manifests) = (self.names, self.manifests);
        let known = self.known.entry((&reference.kinds, reference.scope)).or_insert_with(|| {
            let fitting = names.definitions.iter().filter(|it| may_mean(reference, it));
            let mut known: Vec<&str> = fitting.map(|definition| definition.name.as_str()).collect();
            if wants(reference, "plugin") {
                known.extend(manifests.iter().map(|manifest| manifest.name.as_str()));
            }
            known
        });
        self.left = self.left.checked_sub(known.len())?;
        Some(known)
    }
}

/// Without `known`, nothing is suggested.
fn nothing(reference: &Reference, known: Option<&[&str]>) -> Diagnostic {
    let what = reference.kinds.join(" or ");
    let none = match what.as_str() {
        "step" => "Give the other step a `name=`.".to_owned(),
        what => format!("There is no {what} yet: add one."),
    };
    Diagnostic::error(&codes::UNKNOWN_NAME, format!("no {what} is named `{}`", reference.name))
        .at(&reference.span, "not defined")
        .help(match known {
            Some(known) => did_you_mean(&reference.name, known).unwrap_or(none),
            None => format!("Name a {what} that there is."),
        })
}

/// Two of one kind are told as a duplicate.
fn ambiguous(reference: &Reference, first: &Definition, others: &[&Definition], sink: &mut Sink) {
    if let Some(other) = others.iter().find(|other| other.kind != first.kind) {
        sink.push(
            Diagnostic::error(&codes::AMBIGUOUS_NAME, format!("`{}` may be two things", reference.name))
                .at(&reference.span, "which one?")
                .at(&first.span, format!("a {}", first.kind))
                .at(&other.span, format!("a {}", other.kind))
                .help("Give one of them another name."),
        );
    }
}
