//! Mutants of reuse: `import`, `let`, `template`, `param`, `use`, `(var)` and `(override)`, and of what stands in a
//! template or in the block of a `use`. A fault in what is reused is one fault, however often it is used.

use super::mutants::{GONE, Mutant, STRANGER, misspelt};
use crate::places::{Fixture, end};
use compiler::source::Source;
use compiler::syntax::{Entry, Node, Value, parse};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// A node as it is written, with what is around it.
struct Written {
    /// The position of its text.
    at: usize,
    node: Node,
    whole: Range<usize>,
    /// The template that it stands in.
    template: Option<String>,
    /// Whether it stands in the block of a `use`.
    added: bool,
}

/// The mutants of one text of a strategy.
pub(super) fn all(fixture: &Fixture, at: usize) -> Vec<Mutant> {
    let mut written = Vec::new();
    for (at, text) in fixture.texts.iter().enumerate() {
        let source = Arc::new(Source::new(&text.name, &text.text));
        let document = parse(&source, &mut Vec::new()).unwrap();
        document.nodes.iter().for_each(|node| walk(at, &text.text, node, None, false, &mut written));
    }
    let text = &fixture.texts[at].text;
    let mut maker = Maker { text, at, written: &written, given: &fixture.facts.variables, out: Vec::new() };
    for it in written.iter().filter(|it| it.at == at) {
        maker.node(it);
    }
    // What was done to one node need not be done to its like.
    let mut seen = BTreeSet::new();
    maker.out.retain(|mutant| seen.insert(mutant.text.clone()));
    maker.out
}

fn walk(at: usize, text: &str, node: &Node, template: Option<&str>, added: bool, out: &mut Vec<Written>) {
    let whole = node.name.span.start()..end(text, node);
    out.push(Written { at, node: node.clone(), whole, template: template.map(str::to_owned), added });
    let name = node.name.value.as_str();
    let template = if name == "template" { node.text() } else { template };
    let added = added || name == "use";
    node.children.iter().for_each(|child| walk(at, text, child, template, added, out));
}

fn range(entry: &Entry) -> Range<usize> {
    entry.span.start()..entry.span.end()
}

fn is_var(entry: &Entry) -> bool {
    entry.annotation.as_ref().is_some_and(|annotation| annotation.value == "var")
}

struct Maker<'a> {
    text: &'a str,
    at: usize,
    written: &'a [Written],
    /// Values that are given beside the texts.
    given: &'a BTreeMap<String, String>,
    out: Vec<Mutant>,
}

