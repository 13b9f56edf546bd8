//! Strategies of the repository in which nothing is wrong, and the place of every node in them with its shape.

use crate::case::{cases, of_example};
use crate::expected::here;
use compiler::source::Source;
use compiler::structure::{Manifest, NodeShape, reuse, strategy};
use compiler::syntax::{Node, parse};
use compiler::{Facts, Text, check};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A strategy that compiles.
pub(crate) struct Fixture {
    /// `examples/NAME` or `suite/NAME`.
    pub(crate) name: String,
    pub(crate) texts: Vec<Text>,
    pub(crate) facts: Facts,
}

/// Below a folder, sorted.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    out.sort();
    out
}

/// The KDL texts of an example by their paths in its folder, the strategy itself first.
pub(crate) fn texts(folder: &Path) -> Vec<Text> {
    fn below(root: &Path, folder: &Path, out: &mut Vec<Text>) {
        for path in entries(folder) {
            // Manifests of plugins that do not come with Backstay are facts and no part of the strategy; nor is the same one
            // in parts.
            if path == root.join("plugins") || path == root.join("parts") {
                continue;
            }
            if path.is_dir() {
                below(root, &path, out);
            } else if path.extension().is_some_and(|extension| extension == "kdl") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                out.push(Text { name, text: std::fs::read_to_string(&path).unwrap() });
            }
        }
    }
    let mut out = Vec::new();
    below(folder, folder, &mut out);
    out.sort_by_key(|text| text.name != "strategy.kdl");
    out
}

/// All of them: examples first, then those of the suite that have nothing wrong.
pub(crate) fn fixtures() -> Vec<Fixture> {
    let mut out = Vec::new();
    for folder in entries(&here().join("../examples")) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let (texts, facts) = (texts(&folder), of_example(name));
        assert!(check(&texts, &facts).value.is_some(), "{name} does not compile");
        out.push(Fixture { name: format!("examples/{name}"), texts, facts });
    }
    for file in entries(&here().join("tests/suite")).iter().flat_map(|folder| entries(folder)) {
        if file.extension().is_some_and(|extension| extension == "kdl") {
            for case in cases(&std::fs::read_to_string(&file).unwrap()) {
                let mut texts = vec![Text { name: "strategy.kdl".to_owned(), text: case.text }];
                texts.extend(case.others);
                if check(&texts, &case.facts).value.is_some() {
                    out.push(Fixture { name: format!("suite/{}", case.name), texts, facts: case.facts });
                }
            }
        }
    }
    out
}

/// A node that is written in a text.
pub(crate) struct Place<'a> {
    /// Names from the strategy down, a node under a condition with it: `strategy/source/control[neo4j]/stop`.
    pub(crate) path: String,
    pub(crate) shape: &'a NodeShape,
    pub(crate) node: Node,
    /// From its name to the end of its block.
    pub(crate) whole: Range<usize>,
    /// Where the node around it is in the list.
    pub(crate) parent: Option<usize>,
}

/// The name of a shape with its condition.
pub(crate) fn step(shape: &NodeShape) -> String {
    shape.when.as_ref().map_or_else(|| shape.name.clone(), |when| format!("{}[{}]", shape.name, when.value))
}

/// All nodes of a text with their shapes, each before those in it. A text that is imported may begin below the strategy.
pub(crate) fn places<'a>(text: &Text, vocabulary: &'a [NodeShape], manifests: &'a [Manifest]) -> Vec<Place<'a>> {
    let source = Arc::new(Source::new(&text.name, &text.text));
    let document = parse(&source, &mut Vec::new()).unwrap();
    let mut out = Vec::new();
    for node in &document.nodes {
        let root = vocabulary.iter().find(|shape| shape.required).unwrap();
        let shape = vocabulary.iter().chain(reuse()).find(|shape| shape.name == node.name.value);
        let below = root.children.iter().find(|shape| shape.name == node.name.value);
        if let Some(shape) = shape {
            place(&text.text, node, shape, manifests, &step(shape), None, &mut out);
        } else if let Some(shape) = below {
            place(&text.text, node, shape, manifests, &format!("{}/{}", root.name, shape.name), None, &mut out);
        }
    }
    out
}

fn place<'a>(
    text: &str,
    node: &Node,
    shape: &'a NodeShape,
    manifests: &'a [Manifest],
    path: &str,
    parent: Option<usize>,
    out: &mut Vec<Place<'a>>,
) {
    let whole = node.name.span.start()..end(text, node);
    let here = out.len();
    out.push(Place { path: path.to_owned(), shape, node: node.clone(), whole, parent });
    let plugin = shape.plugin.as_ref().and_then(|_| node.property("plugin")).and_then(|entry| entry.value.as_text());
    let added = manifests.iter().filter(|manifest| plugin == Some(manifest.name.as_str()));
    // A template may hold anything; what is taken for granted here is that it holds parts of a strategy.
    let root = strategy().iter().find(|shape| shape.required).unwrap();
    let loose = reuse().iter().any(|other| other.name == shape.name);
    let inner = root.children.iter().filter(|_| loose).map(|child| (child, format!("{}/{}", root.name, step(child))));
    let shapes: Vec<(&NodeShape, String)> = shape
        .children
        .iter()
        .map(|child| (child, format!("{path}/{}", step(child))))
        .chain(inner)
        .chain(reuse().iter().map(|shape| (shape, shape.name.clone())))
        .chain(
            added.flat_map(|plugin| plugin.nodes.iter().map(|node| (node, format!("{}/{}", plugin.name, node.name)))),
        )
        .collect();
    for child in &node.children {
        let found = shapes.iter().find(|(shape, _)| shape.name == child.name.value && shape.holds_in(node));
        if let Some((shape, path)) = found {
            place(text, child, shape, manifests, path, Some(here), out);
        }
    }
}

/// Behind the last character of a node, which is that of its block when it has one.
pub(crate) fn end(text: &str, node: &Node) -> usize {
    let from = node.children.last().map_or(node.span.end(), |child| end(text, child));
    if !node.block {
        return from;
    }
    let mut at = from;
    while !text[at..].starts_with('}') {
        let rest = &text[at..];
        at += if rest.starts_with("//") {
            rest.find('\n').unwrap()
        } else if rest.starts_with("/*") {
            rest.find("*/").unwrap() + 2
        } else {
            rest.chars().next().unwrap().len_utf8()
        };
    }
    at + 1
}
