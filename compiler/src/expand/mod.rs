//! What a strategy is made of by reuse, put in its place: imported texts, templates where they are used, values where
//! variables stand. Later stages see one document, as if it had been written out; its spans remember where each part
//! was written and what brought it here. It knows no node but its own, and reads no file: texts come from the caller.
//!
//! The rules. `import`, `let` and `template` stand at the top of a text or directly in `strategy`; `use` stands anywhere
//! inside `strategy`. A text is taken in once, however often it is imported. Names of templates and variables hold in
//! all texts, before and after where they are written. `(var)"name"` stands for a whole value: the nearest parameter of
//! that name, else what `--var` gives, else the `let`.

mod bind;
mod define;
mod gather;
mod import;
mod merge;
mod shape;
mod unroll;

pub use gather::{Look, MOST_TEXT, MOST_TEXTS, Seen, gather, imports, too_much};
pub use import::{Found, Imports, join, paths};
pub use unroll::MOST_MADE;

use crate::diag::{Diagnostic, Sink, suggest};
use crate::source::Source;
use crate::syntax::{Document, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use unroll::Made;

/// The nodes of this stage; none of them is left when it is done.
pub const NODES: [&str; 5] = ["import", "let", "param", "template", "use"];
/// The annotation of a value that a variable stands for. Left in place only when the variable is not known.
pub const VAR: &str = "var";
/// The annotation of a node that replaces one of a template.
pub const OVERRIDE: &str = "override";

/// The names among nodes that were probably meant to be `wanted`, a node of this stage; a later stage tells of them.
fn misspelt<'a>(nodes: &'a [Node], wanted: &str) -> BTreeSet<&'a str> {
    let names: BTreeSet<&str> = nodes.iter().map(|node| node.name.value.as_str()).collect();
    let meant = |name: &&str| !NODES.contains(name) && suggest::nearest(name, NODES) == Some(wanted);
    names.into_iter().filter(meant).collect()
}

/// Whether a node at the top of a text is the strategy, or was meant to be; what is misspelt is told by a later stage.
fn is_strategy(node: &Node) -> bool {
    const NAME: &str = "strategy";
    let name = node.name.value.as_str();
    name == NAME || name.len().abs_diff(NAME.len()) < 3 && suggest::nearest(name, [NAME]).is_some()
}

/// What makes a node the same as another one of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Its first argument.
    Named,
    /// Nothing: there is at most one.
    Single,
    /// There may be several, and none has a name.
    Many,
    /// It is no word of strategies, or one of a plugin.
    Unknown,
}

/// A text that was parsed. Without a document when it is not KDL; `told` says why.
#[derive(Debug)]
pub struct Parsed {
    pub source: Arc<Source>,
    pub document: Option<Document>,
    pub told: Sink,
}

/// What is given beside the texts.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    pub imports: &'a Imports,
    pub variables: &'a BTreeMap<String, String>,
    pub identity: fn(&str) -> Identity,
}

/// The document of a strategy, written out.
#[derive(Debug)]
pub struct Expanded {
    /// `None` when a text of it is not KDL, or when there is no end to it.
    pub document: Option<Document>,
    /// The texts that it is made of, in the order of reading, by their positions.
    pub texts: Vec<usize>,
    /// Whether every import and every `use` brought what it should; else what is missing is missing for that reason.
    pub whole: bool,
}

/// Puts the texts that the first one imports together, and writes out what they reuse.
pub fn expand(texts: Vec<Parsed>, given: Given<'_>, sink: &mut Sink) -> Expanded {
    let linked = import::link(texts, given.imports, sink);
    let Some(mut nodes) = linked.nodes else {
        return Expanded { document: None, texts: linked.texts, whole: false };
    };
    let before = sink.len();
    let mut definitions = define::gather(&mut nodes, linked.whole, sink);
    let made = unroll::unroll(&mut nodes, &mut definitions, given, sink);
    // What seems unused may be what another name was meant to be.
    if linked.whole && !sink.iter().skip(before).any(Diagnostic::is_error) {
        definitions.tell_unused(sink);
    }
    let whole = linked.whole && made == Made::Whole;
    let document = (made != Made::TooMuch).then_some(Document { nodes, ..Document::default() });
    Expanded { document, texts: linked.texts, whole }
}
