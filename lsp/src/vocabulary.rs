//! The vocabulary where it is used: which nodes may stand somewhere in a text, and what a node there may hold.

use crate::document::Document;
use crate::sketch::{Entry, NodeId};
use compiler::structure::{self, Manifest, NodeShape, Type, ValueShape};
use schema::fact::PluginManifest;

/// The annotation of a value that a variable stands for.
const VAR: &str = compiler::expand::VAR;
/// The node of reuse that takes a template.
pub(crate) const USE: &str = "use";
/// The node of reuse that takes a text in.
pub(crate) const IMPORT: &str = "import";

/// The words of strategies, of reuse, and of every plugin.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    pub(crate) manifests: Vec<Manifest>,
    /// The nodes of reuse, with what their names are names of: the compiler resolves them before it looks at names.
    reuse: Vec<NodeShape>,
    /// What a value with the annotation `(var)` is.
    pub(crate) variable: ValueShape,
    /// Every shape of strategies once by its name: what may stand in a template.
    any: Vec<&'static NodeShape>,
}

/// A value in a text, and what the vocabulary says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use<'a> {
    pub(crate) document: &'a Document,
    pub(crate) node: NodeId,
    pub(crate) entry: &'a Entry,
    pub(crate) shape: &'a ValueShape,
}

impl Vocabulary {
    pub(crate) fn new(plugins: &[PluginManifest]) -> Self {
        // A manifest that is wrong is told where the strategy is checked.
        let mut manifests = structure::manifests(plugins, &mut Vec::new());
        manifests.retain(|manifest| manifest.sound);
        let mut reuse = structure::reuse().to_vec();
        let kinds =
            [("let", "variable", None), ("template", "template", None), ("param", "variable", Some("template"))];
        name(&mut reuse, &kinds);
        for first in reuse.iter_mut().filter(|node| node.name == USE).flat_map(|node| node.arguments.first_mut()) {
            first.refers = vec!["template".to_owned()];
        }
        let variable = ValueShape {
            doc: "The value of a parameter, of `--var`, or of a `let`.".to_owned(),
            required: true,
            refers: vec!["variable".to_owned()],
            ..ValueShape::new("variable", Type::Name)
        };
        let mut any: Vec<&NodeShape> = structure::strategy().iter().flat_map(|shape| &shape.children).collect();
        let mut next = 0;
        while let Some(shape) = any.get(next).copied() {
            let fresh = |child: &&NodeShape| !any.iter().any(|known| known.name == child.name);
            let fresh: Vec<&NodeShape> = shape.children.iter().filter(fresh).collect();
            any.extend(fresh);
            next += 1;
        }
        Self { manifests, reuse, variable, any }
    }

    /// What may stand at the top of a text: a strategy, and in a text that has none what may stand in one.
    pub(crate) fn top(&self, document: &Document) -> Vec<&NodeShape> {
        let all = structure::strategy();
        let known = |name: &str| all.iter().any(|shape| shape.name == name);
        let whole = document.sketch.below(None).any(|(_, node)| known(&document.name(node)));
        let part = all.iter().filter(|_| !whole).flat_map(|shape| &shape.children);
        let reuse = self.reuse.iter().filter(|shape| !whole || shape.name != USE);
        all.iter().chain(part).chain(reuse).collect()
    }

