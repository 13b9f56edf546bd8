//! A text as nodes and entries, by its tokens alone: what an editor asks is mostly asked of a text that is not KDL yet.
//! It guesses where the text is broken and never fails; whether something is right is for the compiler to say.

use compiler::syntax::{Token, TokenKind, tokens};
use std::borrow::Cow;
use std::ops::Range;

/// A node, by its place in [`Sketch::nodes`].
pub(crate) type NodeId = usize;

/// Nodes in the order of the text. They refer to each other by position, so that no nesting is too deep.
#[derive(Debug, Default)]
pub(crate) struct Sketch {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) parent: Option<NodeId>,
    /// Empty where a block stands without a node.
    pub(crate) name: Range<usize>,
    pub(crate) entries: Vec<Entry>,
    /// Where the name and the entries may stand: up to the block or the end of the node.
    pub(crate) head: Range<usize>,
    /// What stands between the braces.
    pub(crate) block: Option<Range<usize>>,
    /// Where it ends, with its block.
    pub(crate) end: usize,
    /// Not taken away by a slashdash.
    pub(crate) live: bool,
}

/// An argument or a property.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Option<Range<usize>>,
    pub(crate) annotation: Option<Range<usize>>,
    /// `None` behind a `=` that nothing follows.
    pub(crate) value: Option<Range<usize>>,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) live: bool,
}

impl Sketch {
    /// The nodes below a node, or those of the whole text.
    pub(crate) fn below(&self, parent: Option<NodeId>) -> impl Iterator<Item = (NodeId, &Node)> {
        // A node follows its parent and lies within it.
        let from = parent.map_or(0, |parent| parent + 1);
        let end = parent.and_then(|parent| self.node(parent)).map_or(usize::MAX, |parent| parent.end);
        let inside = self.nodes.iter().enumerate().skip(from).take_while(move |(_, node)| node.name.start < end);
        inside.filter(move |(_, node)| node.parent == parent && node.live)
    }

    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// A node and those around it, from the outermost on.
    pub(crate) fn path(&self, id: NodeId) -> Vec<NodeId> {
        let mut path: Vec<NodeId> =
            std::iter::successors(Some(id), |id| self.node(*id).and_then(|node| node.parent)).collect();
        path.reverse();
        path
    }
}

impl Node {
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.live && entry.name.is_none())
    }
}