impl Maker<'_> {
    fn node(&mut self, it: &Written) {
        let name = it.node.name.value.as_str();
        match name {
            "import" | "let" | "param" | "template" | "use" => self.reuse(it, name),
            _ if it.template.is_some() || it.added => self.reused(it),
            _ => {}
        }
        for entry in it.node.entries.iter().filter(|entry| is_var(entry)) {
            self.variable(it, entry);
        }
        if it.node.annotation.as_ref().is_some_and(|annotation| annotation.value == "override") {
            self.replacing(it);
        }
    }

    /// Replaces a stretch; the replacement is what is broken.
    fn replace(&mut self, kind: &'static str, target: &str, range: Range<usize>, new: &str) -> &mut Mutant {
        let broken = range.start..range.start + new.len();
        self.edit(kind, target, range, new, vec![broken])
    }

    fn edit(
        &mut self,
        kind: &'static str,
        target: &str,
        range: Range<usize>,
        new: &str,
        broken: Vec<Range<usize>>,
    ) -> &mut Mutant {
        let text = format!("{}{new}{}", &self.text[..range.start], &self.text[range.end..]);
        let (target, elsewhere) = (target.to_owned(), Vec::new());
        self.out.push(Mutant { kind, target, text, broken, elsewhere, through: false, most: 1 });
        self.out.last_mut().unwrap()
    }

    fn reuse(&mut self, it: &Written, name: &str) {
        self.shape(it, name);
        if let Some(entry) = it.node.arguments().next() {
            self.name(it, name, entry);
        }
        match name {
            "let" | "param" => self.value(it, name),
            "use" => self.parameters(it),
            _ => {}
        }
    }

    /// What can be wrong with any of these nodes.
    fn shape(&mut self, it: &Written, name: &str) {
        let start = it.node.name.span.start();
        self.replace("misspelt node", name, start..it.node.name.span.end(), &misspelt(name));
        self.replace("annotated node", name, start..start, "(big)");
        let whole = &self.text[it.whole.clone()];
        let again = it.whole.end + 1..it.whole.end + 1 + whole.len();
        let (twice, inside) = (format!("\n{whole}"), self.size(it));
        let mutant = self.edit("node twice", name, it.whole.end..it.whole.end, &twice, vec![it.whole.clone(), again]);
        if name == "use" {
            // Each of the nodes that it brings is there twice.
            (mutant.through, mutant.most) = (true, inside);
        }
        let head = it.node.span.end();
        self.replace("property that nobody knows", name, head..head, &format!(" {STRANGER}=\"x\""));
        if it.node.arguments().count() == if matches!(name, "let" | "param") { 2 } else { 1 } {
            self.replace("one argument more", name, head..head, " \"x\"");
        }
        let child = format!(" {STRANGER} \"x\"; ");
        let brace = self.text[head..it.whole.end].find('{').filter(|_| it.node.block);
        let (at, new) =
            brace.map_or_else(|| (head, format!(" {{{child}}}")), |brace| (head + brace + 1, child.clone()));
        self.replace("child that nobody knows", name, at..at, &new);
    }

    /// How many nodes a `use` brings.
    fn size(&self, it: &Written) -> usize {
        let named = |other: &&Written| other.node.name.value == "template" && other.node.text() == it.node.text();
        self.written.iter().find(named).map_or(1, |template| template.node.children.len())
    }

    fn name(&mut self, it: &Written, name: &str, entry: &Entry) {
        let target = format!("{name} {}", if name == "import" { "path" } else { "name" });
        let (start, end) = (self.text[..entry.span.start()].trim_end().len(), entry.span.end());
        let broken = it.node.name.span.start()..it.node.span.end() - (end - start);
        // What is behind it takes its place.
        let alone = it.node.arguments().count() == 1;
        if alone {
            self.edit("argument dropped", &target, start..end, "", vec![broken]);
        }
        let text = entry.value.as_text().unwrap().to_owned();
        for (kind, new) in [
            ("null", "#null".to_owned()),
            ("empty text", "\"\"".to_owned()),
            ("wrong type", "7".to_owned()),
            ("wrong type", "#true".to_owned()),
            ("value from elsewhere", format!("(env)\"{text}\"")),
        ] {
            self.replace(kind, &target, range(entry), &new);
        }
        if matches!(name, "import" | "use") {
            self.replace("dangling name", &target, range(entry), &format!("\"{STRANGER}\""));
            self.replace("misspelt name", &target, range(entry), &format!("\"{}\"", misspelt(&text)));
            return;
        }
        let uses = self.uses(it, name, &text);
        let why = match name {
            "let" if self.given.contains_key(&text) => " (given beside)",
            _ if uses.is_empty() => " (not used)",
            _ => "",
        };
        self.gone(&format!("{target}{why}"), entry, uses);
    }

    /// Where a definition is used: the text, and the stretch.
    fn uses(&self, it: &Written, name: &str, called: &str) -> Vec<(usize, Range<usize>)> {
        let mut out = Vec::new();
        for other in self.written {
            let here = &other.node;
            if name == "template" && here.name.value == "use" && here.text() == Some(called) {
                out.extend(here.arguments().next().map(|entry| (other.at, range(entry))));
            }
            let shadowed = name == "let" && other.template.as_ref().is_some_and(|inner| self.has_param(inner, called));
            let mine = name == "param" && other.template == it.template;
            if name == "let" && !shadowed || mine {
                let named = here.entries.iter().filter(|entry| is_var(entry) && entry.value.as_text() == Some(called));
                out.extend(named.map(|entry| (other.at, range(entry))));
            }
            if name == "param" && here.name.value == "use" && here.text() == it.template.as_deref() {
                let given = here.properties().filter(|(key, _)| key.value == called);
                out.extend(given.map(|(key, _)| (other.at, key.span.start()..key.span.end())));
                // The other name is missing there.
                let needed = it.node.arguments().count() == 1;
                out.extend(needed.then(|| (other.at, here.span.start()..here.span.end())));
            }
        }
        out
    }

    fn has_param(&self, template: &str, called: &str) -> bool {
        self.written.iter().any(|it| {
            it.node.name.value == "param" && it.template.as_deref() == Some(template) && it.node.text() == Some(called)
        })
    }

    /// Another name in the place of one that is used.
    fn gone(&mut self, target: &str, entry: &Entry, uses: Vec<(usize, Range<usize>)>) {
        let new = format!("\"{STRANGER}\"");
        let (at, stretch) = (self.at, range(entry));
        let moved = |place: usize| if place >= stretch.end { place + new.len() - stretch.len() } else { place };
        let (here, elsewhere): (Vec<_>, Vec<_>) = uses.into_iter().partition(|(text, _)| *text == at);
        let broken = here.into_iter().map(|(_, range)| moved(range.start)..moved(range.end)).collect();
        let mutant = self.edit(GONE, target, range(entry), &new, broken);
        mutant.elsewhere = elsewhere;
        mutant.most = mutant.broken.len() + mutant.elsewhere.len();
    }

    /// The value of a `let`, or what a `param` is when nothing is given.
    fn value(&mut self, it: &Written, name: &str) {
        let Some(entry) = it.node.arguments().nth(1) else { return };
        let called = it.node.text().unwrap();
        let mut target = format!("{name} {called} value");
        if name == "let" && self.given.contains_key(called) {
            target.push_str(" (given beside)");
        } else if name == "let" && self.uses(it, name, called).is_empty() {
            target.push_str(" (not used)");
        }
        if name == "param" {
            let used = |other: &&Written| other.node.name.value == "use" && other.node.text() == it.template.as_deref();
            let given = |other: &Written| other.node.property(called).is_some();
            if self.written.iter().filter(used).all(given) {
                target.push_str(" (always given)");
            }
        }
        if name == "let" {
            let start = self.text[..entry.span.start()].trim_end().len();
            let broken = it.whole.start..it.whole.end - (entry.span.end() - start);
            self.edit("argument dropped", &target, start..entry.span.end(), "", vec![broken]);
        }
        self.wrong_values(&target, entry);
    }

    /// Each is told where it does not fit, and once.
    fn wrong_values(&mut self, target: &str, entry: &Entry) {
        let others: [&str; 2] = match &entry.value {
            Value::Text(_) => ["7", "#true"],
            Value::Boolean(_) => ["7", "\"x\""],
            _ => ["#true", "\"x\""],
        };
        for (kind, new) in [("null", "#null"), ("wrong type", others[0]), ("wrong type", others[1])] {
            self.replace(kind, target, range(entry), new).through = true;
        }
        self.replace("empty text", target, range(entry), "\"\"").through = true;
        let written = self.text[range(entry)].to_owned();
        self.replace("value from elsewhere", target, range(entry), &format!("(env){written}"));
        let typo = format!("(vaar){written}");
        self.replace("misspelt reference", target, range(entry), &typo);
    }

    /// What a `use` gives.
    fn parameters(&mut self, it: &Written) {
        for (key, entry) in it.node.properties() {
            let target = format!("use parameter {}", key.value);
            let name = key.span.start()..key.span.end();
            self.replace("misspelt property", &target, name.clone(), &misspelt(&key.value));
            let whole = name.start..entry.span.end();
            let again = whole.end + 1..whole.end + 1 + whole.len();
            let copy = format!(" {}", &self.text[whole.clone()]);
            self.edit("property twice", &target, whole.end..whole.end, &copy, vec![whole.clone(), again]);
            let param = self.written.iter().find(|other| {
                let node = &other.node;
                let mine = other.template.as_deref() == it.node.text() && node.text() == Some(&*key.value);
                node.name.value == "param" && mine
            });
            if param.is_some_and(|param| param.node.arguments().count() == 1) {
                let start = self.text[..whole.start].trim_end().len();
                let broken = it.node.name.span.start()..it.node.span.end() - (whole.end - start);
                self.edit("property dropped", &target, start..whole.end, "", vec![broken]);
            }
            if !is_var(entry) {
                self.wrong_values(&target, entry);
            }
        }
    }

    /// A node that a template holds, or that a `use` adds to it.
    fn reused(&mut self, it: &Written) {
        let target = if it.added { "use/node" } else { "template/node" };
        let name = &it.node.name;
        self.replace("misspelt node", target, name.span.start()..name.span.end(), &misspelt(&name.value));
        let head = it.node.span.end();
        self.replace("property that nobody knows", target, head..head, &format!(" {STRANGER}=\"x\""));
        for entry in it.node.entries.iter().filter(|entry| entry.annotation.is_none()) {
            self.replace("null", target, range(entry), "#null");
        }
    }

    fn variable(&mut self, it: &Written, entry: &Entry) {
        let target = if it.node.name.value == "use" { "var in use" } else { "var" };
        let name = entry.value.as_text().unwrap().to_owned();
        for (kind, new) in [
            ("misspelt name", format!("(var)\"{}\"", misspelt(&name))),
            ("dangling name", format!("(var)\"{STRANGER}\"")),
            ("null", "(var)#null".to_owned()),
            ("empty text", "(var)\"\"".to_owned()),
            ("wrong type", "(var)7".to_owned()),
            ("misspelt reference", format!("(vaar)\"{name}\"")),
            ("value from elsewhere", format!("(env)\"{name}\"")),
        ] {
            self.replace(kind, target, range(entry), &new);
        }
    }

    fn replacing(&mut self, it: &Written) {
        let end = it.node.name.span.start();
        let start = self.text[..end].rfind('(').unwrap();
        let node = start..it.whole.end - (end - start);
        self.edit("override not said", "override", start..end, "", vec![node]);
        let typo = "(overide)";
        self.replace("misspelt override", "override", start..end, typo);
        self.replace("override of nothing", "override", start..start, &format!("(override){STRANGER} \"x\"; "));
    }
}