    /// What may stand in the block of a node, where `around` may stand beside the node.
    fn within<'a>(
        &'a self,
        document: &Document,
        node: NodeId,
        shape: &'a NodeShape,
        around: &[&'a NodeShape],
    ) -> Vec<&'a NodeShape> {
        let own = |known: &NodeShape| std::ptr::eq(known, shape);
        if self.reuse.iter().any(own) {
            let nodes = shape.children.iter().chain(self.any.iter().copied()).chain(self.using());
            return if shape.name == USE { around.to_vec() } else { nodes.collect() };
        }
        let said = |property: &str| document.property(node, property);
        let fits = |shape: &&NodeShape| {
            shape.when.as_ref().is_none_or(|when| said(&when.property).is_none_or(|value| value == when.value))
        };
        let named = shape.plugin.as_ref().and_then(|_| said("plugin"));
        let manifest = self.manifests.iter().find(|manifest| Some(manifest.name.as_str()) == named.as_deref());
        let mut out: Vec<&NodeShape> = shape.children.iter().filter(fits).collect();
        out.extend(manifest.into_iter().flat_map(|manifest| &manifest.nodes));
        if structure::strategy().iter().any(own) {
            out.extend(&self.reuse);
        } else if !out.is_empty() {
            out.extend(self.using());
        }
        out
    }

    fn using(&self) -> impl Iterator<Item = &NodeShape> {
        self.reuse.iter().filter(|shape| shape.name == USE)
    }

    /// What may stand below a node, or at the top.
    pub(crate) fn below(&self, document: &Document, parent: Option<NodeId>) -> Vec<&NodeShape> {
        match parent {
            None => self.top(document),
            Some(parent) => self.walk(document, parent).map(|(_, below)| below).unwrap_or_default(),
        }
    }

    /// The shape of a node, by where it stands.
    pub(crate) fn shape(&self, document: &Document, id: NodeId) -> Option<&NodeShape> {
        self.walk(document, id).map(|(shape, _)| shape)
    }

    /// The shape of a node and what may stand in it.
    fn walk(&self, document: &Document, id: NodeId) -> Option<(&NodeShape, Vec<&NodeShape>)> {
        let mut around = vec![self.top(document)];
        let mut found = None;
        for step in document.sketch.path(id) {
            let shape = known(&document.name(document.sketch.node(step)?), around.iter().rev())?;
            around.push(self.within(document, step, shape, around.last()?));
            found = Some(shape);
        }
        Some((found?, around.pop()?))
    }

    /// Every node of a text that the vocabulary knows, with its shape.
    pub(crate) fn nodes<'a>(&'a self, document: &'a Document) -> Vec<(NodeId, &'a NodeShape)> {
        let mut out: Vec<(NodeId, &NodeShape)> = Vec::new();
        let top = self.top(document);
        // By node: what may stand in it. A parent comes before its children.
        let mut within: Vec<Option<Vec<&NodeShape>>> = Vec::new();
        for node in &document.sketch.nodes {
            let id = within.len();
            let above = std::iter::successors(node.parent, |id| document.sketch.node(*id).and_then(|node| node.parent));
            let around = above.filter_map(|id| within.get(id)?.as_ref()).chain(std::iter::once(&top));
            let shape = known(&document.name(node), around).filter(|_| node.live);
            out.extend(shape.map(|shape| (id, shape)));
            let beside = node.parent.and_then(|parent| within.get(parent)?.as_ref()).unwrap_or(&top);
            let inside = shape.filter(|_| node.block.is_some()).map(|shape| self.within(document, id, shape, beside));
            within.push(inside);
        }
        out
    }

    /// Every value of a text that the vocabulary knows.
    pub(crate) fn uses<'a>(&'a self, document: &'a Document) -> Vec<Use<'a>> {
        let mut out = Vec::new();
        for (node, shape) in self.nodes(document) {
            let mut position = 0;
            for entry in document.sketch.node(node).into_iter().flat_map(|node| &node.entries) {
                let name = entry.name.as_ref().map(|name| document.text_of(name));
                let shape = match &name {
                    _ if document.annotated(entry, VAR) => Some(&self.variable),
                    Some(name) => shape.property(name),
                    None => shape.argument(position),
                };
                position += usize::from(name.is_none() && entry.live);
                out.extend(shape.filter(|_| entry.live).map(|shape| Use { document, node, entry, shape }));
            }
        }
        out
    }
}

/// The shape of that name, in what may stand here, else further out: a block that is not closed yet takes in what was
/// meant to stand behind it.
fn known<'s, 'a: 's>(name: &str, mut around: impl Iterator<Item = &'s Vec<&'a NodeShape>>) -> Option<&'a NodeShape> {
    around.find_map(|shapes| shapes.iter().find(|shape| shape.name == name).copied())
}

/// Says what the first arguments of some nodes are names of, also of those below them.
fn name(shapes: &mut [NodeShape], kinds: &[(&str, &str, Option<&str>)]) {
    for shape in shapes {
        let kind = kinds.iter().find(|(node, _, _)| *node == shape.name);
        if let (Some((_, kind, within)), Some(first)) = (kind, shape.arguments.first_mut()) {
            first.names = Some((*kind).to_owned());
            first.within = within.map(str::to_owned);
        }
        name(&mut shape.children, kinds);
    }
}