/// What a name or a string stands for. Line breaks in strings are not made even: no name has one.
pub(crate) fn decoded(token: &str) -> Cow<'_, str> {
    let Some(quoted) = token.trim_start_matches('#').strip_prefix('"') else { return Cow::Borrowed(token) };
    let raw = token.starts_with('#');
    let inner = quoted.trim_end_matches('#').trim_matches('"');
    if raw || !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match (char, if char == '\\' { chars.next() } else { None }) {
            (_, Some('n')) => out.push('\n'),
            (_, Some('t')) => out.push('\t'),
            (_, Some('s')) => out.push(' '),
            (_, Some(other)) => out.push(other),
            (other, None) => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// Sketches a text.
pub(crate) fn sketch(text: &str) -> Sketch {
    let mut pen = Pen::default();
    for token in tokens(text) {
        pen.token(&token);
    }
    pen.ends(text.len());
    while pen.open.pop().is_some_and(|(id, _)| pen.closes(id, text.len(), text.len())) {}
    pen.sketch
}

#[derive(Default)]
struct Pen {
    sketch: Sketch,
    /// Nodes whose blocks are open, and whether what is in them counts.
    open: Vec<(NodeId, bool)>,
    /// The node whose head is being read.
    node: Option<NodeId>,
    /// Whether the last entry has its `=` and no value.
    awaits: bool,
    /// Behind `/-`.
    dashed: bool,
    /// Behind `\`.
    continued: bool,
    /// Behind `(`, with what stood there.
    annotating: bool,
    annotation: Option<Range<usize>>,
}

impl Pen {
    fn token(&mut self, token: &Token<'_>) {
        let range = token.start..token.end();
        match token.kind {
            TokenKind::Space | TokenKind::BlockComment | TokenKind::LineComment | TokenKind::Stray => {}
            TokenKind::Newline if self.continued => self.continued = false,
            TokenKind::Newline if self.dashed => {}
            TokenKind::Newline | TokenKind::Semicolon => self.ends(token.start),
            TokenKind::Continuation => self.continued = true,
            TokenKind::Slashdash => self.dashed = true,
            TokenKind::ParenOpen => self.annotating = true,
            TokenKind::ParenClose => self.annotating = false,
            TokenKind::Equals => self.equals(token.end()),
            TokenKind::Open => self.opens(token),
            TokenKind::Close => {
                self.ends(token.start);
                if let Some((id, _)) = self.open.pop() {
                    self.closes(id, token.start, token.end());
                }
            }
            _ if self.annotating => self.annotation = Some(range),
            TokenKind::Word | TokenKind::Quoted | TokenKind::Unclosed => self.word(range),
        }
    }

    fn live(&mut self) -> bool {
        !std::mem::take(&mut self.dashed)
    }

    fn word(&mut self, range: Range<usize>) {
        let annotation = self.annotation.take();
        let start = annotation.as_ref().map_or(range.start, |annotation| annotation.start.saturating_sub(1));
        let Some(node) = self.node.and_then(|id| self.sketch.nodes.get_mut(id)) else {
            self.begins(range);
            return;
        };
        node.head.end = range.end;
        match node.entries.last_mut() {
            Some(entry) if self.awaits => {
                (entry.end, entry.annotation, entry.value) = (range.end, annotation, Some(range));
            }
            _ => {
                let live = !std::mem::take(&mut self.dashed);
                let end = range.end;
                node.entries.push(Entry { name: None, annotation, value: Some(range), start, end, live });
            }
        }
        self.awaits = false;
    }

    fn equals(&mut self, end: usize) {
        let node = self.node.and_then(|id| self.sketch.nodes.get_mut(id));
        let Some(entry) = node.and_then(|node| node.entries.last_mut()).filter(|entry| entry.name.is_none()) else {
            return;
        };
        (entry.name, entry.end) = (entry.value.take(), end);
        self.awaits = true;
    }

    fn begins(&mut self, name: Range<usize>) {
        let around = self.open.last().copied();
        let live = self.live() && around.is_none_or(|(_, live)| live);
        let (head, end) = (name.clone(), name.end);
        let parent = around.map(|(id, _)| id);
        self.node = Some(self.sketch.nodes.len());
        self.sketch.nodes.push(Node { parent, name, entries: Vec::new(), head, block: None, end, live });
    }

    fn opens(&mut self, token: &Token<'_>) {
        if self.node.is_none() {
            self.begins(token.start..token.start);
        }
        let dashed = !self.live();
        let Some(id) = self.node.take() else { return };
        if let Some(node) = self.sketch.nodes.get_mut(id) {
            node.head.end = token.start.max(node.head.end);
            node.block = Some(token.end()..token.end());
            self.open.push((id, node.live && !dashed));
        }
        self.awaits = false;
    }

    /// Ends the head that is being read.
    fn ends(&mut self, at: usize) {
        if let Some(node) = self.node.take().and_then(|id| self.sketch.nodes.get_mut(id)) {
            node.head.end = at;
            node.end = at;
        }
        (self.awaits, self.dashed, self.continued, self.annotating) = (false, false, false, false);
        self.annotation = None;
    }

    fn closes(&mut self, id: NodeId, inner: usize, end: usize) -> bool {
        if let Some(node) = self.sketch.nodes.get_mut(id) {
            node.block = node.block.as_ref().map(|block| block.start..inner);
            node.end = end;
        }
        true
    }
}
