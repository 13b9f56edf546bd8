//! The reference of the language, made from the vocabulary, the bundled plugins' manifests, and examples cut out of
//! strategies that compile. `UPDATE=1` rewrites `docs/language.md`.

use crate::case::facts;
use crate::expected::{here, matches};
use crate::places::{Fixture, fixtures, places, step};
use compiler::source::Source;
use compiler::structure::{self, Manifest, NodeShape, Type, ValueShape};
use compiler::syntax::{Value, parse};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Most lines that an example should have; a longer one is taken only where there is no shorter one.
const LINES: usize = 20;

const HEAD: &str = include_str!("reference/head.md");
const REUSE: &str = include_str!("reference/reuse.md");

/// Examples by the path of the node.
struct Examples(BTreeMap<String, String>);

impl Examples {
    fn new(fixtures: &[Fixture]) -> Self {
        let mut out: BTreeMap<String, String> = BTreeMap::new();
        for fixture in fixtures {
            let manifests = structure::manifests(&fixture.facts.plugins, &mut Vec::new());
            for text in &fixture.texts {
                for place in places(text, structure::strategy(), &manifests) {
                    let example = cut(&text.text, place.whole.start, place.whole.end);
                    let better = out.get(&place.path).is_none_or(|known| cost(&example) < cost(known));
                    if better {
                        out.insert(place.path, example);
                    }
                }
            }
        }
        Self(out)
    }

    fn of(&self, path: &str, missing: &mut Vec<String>) -> String {
        let found = self.0.get(path).cloned();
        if found.is_none() {
            missing.push(path.to_owned());
        }
        found.unwrap_or_default()
    }
}

/// Too long is bad; otherwise the first one is best.
fn cost(example: &str) -> usize {
    example.lines().count().saturating_sub(LINES)
}

/// A stretch of a text, moved to the left margin.
fn cut(text: &str, start: usize, end: usize) -> String {
    let margin = text[..start].len() - text[..start].rfind('\n').map_or(0, |at| at + 1);
    let indent = text[start - margin..start].chars().take_while(|char| *char == ' ').count();
    let mut lines = text[start..end].lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let rest = lines.map(|line| {
        let spaces = line.chars().take_while(|char| *char == ' ').count().min(indent);
        line[spaces..].to_owned()
    });
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
}

/// What is said of a node, with those in it that have a heading of their own.
struct Page<'a> {
    examples: Examples,
    manifests: &'a [Manifest],
    body: String,
    contents: String,
    missing: Vec<String>,
}

/// A node with a block or several values has a heading; others are rows of the table of the node around them.
fn has_heading(shape: &NodeShape) -> bool {
    !shape.children.is_empty() || shape.plugin.is_some() || shape.arguments.len() + shape.properties.len() > 2
}

/// Where a page is in the tree.
#[derive(Clone)]
struct At {
    path: String,
    title: String,
    depth: usize,
}

impl At {
    fn below(&self, shape: &NodeShape) -> Self {
        let name =
            shape.when.as_ref().map_or_else(|| shape.name.clone(), |when| format!("{} ({})", shape.name, when.value));
        let title = if self.depth <= 1 { name } else { format!("{}: {name}", self.title) };
        Self { path: format!("{}/{}", self.path, step(shape)), title, depth: self.depth + 1 }
    }

    /// As GitHub makes it from the heading.
    fn anchor(&self) -> String {
        let plain = self.title.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-'));
        plain.map(|char| if char == ' ' { '-' } else { char.to_ascii_lowercase() }).collect()
    }
}

