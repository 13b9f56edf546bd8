//! The nodes of one block: which may stand there, which must, how often, and those that defaults add.

use super::check::{Walk, filled};
use super::shape::NodeShape;
use super::suggest::{certain, did_you_mean, nearest};
use super::value;
use crate::diag::{Diagnostic, codes};
use crate::expand::NODES;
use crate::span::{Span, Spanned};
use crate::syntax::Node;
use std::collections::BTreeSet;

/// What a block needs to know of the node around it.
pub(super) struct Parent {
    name: String,
    /// Properties with a text value, and where they are.
    properties: Vec<(String, String, Span)>,
    /// Whether nodes that nobody knows may stand here, because the plugin that would know them is unknown.
    lenient: bool,
}

/// Whether a shape holds below a parent.
enum Fit {
    Holds,
    /// The parent's property, its value, and where.
    Other(Span),
    /// The deciding property is missing; that was told already.
    Undecided,
}

impl Walk<'_> {
    /// Checks the block of a node.
    pub(super) fn below(&mut self, node: &mut Node, shape: &NodeShape) {
        let text = |entry: &crate::syntax::Entry| entry.value.as_text().map(str::to_owned);
        let properties: Vec<(String, String, Span)> = node
            .properties()
            // A value that cannot be is told by itself, and decides nothing.
            .filter(|(name, entry)| {
                shape.property(&name.value).is_none_or(|known| value::judge(entry, known).is_none())
            })
            .filter_map(|(name, entry)| Some((name.value.clone(), text(entry)?, entry.span.clone())))
            .collect();
        let mut parent = Parent { name: shape.name.clone(), properties, lenient: false };
        let manifests = self.manifests;
        let mut shapes: Vec<&NodeShape> = shape.children.iter().collect();
        if shape.plugin.is_some() {
            let named = parent.properties.iter().find(|(name, _, _)| name == "plugin");
            let manifest = named.and_then(|(_, plugin, _)| manifests.iter().find(|manifest| manifest.name == *plugin));
            parent.lenient = manifest.is_none();
            if let (Some(manifest), Some((_, _, span)), Some(kind)) = (manifest, named, &shape.plugin) {
                let fits = manifest.kind == *kind;
                parent.lenient = !(manifest.sound && fits);
                if manifest.sound && !fits {
                    self.sink.push(wrong_kind(&manifest.name, &manifest.kind, &shape.name, kind, span));
                } else if manifest.sound {
                    shapes.extend(manifest.nodes.iter());
                }
            }
        }
        let span = node.span.clone();
        self.level(&mut node.children, &shapes, Some(&parent), &span);
    }

    /// Checks the nodes of one block against the shapes that it may have.
    pub(super) fn level(
        &mut self,
        nodes: &mut Vec<Node>,
        shapes: &[&NodeShape],
        parent: Option<&Parent>,
        place: &Span,
    ) {
        // The first node of each name: no more than there are shapes, however many nodes there are.
        let mut seen: Vec<(String, Span)> = Vec::new();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for node in nodes.iter() {
            if !taken.contains(&node.name.value) {
                taken.insert(node.name.value.clone());
            }
        }
        for node in nodes.iter_mut() {
            let Some(shape) = self.shape_of(node, shapes, parent, &taken) else {
                self.names.lose(node);
                continue;
            };
            let before = self.names.count();
            let mut again = false;
            match seen.iter().find(|(name, _)| *name == shape.name) {
                None => seen.push((shape.name.clone(), node.name.span.clone())),
                Some(_) if shape.repeat => {}
                // What is misspelt is told; whether it is one too many is known when it is mended.
                Some(_) if node.name.value != shape.name => {}
                Some((_, first)) => {
                    again = true;
                    self.sink.push(
                        Diagnostic::error(&codes::DUPLICATE_NODE, format!("`{}` stands here twice", shape.name))
                            .at(&node.name.span, "stands again")
                            .at(first, "stands first here")
                            .help("Keep one of them."),
                    );
                }
            }
            self.node(node, shape);
            if again {
                self.names.take_back(before);
            }
        }
        for shape in shapes {
            let absent = !seen.iter().any(|(name, _)| *name == shape.name);
            if !absent || !matches!(fit(shape, parent), Fit::Holds) {
                continue;
            }
            if shape.required {
                self.sink.push(missing(shape, parent, place));
            } else {
                nodes.extend(absent_node(shape, place));
            }
        }
    }

    /// The shape of a node, or of the node that was probably meant; what is wrong is told.
    fn shape_of<'s>(
        &mut self,
        node: &Node,
        shapes: &[&'s NodeShape],
        parent: Option<&Parent>,
        taken: &BTreeSet<String>,
    ) -> Option<&'s NodeShape> {
        let name = node.name.value.as_str();
        let named: Vec<&&NodeShape> = shapes.iter().filter(|shape| shape.name == name).collect();
        if let Some(shape) = named.iter().find(|shape| matches!(fit(shape, parent), Fit::Holds)) {
            return Some(shape);
        }
        if let Some(shape) = named.first() {
            if let (Fit::Other(span), Some(when)) = (fit(shape, parent), &shape.when) {
                let message = format!("`{name}` is only for {}=\"{}\"", when.property, when.value);
                self.sink.push(
                    Diagnostic::error(&codes::NOT_APPLICABLE, message)
                        .at(&node.span, "does not apply here")
                        .at(&span, "because of this")
                        .help(format!("Remove `{name}`, or write `{}=\"{}\"`.", when.property, when.value)),
                );
            }
            return None;
        }
        if parent.is_some_and(|parent| parent.lenient) {
            return None;
        }
        let known: Vec<&str> = shapes
            .iter()
            .filter(|shape| !matches!(fit(shape, parent), Fit::Other(_)))
            .map(|shape| shape.name.as_str())
            .collect();
        let (message, nothing) = match parent {
            Some(parent) => (
                format!("`{}` has no node `{name}`", parent.name),
                format!("Remove it: `{}` holds no nodes.", parent.name),
            ),
            None => (format!("a strategy text has no node `{name}`"), "Remove it.".to_owned()),
        };
        let reused = reused(name, &known);
        self.reuse_missed |= reused.is_some();
        let unknown = Diagnostic::error(&codes::UNKNOWN_NODE, message)
            .at(&node.name.span, "unknown node")
            .help(reused.or_else(|| did_you_mean(name, &known)).unwrap_or(nothing));
        // A second one of what may stand once would be as wrong.
        let free =
            |meant: &&str| !taken.contains(*meant) || shapes.iter().any(|shape| shape.name == **meant && shape.repeat);
        self.sink.push(match certain(name, known.iter().copied()).filter(free) {
            Some(meant) => unknown.fix(format!("Write `{meant}`"), &node.name.span, meant),
            None => unknown,
        });
        let meant = nearest(name, known)?;
        shapes.iter().find(|shape| shape.name == meant && matches!(fit(shape, parent), Fit::Holds)).copied()
    }
}

