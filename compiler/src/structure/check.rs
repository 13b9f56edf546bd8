//! One node against its shape: its entries, what it names and refers to, and the defaults for what was not said.

use super::manifest::Manifest;
use super::names::{Definition, Names, Reference};
use super::shape::{NodeShape, Type, ValueShape};
use super::suggest::{certain, did_you_mean, nearest};
use super::value;
use crate::diag::{Diagnostic, Sink, codes};
use crate::span::{Span, Spanned};
use crate::syntax::{Document, Entry, Node, Value};
use std::collections::BTreeSet;

/// What the structural check makes of a document.
#[derive(Debug)]
pub struct Structure {
    /// With every default filled in; whole only when nothing was wrong.
    pub document: Document,
    pub names: Names,
    /// Places that hold, or seem to hold, literal secrets.
    pub secrets: Vec<Span>,
    /// Whether a node that nobody knows was probably meant to be one of reuse: what it would have brought is not there.
    pub reuse_missed: bool,
}

/// Checks a document against a vocabulary and the manifests of plugins. `root` stands for the place of what is missing.
pub fn check(
    mut document: Document,
    vocabulary: &[NodeShape],
    manifests: &[Manifest],
    root: &Span,
    sink: &mut Sink,
) -> Structure {
    let mut walk = Walk {
        manifests,
        sink,
        names: Names::default(),
        secrets: Vec::new(),
        open: Vec::new(),
        namers: Vec::new(),
        entered: 0,
        reuse_missed: false,
    };
    let shapes: Vec<&NodeShape> = vocabulary.iter().collect();
    walk.level(&mut document.nodes, &shapes, None, root);
    let (mut names, secrets, reuse_missed) = (walk.names, walk.secrets, walk.reuse_missed);
    let unsaid = std::mem::take(&mut names.unsaid);
    let lost: BTreeSet<&str> = names.lost.iter().filter_map(|lost| lost.name.as_deref()).collect();
    sink.extend(unsaid.into_iter().filter(|(name, _)| !lost.contains(name.as_str())).map(|(_, wrong)| wrong));
    Structure { document, names, secrets, reuse_missed }
}

pub(super) struct Walk<'a> {
    pub(super) manifests: &'a [Manifest],
    pub(super) sink: &'a mut Sink,
    pub(super) names: Names,
    secrets: Vec<Span>,
    /// Name and number of each node around the present one.
    open: Vec<(String, usize)>,
    /// The definition that names each of them.
    namers: Vec<Option<usize>>,
    entered: usize,
    pub(super) reuse_missed: bool,
}

