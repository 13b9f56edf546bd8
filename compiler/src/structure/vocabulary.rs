//! A vocabulary read from its document: the strategy's own, once a process, and those in the manifests of plugins.

use super::shape::{NodeShape, Type, ValueShape, When};
use crate::expand::Identity;
use crate::syntax::{self, Node};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// `schema/strategy.kdl` in packed form; a test holds the two equal.
pub const PACKED: &str = include_str!("strategy.packed");

/// The vocabulary of strategies.
pub fn strategy() -> &'static [NodeShape] {
    static SHAPES: OnceLock<Vec<NodeShape>> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let document = syntax::unpack("strategy.packed", PACKED);
        shapes(&document.nodes, None)
    })
}

/// The nodes of reuse, which an earlier stage has taken out: for people, completion and documentation.
pub fn reuse() -> &'static [NodeShape] {
    static SHAPES: OnceLock<Vec<NodeShape>> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let document = syntax::unpack("strategy.packed", PACKED);
        let block = document.nodes.iter().find(|node| node.name.value == "reuse");
        block.map(|block| shapes(&block.children, None)).unwrap_or_default()
    })
}

/// What makes a node of this name the same as another one, as far as all nodes of the name agree.
#[must_use]
pub fn identity(name: &str) -> Identity {
    static KNOWN: OnceLock<BTreeMap<String, Identity>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let mut known = BTreeMap::new();
        identities(strategy(), &mut known);
        known
    });
    known.get(name).copied().unwrap_or(Identity::Unknown)
}

fn identities(shapes: &[NodeShape], known: &mut BTreeMap<String, Identity>) {
    for shape in shapes {
        let named = shape.arguments.first().is_some_and(|argument| argument.names.is_some());
        let own = match (named, shape.repeat) {
            (true, _) => Identity::Named,
            (false, true) => Identity::Many,
            (false, false) => Identity::Single,
        };
        let agreed = known.entry(shape.name.clone()).or_insert(own);
        if *agreed != own {
            *agreed = Identity::Many;
        }
        identities(&shape.children, known);
    }
}

/// The shapes of a vocabulary that is written in `nodes`.
#[cfg(test)]
pub(crate) fn shapes_of(nodes: &[Node]) -> Vec<NodeShape> {
    shapes(nodes, None)
}

/// The `node`s among some nodes, and those below `when`.
pub(super) fn shapes(nodes: &[Node], when: Option<&When>) -> Vec<NodeShape> {
    let mut out = Vec::new();
    for node in nodes {
        match node.name.value.as_str() {
            "node" => out.push(node_shape(node, when)),
            "when" => {
                let condition = node.properties().next().and_then(|(name, entry)| {
                    let value = entry.value.as_text()?.to_owned();
                    Some(When { property: name.value.clone(), value })
                });
                out.extend(shapes(&node.children, condition.as_ref()));
            }
            _ => {}
        }
    }
    out
}

fn node_shape(node: &Node, when: Option<&When>) -> NodeShape {
    let values = |kind| node.children_named(kind).filter_map(value_shape).collect();
    NodeShape {
        name: node.text().unwrap_or_default().to_owned(),
        doc: doc(node),
        required: flag(node, "required"),
        repeat: flag(node, "repeat"),
        arguments: values("argument"),
        properties: values("property"),
        children: shapes(&node.children, None),
        plugin: text(node, "plugin"),
        when: when.cloned(),
        ordered: text(node, "ordered"),
    }
}

fn value_shape(node: &Node) -> Option<ValueShape> {
    let words = |name: &str| -> Vec<String> {
        let entries = node.child(name).into_iter().flat_map(Node::arguments);
        entries.filter_map(|entry| entry.value.as_text().map(str::to_owned)).collect()
    };
    Some(ValueShape {
        name: node.text().unwrap_or("value").to_owned(),
        doc: doc(node),
        kind: Type::named(&text(node, "type")?)?,
        required: flag(node, "required"),
        repeat: flag(node, "repeat"),
        default: node.property("default").map(|entry| entry.value.clone()),
        names: text(node, "names"),
        refers: text(node, "refers-to").map(|kinds| kinds.split(' ').map(str::to_owned).collect()).unwrap_or_default(),
        within: text(node, "within"),
        one_of: words("one-of"),
        reserved: words("reserved"),
        least: whole(node, "least"),
        most: whole(node, "most"),
    })
}

fn text(node: &Node, name: &str) -> Option<String> {
    node.property(name).and_then(|entry| entry.value.as_text()).map(str::to_owned)
}

fn whole(node: &Node, name: &str) -> Option<i128> {
    match node.property(name)?.value {
        syntax::Value::Integer(number) => Some(number),
        _ => None,
    }
}

fn flag(node: &Node, name: &str) -> bool {
    node.property(name).and_then(|entry| entry.value.as_bool()).unwrap_or_default()
}

fn doc(node: &Node) -> String {
    node.child("doc").and_then(Node::text).unwrap_or_default().to_owned()
}
