//! `import`: the nodes of other texts at the place that names them. A text is taken in at its first import, so that two
//! texts may both import a third; a text that is still open when it is imported again is a circle.

use super::{Parsed, shape};
use crate::Text;
use crate::diag::{Diagnostic, Sink, codes};
use crate::span::{Span, Spanned};
use crate::syntax::{Document, Node};
use std::collections::BTreeMap;

/// What imports were found to be, by the name of the text that they stand in and their path as it is written.
pub type Imports = BTreeMap<(String, String), Found>;

/// What the reader of texts found at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Names of texts, in order: one of a file, all of a folder.
    Texts(Vec<String>),
    /// Nothing that could be read, and why, as a fragment such as "no such file".
    Nothing(String),
    /// A file that is no text, by its name and what it holds: where it goes wrong is told in the file itself.
    NotText { name: String, bytes: Vec<u8> },
}

/// The import paths of a document, in its order.
#[must_use]
pub fn paths(document: &Document) -> Vec<Spanned<String>> {
    let inside = document.nodes.iter().filter(|node| super::is_strategy(node)).flat_map(|node| &node.children);
    let all = document.nodes.iter().chain(inside).filter(|node| node.name.value == "import");
    all.filter_map(|node| shape::only_text(node, PATH, &mut Sink::new())).collect()
}

const PATH: &str = "the path";

/// What [`link`] makes.
pub(super) struct Linked {
    /// `None` when a text is not KDL.
    pub(super) nodes: Option<Vec<Node>>,
    pub(super) texts: Vec<usize>,
    pub(super) whole: bool,
}

/// The nodes of the first text, with those of all that it imports spliced in.
pub(super) fn link(texts: Vec<Parsed>, imports: &Imports, sink: &mut Sink) -> Linked {
    let names: BTreeMap<String, usize> =
        texts.iter().enumerate().map(|(at, text)| (text.source.name().to_owned(), at)).rev().collect();
    let taken = texts.iter().map(|_| false).collect();
    let mut linker =
        Linker { texts, names, imports, taken, open: Vec::new(), order: Vec::new(), sound: true, whole: true };
    let nodes = if linker.texts.is_empty() { Vec::new() } else { linker.text(0, None, sink) };
    let (texts, whole) = (linker.order, linker.whole);
    Linked { nodes: linker.sound.then_some(nodes), texts, whole }
}

struct Linker<'a> {
    texts: Vec<Parsed>,
    names: BTreeMap<String, usize>,
    imports: &'a Imports,
    taken: Vec<bool>,
    /// The texts around the present one, each with the place that imports it.
    open: Vec<(usize, Option<Span>)>,
    order: Vec<usize>,
    /// Whether every text so far is KDL.
    sound: bool,
    whole: bool,
}