impl Walk<'_> {
    /// Checks a node and all below it.
    pub(super) fn node(&mut self, node: &mut Node, shape: &NodeShape) {
        self.entered += 1;
        self.open.push((shape.name.clone(), self.entered));
        self.namers.push(None);
        if let Some(annotation) = &node.annotation {
            let replaces = annotation.value == crate::expand::OVERRIDE;
            let told = value::annotated(&annotation.value, &annotation.span, &shape.name);
            self.sink.push(if replaces { nothing_to_replace(told) } else { told });
        }
        self.arguments(node, shape);
        self.properties(node, shape);
        self.below(node, shape);
        self.open.pop();
        self.namers.pop();
    }

    fn arguments(&mut self, node: &mut Node, shape: &NodeShape) {
        // Where the reference is forgotten, the secret may stand in the place of something else.
        let secret = shape.arguments.iter().any(|argument| argument.kind == Type::Secret);
        if secret && node.arguments().count() < shape.arguments.len() {
            let bare = node.arguments().filter(|entry| entry.annotation.is_none());
            self.secrets.extend(bare.map(|entry| entry.span.clone()));
        }
        let mut given = node.entries.iter().filter(|entry| entry.name.is_none()).peekable();
        // How many arguments are not there, when it is not known yet which ones.
        let mut short = shape.arguments.len().saturating_sub(given.clone().count());
        let mut absent: Vec<&ValueShape> = Vec::new();
        for (at, expected) in shape.arguments.iter().enumerate() {
            let after = shape.arguments.iter().skip(at + 1);
            match given.next_if(|entry| short == 0 || !belongs_later(entry, expected, after)) {
                Some(entry) => self.value(entry, expected, Some(shape)),
                None => {
                    short = short.saturating_sub(1);
                    absent.push(expected);
                }
            }
            while expected.repeat
                && let Some(entry) = given.next()
            {
                self.value(entry, expected, Some(shape));
            }
        }
        let surplus = given.map(|entry| entry.span.clone()).reduce(|first, next| first.to(&next));
        if let Some(span) = surplus {
            self.sink.push(surplus_argument(shape, &span));
        }
        for expected in absent {
            if expected.required {
                self.names.lose_unsaid(expected.names.as_ref());
                let message = format!("`{}` needs {}", shape.name, article(&expected.name));
                self.sink.push(
                    Diagnostic::error(&codes::MISSING_ARGUMENT, message)
                        .at(&node.span, format!("no {} is given", expected.name))
                        .help(format!("Write `{}`.", shape.sample())),
                );
            } else if let Some(default) = &expected.default {
                node.entries.push(filled(None, default, &node.span));
            }
        }
    }

    fn properties(&mut self, node: &mut Node, shape: &NodeShape) {
        let mut seen: Vec<Spanned<String>> = Vec::new();
        for entry in &node.entries {
            let Some(name) = &entry.name else { continue };
            let expected = match shape.property(&name.value) {
                Some(expected) => expected,
                None => match self.unknown_property(name, node, shape) {
                    Some(meant) => meant,
                    None => {
                        self.names.lose_entry(None, entry);
                        continue;
                    }
                },
            };
            if let Some(first) = seen.iter().find(|other| other.value == expected.name) {
                let twice = Diagnostic::error(&codes::DUPLICATE_PROPERTY, format!("`{}` is said twice", expected.name))
                    .at(&entry.span, "said again")
                    .at(&first.span, "said first here")
                    .help("Remove one of them.");
                // Which of two values is meant is not for a machine to say.
                let same = node.property(&name.value).is_some_and(|first| first.span.text() == entry.span.text());
                let whole = name.span.to(&entry.span).with_space_before();
                self.sink.push(if same { twice.fix("Remove the second one", &whole, "") } else { twice });
                continue;
            }
            seen.push(Spanned::new(expected.name.clone(), &name.span));
            self.value(entry, expected, None);
        }
        for expected in &shape.properties {
            if seen.iter().any(|name| name.value == expected.name) {
                continue;
            }
            if expected.required {
                self.names.lose_unsaid(expected.names.as_ref());
                let message = format!("`{}` needs `{}`", shape.name, expected.name);
                self.sink.push(
                    Diagnostic::error(&codes::MISSING_PROPERTY, message)
                        .at(&node.span, format!("no `{}` is given", expected.name))
                        .help(format!("Add `{}={}`.", expected.name, expected.sample())),
                );
            } else if let Some(default) = &expected.default {
                node.entries.push(filled(Some(&expected.name), default, &node.span));
            }
        }
    }

    /// Tells of a property that the vocabulary lacks; returns the one that was probably meant, so that it is not
    /// missed as well.
    fn unknown_property<'s>(
        &mut self,
        name: &Spanned<String>,
        node: &Node,
        shape: &'s NodeShape,
    ) -> Option<&'s ValueShape> {
        let known: Vec<&str> = shape.properties.iter().map(|property| property.name.as_str()).collect();
        let help = did_you_mean(&name.value, &known)
            .unwrap_or_else(|| format!("Remove it: `{}` has no properties.", shape.name));
        let unknown =
            Diagnostic::error(&codes::UNKNOWN_PROPERTY, format!("`{}` has no property `{}`", shape.name, name.value))
                .at(&name.span, "unknown property")
                .help(help);
        let meant = certain(&name.value, known.iter().copied()).filter(|meant| node.property(meant).is_none());
        self.sink.push(match meant {
            Some(meant) => unknown.fix(format!("Write `{meant}`"), &name.span, meant),
            None => unknown,
        });
        nearest(&name.value, known).and_then(|meant| shape.property(meant))
    }

    /// `node` is given for an argument, which messages call by its node's name.
    fn value(&mut self, entry: &Entry, expected: &ValueShape, node: Option<&NodeShape>) {
        // The private half of a key is easily taken for the public one.
        let private = expected.kind == Type::Recipient && entry.value.as_text().is_some_and(value::is_private_key);
        if private || expected.kind == Type::Secret && entry.annotation.is_none() {
            // The place of the value itself, not that of the variable that stands for it.
            match entry.span.variable() {
                Some(value) => self.secrets.push(value.clone()),
                None if !entry.is_variable() => self.secrets.push(entry.span.clone()),
                None => {}
            }
        }
        // What a variable stands for is not known: that was told when it was looked up.
        if is_unknown(entry) {
            self.names.lose_unsaid(expected.names.as_ref());
            return;
        }
        if let Some(wrong) = value::judge(entry, expected) {
            if let Some(kind) = &expected.names {
                self.names.lose_entry(Some(kind), entry);
            }
            let called = node.map(|node| match node.arguments.len() {
                1 => node.name.clone(),
                _ => format!("{} {}", node.name, expected.name),
            });
            let again = called.and_then(|name| value::judge(entry, &ValueShape { name, ..expected.clone() }));
            let wrong = again.unwrap_or(wrong);
            match entry.value.as_text() {
                // A thing that has this name is told of itself; each use of the name would say no more.
                Some(name) if !expected.refers.is_empty() && expected.names.is_none() => {
                    self.names.unsaid.push((name.to_owned(), wrong));
                }
                _ => self.sink.push(wrong),
            }
            return;
        }
        let Value::Text(text) = &entry.value else { return };
        let scope = expected
            .within
            .as_ref()
            .and_then(|within| self.open.iter().rev().find(|(name, _)| name == within).map(|(_, number)| *number));
        if let Some(kind) = &expected.names {
            let reserved = expected.reserved.contains(text);
            let (kind, name, span) = (kind.clone(), text.clone(), entry.span.clone());
            let (here, above) =
                self.namers.split_last_mut().map_or((None, &[][..]), |(here, above)| (Some(here), &*above));
            let around = above.iter().rev().find_map(|namer| *namer);
            if let Some(here) = here {
                *here = Some(self.names.definitions.len());
            }
            self.names.definitions.push(Definition { kind, name, span, scope, reserved, around });
        }
        if !expected.refers.is_empty() {
            let (kinds, name, span) = (expected.refers.clone(), text.clone(), entry.span.clone());
            self.names.references.push(Reference { kinds, name, span, scope });
        }
    }
}

