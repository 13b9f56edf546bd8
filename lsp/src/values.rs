//! The values that may be typed in a place: words, names, references, and what was said elsewhere for the same thing.

use crate::completion::{Item, Kind, item, plain};
use crate::desk::Desk;
use crate::document::Document;
use crate::names::{Definition, definitions};
use crate::sketch::{Entry, NodeId};
use crate::vocabulary::{IMPORT, Use};
use compiler::structure::{REFERENCES, Type, ValueShape};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

/// Where a value is asked for.
#[derive(Clone, Copy)]
pub(crate) struct There<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) document: &'a Document,
    pub(crate) node: NodeId,
    /// What is typed so far.
    pub(crate) word: &'a Range<usize>,
}

/// A value as a string in quotes.
fn quoted(kind: Kind, text: &str, detail: &str, doc: &str) -> Item {
    let typed = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    item(kind, text, plain(&typed), detail, doc)
}

impl There<'_> {
    /// Values of a shape.
    pub(crate) fn values(self, shape: &ValueShape) -> Vec<Item> {
        let doc = shape.doc.as_str();
        let mut items: Vec<Item> = shape.one_of.iter().map(|word| quoted(Kind::Word, word, "", doc)).collect();
        items.extend(self.names(shape));
        match shape.kind {
            Type::Boolean => {
                items.extend(["#true", "#false"].map(|word| item(Kind::Word, word, plain(word), "", doc)));
            }
            Type::Secret => items.extend(REFERENCES.iter().map(|place| {
                let label = format!("({place})\"…\"");
                item(Kind::Sample, &label, format!("({place})\"$1\""), "where the secret is found", doc)
            })),
            Type::Timezone => {
                let zones = jiff::tz::TimeZoneDatabase::bundled();
                items.extend(zones.available().map(|zone| quoted(Kind::Word, zone.as_str(), "", doc)));
            }
            Type::Path if self.named(IMPORT) => {
                items.extend(self.texts().iter().map(|path| quoted(Kind::Name, path, "", doc)));
            }
            Type::String | Type::Database => {
                items.extend(self.said(shape).iter().map(|text| quoted(Kind::Name, text, "said elsewhere", doc)));
            }
            _ => {}
        }
        if items.is_empty() && shape.names.is_none() {
            items.push(item(Kind::Sample, &shape.sample(), plain(&shape.sample()), shape.kind.noun(), doc));
        }
        // A reference to a secret cannot come from a variable, and a name that is given must stand there.
        let bare = !self.document.text.get(self.word.clone()).is_some_and(|typed| typed.starts_with('"'));
        if bare && shape.kind != Type::Secret && shape.names.is_none() && !self.annotated() {
            items.extend(self.variables());
        }
        items
    }

    fn named(self, name: &str) -> bool {
        self.document.sketch.node(self.node).is_some_and(|node| self.document.name(node) == name)
    }

    /// Whether an annotation stands before what is typed.
    fn annotated(self) -> bool {
        let before = self.document.text.get(..self.word.start).unwrap_or_default();
        before.trim_end().ends_with(')')
    }

    /// Definitions that a value of a shape may refer to, but for the one in this very node.
    fn fitting(self, shape: &ValueShape) -> Vec<Definition> {
        let entry = Entry { name: None, annotation: None, value: None, start: 0, end: 0, live: true };
        let used = Use { document: self.document, node: self.node, entry: &entry, shape };
        let head = self.document.sketch.node(self.node).map(|node| node.head.clone()).unwrap_or_default();
        let mut all = definitions(&self.desk.vocabulary, &self.desk.strategy(self.document));
        let own = |it: &Definition| it.path == self.document.path && head.contains(&it.range.start);
        all.retain(|it| shape.refers.contains(&it.kind) && it.answers(&used) && !own(it));
        all
    }

    fn names(self, shape: &ValueShape) -> Vec<Item> {
        if shape.refers.is_empty() {
            return Vec::new();
        }
        let fitting = self.fitting(shape);
        let mut items: Vec<Item> =
            fitting.iter().map(|it| quoted(Kind::Name, &it.name, &it.line, &shape.doc)).collect();
        if shape.refers.iter().any(|kind| kind == "plugin") {
            let wanted = self.desk.vocabulary.shape(self.document, self.node).and_then(|shape| shape.plugin.as_deref());
            let all = self.desk.vocabulary.manifests.iter();
            let fitting = all.filter(|manifest| wanted.is_none_or(|kind| kind == manifest.kind));
            items.extend(fitting.map(|it| quoted(Kind::Name, &it.name, &it.kind, &shape.doc)));
        }
        items
    }

    /// Variables that are known here, with their annotation.
    fn variables(self) -> Vec<Item> {
        let fitting = self.fitting(&self.desk.vocabulary.variable);
        let typed = |it: &Definition| format!("({})\"{}\"", compiler::expand::VAR, it.name);
        fitting.iter().map(|it| item(Kind::Name, &typed(it), plain(&typed(it)), &it.line, "")).collect()
    }

    /// The parameters of the template that the node takes, as properties.
    pub(crate) fn parameters(self) -> Vec<Item> {
        let wanted = self.document.sketch.node(self.node).and_then(|node| node.arguments().next()?.value.clone());
        let wanted = wanted.map(|value| self.document.text_of(&value).into_owned()).unwrap_or_default();
        let said = |name: &str| self.document.property(self.node, name).is_some();
        let all = definitions(&self.desk.vocabulary, &self.desk.strategy(self.document));
        let fitting = all.iter().filter(|it| it.within.as_deref() == Some(wanted.as_str()) && !said(&it.name));
        fitting.map(|it| item(Kind::Property, &it.name, format!("{}=\"$1\"", plain(&it.name)), &it.line, "")).collect()
    }

    /// The texts, and the folders with texts, in the folder of this text.
    fn texts(self) -> BTreeSet<String> {
        let folder = Path::new(&self.document.path).parent().unwrap_or(Path::new("/"));
        let own = Path::new(&self.document.path).file_name();
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let entries = entries.filter(|entry| Some(entry.file_name().as_os_str()) != own);
        let names = entries.filter_map(|entry| Some((entry.path(), entry.file_name().to_str()?.to_owned())));
        let shown = names.filter(|(path, name)| {
            let text = |name: &str| name.ends_with(".kdl") && !name.starts_with('.');
            let within = || std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
            text(name) || within().any(|entry| entry.file_name().to_str().is_some_and(text))
        });
        shown.map(|(_, name)| name).collect()
    }

    /// What the strategy says elsewhere for the same thing: databases, and the values of nodes and properties of that
    /// name.
    fn said(self, shape: &ValueShape) -> BTreeSet<String> {
        let here = self.document.sketch.node(self.node).map(|node| self.document.name(node));
        let mut out = BTreeSet::new();
        for document in self.desk.strategy(self.document) {
            for other in self.desk.vocabulary.uses(&document) {
                let Some(value) = &other.entry.value else { continue };
                let alike = if shape.kind == Type::Database {
                    other.shape.kind == Type::Database
                } else {
                    let name = document.sketch.node(other.node).map(|node| document.name(node));
                    other.shape.kind == Type::String && other.shape.name == shape.name && name == here
                };
                let own = document.path == self.document.path && *value == *self.word;
                let text = document.text_of(value);
                if alike && !own && !text.is_empty() && !text.contains(['\n', '*', '?']) {
                    out.insert(text.into_owned());
                }
            }
        }
        out
    }
}
