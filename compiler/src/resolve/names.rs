//! Names that are given twice, and references to what does not exist.

use crate::diag::{Diagnostic, Sink, codes};
use crate::structure::{Definition, Manifest, Names, Reference, did_you_mean};

/// Judges the names that the structural check has gathered.
pub fn judge(names: &Names, manifests: &[Manifest], sink: &mut Sink) {
    for (at, definition) in names.definitions.iter().enumerate() {
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
        let earlier = names.definitions.iter().take(at).find(|other| same(other, definition));
        if let Some(first) = earlier {
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
    for reference in &names.references {
        judge_reference(reference, names, manifests, sink);
    }
}

fn same(one: &Definition, other: &Definition) -> bool {
    one.kind == other.kind && one.scope == other.scope && one.name == other.name
}

fn judge_reference(reference: &Reference, names: &Names, manifests: &[Manifest], sink: &mut Sink) {
    let wanted = |kind: &str| reference.kinds.iter().any(|wanted| wanted == kind);
    let plugins: Vec<&str> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let candidates: Vec<&Definition> = names
        .definitions
        .iter()
        .filter(|definition| wanted(&definition.kind) && definition.scope == reference.scope)
        .collect();
    let matching: Vec<&&Definition> =
        candidates.iter().filter(|definition| definition.name == reference.name).collect();
    let is_plugin = wanted("plugin") && plugins.contains(&reference.name.as_str());
    match matching.as_slice() {
        [] if is_plugin => {}
        [] => {
            let mut known: Vec<&str> = candidates.iter().map(|definition| definition.name.as_str()).collect();
            if wanted("plugin") {
                known.extend(plugins);
            }
            let what = reference.kinds.join(" or ");
            let none = match what.as_str() {
                "step" => "Give the other step a `name=`.".to_owned(),
                what => format!("There is no {what} yet: add one."),
            };
            sink.push(
                Diagnostic::error(&codes::UNKNOWN_NAME, format!("no {what} is named `{}`", reference.name))
                    .at(&reference.span, "not defined")
                    .help(did_you_mean(&reference.name, &known).unwrap_or(none)),
            );
        }
        [first, others @ ..] => {
            // Two of one kind are told as a duplicate.
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
    }
}