impl Page<'_> {
    fn node(&mut self, shape: &NodeShape, at: &At) {
        let (title, indent) = (&at.title, "  ".repeat(at.depth - 1));
        writeln!(self.contents, "{indent}- [{title}](#{}): {}", at.anchor(), first_clause(&shape.doc)).unwrap();
        writeln!(self.body, "{} {title}\n\n{}\n", "#".repeat((at.depth + 1).min(5)), shape.doc).unwrap();
        writeln!(self.body, "{}\n", standing(shape, at)).unwrap();
        let example = self.examples.of(&at.path, &mut self.missing);
        writeln!(self.body, "```kdl\n{example}\n```\n").unwrap();
        self.values("argument", &shape.arguments);
        self.values("property", &shape.properties);
        let mut whens = vec![None];
        for child in &shape.children {
            if !whens.contains(&child.when.as_ref()) {
                whens.push(child.when.as_ref());
            }
        }
        for when in whens {
            let children: Vec<&NodeShape> = shape.children.iter().filter(|child| child.when.as_ref() == when).collect();
            let condition =
                when.map(|when| format!(" with `{}=\"{}\"`", when.property, when.value)).unwrap_or_default();
            self.table(&format!("in its block{condition}"), &children, at);
        }
        if let Some(kind) = &shape.plugin {
            let ours = self.manifests.iter().filter(|manifest| manifest.kind == *kind);
            let links: Vec<String> = ours.map(|it| format!("[`{0}`](#plugin-{0})", it.name)).collect();
            writeln!(self.body, "Its plugin adds nodes: see {}.\n", links.join(", ")).unwrap();
        }
        for child in shape.children.iter().filter(|child| has_heading(child)) {
            self.node(child, &at.below(child));
        }
    }

    fn values(&mut self, word: &str, values: &[ValueShape]) {
        if values.is_empty() {
            return;
        }
        writeln!(self.body, "| {word} | value | when not said | meaning |\n|---|---|---|---|").unwrap();
        for value in values {
            let (name, kind, absent) = (&value.name, kind(value), absent(value));
            writeln!(self.body, "| `{name}` | {kind} | {absent} | {} |", value.doc).unwrap();
        }
        self.body.push('\n');
    }

    fn table(&mut self, title: &str, children: &[&NodeShape], at: &At) {
        if children.is_empty() {
            return;
        }
        writeln!(self.body, "| {title} | how often | takes | meaning | example |\n|---|---|---|---|---|").unwrap();
        for child in children {
            let below = at.below(child);
            let row = if has_heading(child) {
                let (name, anchor) = (&child.name, below.anchor());
                format!("| [`{name}`](#{anchor}) | {} | see there | {} | |", often(child), child.doc)
            } else {
                let example = self.examples.of(&below.path, &mut self.missing);
                row(child, &example)
            };
            writeln!(self.body, "{row}").unwrap();
        }
        self.body.push('\n');
    }

    /// The nodes that an earlier stage takes out: their shapes are loose, so one table says all.
    fn reuse(&mut self) {
        self.contents.push_str("- [reuse](#reuse): One text for many places\n");
        self.body.push_str(REUSE);
        self.body.push_str("\n| node | takes | meaning | example |\n|---|---|---|---|\n");
        let nodes = structure::reuse().iter().map(|shape| (shape, shape.name.clone()));
        let inner = structure::reuse()
            .iter()
            .flat_map(|shape| shape.children.iter().map(|child| (child, format!("{}/{}", shape.name, child.name))));
        for (shape, path) in nodes.chain(inner).collect::<Vec<_>>() {
            let example = self.examples.of(&path, &mut self.missing);
            let first = example.split(['{', '\n']).next().unwrap_or_default();
            let line = row(shape, first).replacen(&format!("| {} |", often(shape)), "|", 1);
            writeln!(self.body, "{line}").unwrap();
        }
        self.body.push('\n');
    }

    fn plugin(&mut self, manifest: &Manifest) {
        let source = Arc::new(Source::new("plugin.kdl", &manifest.text));
        let document = parse(&source, &mut Vec::new()).unwrap();
        let plugin = &document.nodes[0];
        let doc = plugin.child("doc").and_then(|doc| doc.text()).unwrap_or_default();
        let name = &manifest.name;
        writeln!(self.contents, "- [plugin `{name}`](#plugin-{name}): {}", first_clause(doc)).unwrap();
        writeln!(self.body, "## Plugin `{name}`\n\n{doc} A {} plugin.\n", manifest.kind).unwrap();
        writeln!(self.body, "| in the block | how often | takes | meaning | example |\n|---|---|---|---|---|").unwrap();
        for node in &manifest.nodes {
            let example = self.examples.of(&format!("{name}/{}", node.name), &mut self.missing);
            writeln!(self.body, "{}", row(node, &example)).unwrap();
        }
        self.body.push('\n');
        let wants = plugin.child("wants").map(|wants| wants.children.as_slice()).unwrap_or_default();
        let wants: Vec<String> = wants
            .iter()
            .map(|want| format!("`{}`", want.span.source().text()[want.span.start()..want.span.end()].trim()))
            .collect();
        writeln!(self.body, "It asks for {}; nothing else can be reached by it.\n", wants.join(" and ")).unwrap();
    }
}