impl Linker<'_> {
    fn text(&mut self, at: usize, import: Option<&Span>, sink: &mut Sink) -> Vec<Node> {
        let Some(text) = self.texts.get_mut(at) else { return Vec::new() };
        if let Some(import) = import {
            text.source.import_at(import);
        }
        sink.append(&mut text.told);
        let document = text.document.take();
        if let Some(taken) = self.taken.get_mut(at) {
            *taken = true;
        }
        self.order.push(at);
        self.sound &= document.is_some();
        self.open.push((at, import.cloned()));
        let nodes = self.level(document.unwrap_or_default().nodes, true, sink);
        self.open.pop();
        nodes
    }

    /// The nodes at the top of a text, or in `strategy`.
    fn level(&mut self, mut nodes: Vec<Node>, top: bool, sink: &mut Sink) -> Vec<Node> {
        if top {
            for node in nodes.iter_mut().filter(|node| super::is_strategy(node)) {
                let children = std::mem::take(&mut node.children);
                node.children = self.level(children, false, sink);
            }
        }
        self.whole &= super::misspelt(&nodes, "import").is_empty();
        if !nodes.iter().any(|node| node.name.value == "import") {
            return nodes;
        }
        let mut out = Vec::with_capacity(nodes.len());
        for node in nodes {
            if node.name.value != "import" {
                out.push(node);
            } else {
                let path = if shape::no_block(&node, sink) { shape::only_text(&node, PATH, sink) } else { None };
                match path {
                    Some(path) => self.import(&node, &path, &mut out, sink),
                    None => self.whole = false,
                }
            }
        }
        out
    }

    fn import(&mut self, node: &Node, path: &Spanned<String>, out: &mut Vec<Node>, sink: &mut Sink) {
        let importer = self.open.last().and_then(|(at, _)| self.texts.get(*at));
        let importer = importer.map(|text| text.source.name().to_owned()).unwrap_or_default();
        let found = match self.imports.get(&(importer.clone(), path.value.clone())) {
            Some(found) => found.clone(),
            None => self.beside(&importer, &path.value),
        };
        let names = match found {
            Found::Texts(names) => names,
            Found::Nothing(why) => return self.nothing(path, &why, sink),
            Found::NotText { name, bytes } => return self.not_text(node, &name, bytes, sink),
        };
        let mut told = false;
        for name in names {
            let Some(at) = self.names.get(&name).copied() else {
                self.nothing(path, &format!("there is no text `{name}`"), sink);
                continue;
            };
            if let Some(first) = self.open.iter().position(|(open, _)| *open == at) {
                self.whole = false;
                // Once, also for a folder with several texts that are open.
                if !std::mem::replace(&mut told, true) {
                    sink.push(self.circle(first, &node.span));
                }
            } else if !self.taken.get(at).copied().unwrap_or_default() {
                let nodes = self.text(at, Some(&node.span), sink);
                out.extend(nodes);
            }
        }
    }

    /// Cites the bytes, and the import.
    fn not_text(&mut self, node: &Node, name: &str, bytes: Vec<u8>, sink: &mut Sink) {
        self.whole = false;
        if let Err(unread) = Text::from_bytes(name, bytes) {
            if let Some(source) = unread.source() {
                source.import_at(&node.span);
            }
            sink.push(*unread);
        }
    }

    fn nothing(&mut self, path: &Spanned<String>, why: &str, sink: &mut Sink) {
        self.whole = false;
        sink.push(
            Diagnostic::error(&codes::IMPORT_UNREADABLE, format!("cannot import `{}`: {why}", path.value))
                .at(&path.span, "nothing can be read from here")
                .help("Correct the path: it begins at the folder of this text."),
        );
    }

    /// What a path means among the texts by their names alone, for a caller who did not look.
    fn beside(&self, importer: &str, path: &str) -> Found {
        let wanted = join(importer, path);
        if self.names.contains_key(&wanted) {
            return Found::Texts(vec![wanted]);
        }
        let folder = if wanted.is_empty() { String::new() } else { format!("{wanted}/") };
        let inside = |name: &&String| {
            let rest = name.strip_prefix(&folder).filter(|rest| !rest.contains('/'));
            rest.is_some_and(|rest| rest.ends_with(".kdl"))
        };
        let names: Vec<String> = self.names.keys().filter(inside).cloned().collect();
        if names.is_empty() { Found::Nothing("no such text".to_owned()) } else { Found::Texts(names) }
    }

    /// `first` is the position among the open texts of the one that `closing` imports again.
    fn circle(&self, first: usize, closing: &Span) -> Diagnostic {
        let around: Vec<(usize, &Span)> =
            self.open.iter().skip(first + 1).filter_map(|(at, import)| Some((*at, import.as_ref()?))).collect();
        let name = |at: usize| self.texts.get(at).map(|text| text.source.name()).unwrap_or_default();
        let begin = self.open.get(first).map(|(at, _)| *at).unwrap_or_default();
        let mut path = vec![name(begin)];
        path.extend(around.iter().map(|(at, _)| name(*at)));
        path.push(name(begin));
        let shown: Vec<String> = path.iter().map(|name| format!("`{name}`")).collect();
        let message = match path.as_slice() {
            [alone, _] => format!("`{alone}` imports itself"),
            _ => format!("these texts import each other: {}", shown.join(" → ")),
        };
        let mut out = Diagnostic::error(&codes::IMPORT_CYCLE, message);
        let spans = around.into_iter().map(|(_, span)| span).chain([closing]);
        for (span, name) in spans.zip(path.iter().skip(1)) {
            out = out.at(span, format!("imports `{name}`"));
        }
        out.help("Remove one of these imports; what both texts need can stand in a third.")
    }
}

/// A path as it is cited: `path` from the folder of the text `importer`, without `.` and with as few `..` as can be.
#[must_use]
pub fn join(importer: &str, path: &str) -> String {
    let folder = importer.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if folder.starts_with('/') || importer.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}