/// Whether it is a variable for which there is no value.
fn is_unknown(entry: &Entry) -> bool {
    entry.annotation.as_ref().is_some_and(|annotation| annotation.value == crate::expand::VAR)
}

/// Whether an argument is not what is expected, and is what is expected after that: the one before it was left out.
fn belongs_later<'s>(entry: &Entry, expected: &ValueShape, mut after: impl Iterator<Item = &'s ValueShape>) -> bool {
    !is_unknown(entry)
        && value::judge(entry, expected).is_some()
        && after.any(|later| value::judge(entry, later).is_none())
}

fn nothing_to_replace(mut told: Diagnostic) -> Diagnostic {
    for label in &mut told.labels {
        "there is nothing here that it could replace".clone_into(&mut label.text);
    }
    told.help("Put it into the block of a `use`, or remove `(override)`.")
}

fn surplus_argument(shape: &NodeShape, span: &Span) -> Diagnostic {
    let takes = match shape.arguments.len() {
        0 => "no argument".to_owned(),
        1 => "one argument".to_owned(),
        many => format!("{many} arguments"),
    };
    let known: Vec<String> = shape.properties.iter().map(|property| format!("{}=", property.name)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let help = if known.is_empty() {
        "Remove it, or begin a new node with `;` or a line break.".to_owned()
    } else {
        format!("Remove it, or say which property it is: {}.", super::suggest::listed(&known))
    };
    Diagnostic::error(&codes::UNEXPECTED_ARGUMENT, format!("`{}` takes {takes}", shape.name))
        .at(span, "one too many")
        .help(help)
}

fn article(label: &str) -> String {
    let vowel = label.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {label}", if vowel { "an" } else { "a" })
}

pub(super) fn filled(name: Option<&str>, value: &Value, span: &Span) -> Entry {
    let name = name.map(|name| Spanned::new(name.to_owned(), span));
    Entry { name, annotation: None, value: value.clone(), span: span.clone() }
}