fn row(shape: &NodeShape, example: &str) -> String {
    let named = |value: &ValueShape| format!("`{}=` {}", value.name, takes(value));
    let values: Vec<String> = shape.arguments.iter().map(takes).chain(shape.properties.iter().map(named)).collect();
    let arguments = shape.arguments.iter().map(|value| value.doc.clone());
    let properties = shape.properties.iter().filter(|value| !value.doc.is_empty());
    let properties = properties.map(|value| format!("`{}`: {}", value.name, lower_first(&value.doc)));
    let docs = std::iter::once(shape.doc.clone()).chain(arguments).chain(properties);
    let docs: Vec<String> = docs.filter(|doc| !doc.is_empty()).collect();
    let takes = if values.is_empty() { "nothing".to_owned() } else { values.join("; ") };
    let example = example.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let ticks = if example.contains('`') { "``" } else { "`" };
    format!("| `{}` | {} | {takes} | {} | {ticks}{example}{ticks} |", shape.name, often(shape), docs.join(" "))
}

/// A value in the row of its node: what it is, and whether it may be left out.
fn takes(value: &ValueShape) -> String {
    match (value.required, &value.default) {
        (_, Some(default)) => format!("{}; {} when not said", kind(value), shown(default)),
        (false, None) => format!("{}; may be left out", kind(value)),
        (true, None) => kind(value),
    }
}

fn kind(value: &ValueShape) -> String {
    let words = || value.one_of.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>();
    let name = Type::ALL.iter().find(|(_, kind)| *kind == value.kind).unwrap().0;
    let mut out = match value.kind {
        Type::Enum => format!("one of {}", words().join(" ")),
        Type::Words => format!("words of {}, with spaces between", words().join(" ")),
        _ if !value.refers.is_empty() => format!("[name](#values) of a {}", value.refers.join(" or a ")),
        _ => format!("[{name}](#values)"),
    };
    if value.repeat {
        out.push_str(", one or more");
    }
    if !value.reserved.is_empty() {
        let reserved: Vec<String> = value.reserved.iter().map(|word| format!("`{word}`")).collect();
        write!(out, ", not {}", reserved.join(" or ")).unwrap();
    }
    if value.names.is_some() {
        match &value.within {
            Some(within) => write!(out, ", unique in its {within}").unwrap(),
            None => out.push_str(", unique"),
        }
    }
    out
}

fn absent(value: &ValueShape) -> String {
    match (&value.default, value.required) {
        (Some(default), _) => shown(default),
        (None, true) => "must be said".to_owned(),
        (None, false) => "–".to_owned(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("`\"{text}\"`"),
        Value::Integer(number) => format!("`{number}`"),
        Value::Boolean(value) => format!("`#{value}`"),
        other => panic!("a default that is {}", other.kind()),
    }
}

fn often(shape: &NodeShape) -> &'static str {
    match (shape.required, shape.repeat) {
        (true, true) => "one or more",
        (true, false) => "exactly one",
        (false, true) => "any number",
        (false, false) => "at most one",
    }
}