fn fit(shape: &NodeShape, parent: Option<&Parent>) -> Fit {
    let Some(when) = &shape.when else { return Fit::Holds };
    let property = parent.and_then(|parent| parent.properties.iter().find(|(name, _, _)| *name == when.property));
    match property {
        Some((_, value, _)) if *value == when.value => Fit::Holds,
        Some((_, _, span)) => Fit::Other(span.clone()),
        None => Fit::Undecided,
    }
}

/// The node of reuse that was meant, when no node of this place is as near.
fn reused(name: &str, known: &[&str]) -> Option<String> {
    let meant = nearest(name, known.iter().copied().chain(NODES))?;
    NODES.contains(&meant).then(|| format!("Did you mean `{meant}`?"))
}

fn missing(shape: &NodeShape, parent: Option<&Parent>, place: &Span) -> Diagnostic {
    let message = match parent {
        Some(parent) => format!("`{}` needs a node `{}`", parent.name, shape.name),
        None => format!("there is no `{}`", shape.name),
    };
    Diagnostic::error(&codes::MISSING_NODE, message)
        .at(place, format!("no `{}` is given", shape.name))
        .help(format!("Add `{}`. {}", shape.sample(), shape.doc).trim_end())
}

fn wrong_kind(plugin: &str, kind: &str, node: &str, wanted: &str, span: &Span) -> Diagnostic {
    Diagnostic::error(
        &codes::WRONG_PLUGIN_KIND,
        format!("`{plugin}` is a {kind} plugin; `{node}` needs a {wanted} plugin"),
    )
    .at(span, format!("not a {wanted} plugin"))
    .help(format!("Name a {wanted} plugin."))
}

/// The node that defaults make, where they do.
fn absent_node(shape: &NodeShape, place: &Span) -> Option<Node> {
    shape.stands_by_default().then_some(())?;
    let arguments = shape.arguments.iter().map(|value| (None, value));
    let properties = shape.properties.iter().map(|value| (Some(value.name.as_str()), value));
    let entries = arguments
        .chain(properties)
        .filter_map(|(name, value)| value.default.as_ref().map(|default| filled(name, default, place)))
        .collect();
    Some(Node {
        name: Spanned::new(shape.name.clone(), place),
        annotation: None,
        entries,
        children: Vec::new(),
        block: false,
        span: place.clone(),
    })
}