fn standing(shape: &NodeShape, at: &At) -> String {
    let around = at.path.rsplit('/').nth(1);
    let place = around.map_or("Stands at the top of a text".to_owned(), |name| {
        format!("Stands in `{}`", name.split('[').next().unwrap())
    });
    let condition =
        shape.when.as_ref().map(|when| format!(" with `{}=\"{}\"`", when.property, when.value)).unwrap_or_default();
    let mut out = format!("{place}{condition}; {}.", often(shape));
    if shape.ordered.is_some() {
        out.push_str(
            " What may be repeated in it is done in the order in which it is written, as far as its needs allow.",
        );
    }
    if shape.stands_by_default() {
        out.push_str(" What is not said of it holds even where it does not stand.");
    }
    out
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn first_clause(doc: &str) -> &str {
    let end = doc.find(['.', ';', ':']).unwrap_or(doc.len());
    &doc[..end]
}

fn types() -> String {
    let mut out = "| type | for example | what it is | as data |\n|---|---|---|---|\n".to_owned();
    for (name, kind) in Type::ALL.iter().filter(|(_, kind)| !matches!(kind, Type::Enum | Type::Words)) {
        let data = match kind {
            Type::Duration => "seconds",
            Type::Size => "bytes",
            Type::Rate => "bytes per second",
            Type::Growth => "hundredths of a percent, and the seconds that they take",
            Type::Integer => "a number",
            Type::Boolean => "true or false",
            Type::Secret => "where it is found, for example `{ \"env\": \"NAME\" }`",
            _ => "text",
        };
        writeln!(out, "| {name} | `{}` | {} | {data} |", kind.sample(), forms(*kind)).unwrap();
    }
    out
}

/// The forms that a value may have.
fn forms(kind: Type) -> String {
    let more = match kind {
        Type::Integer => "not negative",
        Type::Boolean => "`#true` or `#false`",
        Type::Duration => "numbers with `w` `d` `h` `m` `s`, larger units first",
        Type::Size => {
            "a number with `B`, `KiB` `MiB` `GiB` `TiB` `PiB` (by 1024) or `kB` `MB` `GB` `TB` `PB` (by 1000)"
        }
        Type::Rate => "a size, or a number with `kbit` `Mbit` `Gbit`, by `/s` `/min` `/h` `/day`",
        Type::Growth => "a percentage by `day` `week` `month` `year`",
        Type::Path => "as the machine that runs the job writes it; a relative one begins at the folder of the strategy",
        Type::Url => "with `http://` or `https://` and a host",
        Type::Glob => "`*` and `?` within a name, `**` across directories, `[ab]`, `{one,other}`",
        Type::Cron => "minute, hour, day of month, month, day of week",
        Type::Timezone => "an IANA name; the database of zones is built in",
        Type::Time => "hours and minutes, `00:00` to `23:59`",
        Type::Name => "letters, digits, `-` `_` `.`, at most 63, beginning with a letter or digit",
        Type::Database => "with `*` and `?` it is a glob",
        Type::Secret => "`(env)\"NAME\"`, `(file)\"PATH\"` or `(command)\"PROGRAM ARGUMENT\"`; a literal is refused",
        Type::Template => "Handlebars",
        _ => "not empty",
    };
    format!("{}: {more}", kind.noun())
}

fn page() -> (String, Vec<String>) {
    let mut page = Page {
        examples: Examples::new(&fixtures()),
        manifests: &structure::manifests(&facts().plugins, &mut Vec::new()),
        body: String::new(),
        contents: String::new(),
        missing: Vec::new(),
    };
    for shape in structure::strategy() {
        page.node(shape, &At { path: step(shape), title: shape.name.clone(), depth: 1 });
    }
    page.reuse();
    for manifest in page.manifests {
        page.plugin(manifest);
    }
    let text = format!(
        "{HEAD}\n## Contents\n\n- [values](#values)\n{}\n## Values\n\n{}\n{}",
        page.contents,
        types(),
        page.body
    );
    (text.trim_end().to_owned() + "\n", page.missing)
}

#[test]
fn the_reference_has_not_drifted() {
    let (text, missing) = page();
    assert_eq!(missing, Vec::<String>::new(), "no strategy that compiles shows these nodes");
    matches(&here().join("../docs/language.md"), &text).unwrap();
}

/// Every link of the page leads to one of its headings.
#[test]
fn links_of_the_reference_lead_somewhere() {
    let (text, _) = page();
    let anchor = |heading: &str| -> String {
        let plain = heading.trim_start_matches('#').trim().chars();
        let plain = plain.filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-'));
        plain.map(|char| if char == ' ' { '-' } else { char.to_ascii_lowercase() }).collect()
    };
    let mut headings: Vec<String> = text.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let count = headings.len();
    headings.sort();
    headings.dedup();
    assert_eq!(headings.len(), count, "two headings have one anchor");
    for link in text.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(headings.iter().any(|heading| heading == link), "no heading for `{link}`");
    }
}
