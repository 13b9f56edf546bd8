//! Mutants of a strategy: each is the text with one thing broken by machine, and the place where it is broken.

use crate::places::Place;
use compiler::structure::{Type, ValueShape};
use compiler::syntax::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A text with one thing wrong.
pub(crate) struct Mutant {
    /// What was done to it.
    pub(crate) kind: &'static str,
    /// What it was done to: the path of a node, with the property or the argument.
    pub(crate) target: String,
    pub(crate) text: String,
    /// Where a diagnostic may point: all that is wrong is in one of these.
    pub(crate) broken: Vec<Range<usize>>,
    /// The same in other texts, by their positions.
    pub(crate) elsewhere: Vec<(usize, Range<usize>)>,
    /// Whether it is enough that a later label points there: what is reused is told where it does not fit.
    pub(crate) through: bool,
    /// Most faults that it has.
    pub(crate) most: usize,
}

pub(super) const GONE: &str = "name gone that others use";

/// Makes mutants of one text.
pub(crate) struct Maker<'a> {
    pub(crate) text: &'a str,
    pub(crate) places: &'a [Place<'a>],
    pub(crate) out: Vec<Mutant>,
    /// What has been done to which kind of node, and how many times to one node.
    pub(crate) seen: BTreeSet<(&'static str, String, usize)>,
}

/// A word that stands nowhere in a vocabulary and is near to nothing in it.
pub(super) const STRANGER: &str = "zyzzyva";

impl Maker<'_> {
    /// Breaks everything that can be broken, one after the other.
    pub(crate) fn all(&mut self) {
        for place in self.places {
            let before = self.out.len();
            self.place(place);
            // What was done to one node need not be done to its like: the first of each kind of mutant is enough.
            let mine = self.out.split_off(before);
            let mut seen: BTreeMap<(&str, String), usize> = BTreeMap::new();
            for mutant in mine {
                let count = seen.entry((mutant.kind, mutant.target.clone())).or_default();
                *count += 1;
                if self.seen.insert((mutant.kind, mutant.target.clone(), *count)) {
                    self.out.push(mutant);
                }
            }
        }
    }

    fn place(&mut self, place: &Place<'_>) {
        self.name(place);
        self.additions(place);
        self.dropped(place);
        let mut position = 0;
        for entry in &place.node.entries {
            let shape = match &entry.name {
                Some(name) => place.shape.property(&name.value),
                None => {
                    position += 1;
                    place.shape.argument(position - 1)
                }
            };
            let Some(shape) = shape else { continue };
            let target = match &entry.name {
                Some(name) => format!("{} {}=", place.path, name.value),
                None => format!("{} {}", place.path, shape.name),
            };
            self.value(&target, entry, shape);
            self.names(&target, entry, shape);
            self.property(&target, entry, shape);
        }
    }

    /// Replaces a stretch; the replacement is what is broken.
    fn replace(&mut self, kind: &'static str, target: &str, range: Range<usize>, new: &str) {
        let broken = range.start..range.start + new.len();
        self.edit(kind, target, range, new, vec![broken]);
    }

    fn edit(&mut self, kind: &'static str, target: &str, range: Range<usize>, new: &str, broken: Vec<Range<usize>>) {
        let text = format!("{}{new}{}", &self.text[..range.start], &self.text[range.end..]);
        let most = if kind == GONE { broken.len() } else { 1 };
        let target = target.to_owned();
        self.out.push(Mutant { kind, target, text, broken, elsewhere: Vec::new(), through: false, most });
    }

    fn name(&mut self, place: &Place<'_>) {
        let span = &place.node.name.span;
        let range = span.start()..span.end();
        self.replace("misspelt node", &place.path, range.clone(), &misspelt(&place.node.name.value));
        // Where it is required that is two faults: one that is not known, and one that is missing.
        if !place.shape.required {
            self.replace("unknown node", &place.path, range.clone(), STRANGER);
        }
        self.replace("annotated node", &place.path, range.start..range.start, "(big)");
        let whole = &self.text[place.whole.clone()];
        let again = place.whole.end + 1..place.whole.end + 1 + whole.len();
        let broken = vec![place.whole.clone(), again];
        self.edit("node twice", &place.path, place.whole.end..place.whole.end, &format!("\n{whole}"), broken);
        // One that has no name of its own may stand twice; what is named in it may not, each by itself.
        if place.shape.repeat && place.shape.arguments.is_empty() {
            let inside = place.node.children.len();
            self.out.iter_mut().rev().take(1).for_each(|mutant| mutant.most = inside.max(1));
        }
    }

    fn additions(&mut self, place: &Place<'_>) {
        let end = place.node.span.end();
        self.replace("property that nobody knows", &place.path, end..end, &format!(" {STRANGER}=\"x\""));
        if place.node.arguments().count() >= place.shape.arguments.len() {
            let greedy = place.shape.arguments.last().is_some_and(|last| last.repeat);
            if !greedy {
                self.replace("one argument more", &place.path, end..end, " \"x\"");
            }
        }
        let child = format!(" {STRANGER} \"x\"; ");
        let brace = self.text[end..place.whole.end].find('{').filter(|_| place.node.block);
        let (at, new) = brace.map_or_else(|| (end, format!(" {{{child}}}")), |brace| (end + brace + 1, child.clone()));
        self.replace("child that nobody knows", &place.path, at..at, &new);
    }

    fn dropped(&mut self, place: &Place<'_>) {
        let name = &place.node.name.span;
        let entries = |entry: &Entry| entry.name.as_ref().map_or(entry.span.start(), |name| name.span.start());
        for (position, shape) in place.shape.arguments.iter().enumerate().filter(|(_, shape)| shape.required) {
            let given: Vec<&Entry> = place.node.arguments().skip(position).collect();
            let Some(last) = given.last().filter(|_| shape.default.is_none()) else { continue };
            let end = if shape.repeat { last.span.end() } else { given[0].span.end() };
            let start = self.text[..entries(given[0])].trim_end().len();
            let broken = name.start()..place.node.span.end() - (end - start);
            self.edit("argument dropped", &format!("{} {}", place.path, shape.name), start..end, "", vec![broken]);
        }
        for (key, entry) in place.node.properties() {
            if place.shape.property(&key.value).is_some_and(|shape| shape.required) {
                let (start, end) = (self.text[..key.span.start()].trim_end().len(), entry.span.end());
                let broken = name.start()..place.node.span.end() - (end - start);
                self.edit("property dropped", &format!("{} {}=", place.path, key.value), start..end, "", vec![broken]);
            }
        }
        if let Some(parent) = place.parent.filter(|_| place.shape.required) {
            let rest = &self.text[place.whole.end..];
            let end = place.whole.end + rest.strip_prefix(';').map_or(0, |_| 1);
            let parent = &self.places[parent].node.span;
            let broken = parent.start()..parent.end();
            self.edit("node dropped", &place.path, place.whole.start..end, "", Vec::from([broken]));
        }
    }

    fn property(&mut self, target: &str, entry: &Entry, shape: &ValueShape) {
        let Some(name) = &entry.name else { return };
        let range = name.span.start()..name.span.end();
        self.replace("misspelt property", target, range.clone(), &misspelt(&name.value));
        if !shape.required {
            self.replace("unknown property", target, range.clone(), STRANGER);
        }
        let whole = range.start..entry.span.end();
        let again = whole.end + 1..whole.end + 1 + whole.len();
        let copy = format!(" {}", &self.text[whole.clone()]);
        self.edit("property twice", target, whole.end..whole.end, &copy, vec![whole, again]);
    }

    fn value(&mut self, target: &str, entry: &Entry, shape: &ValueShape) {
        let range = entry.span.start()..entry.span.end();
        let written = self.text[range.clone()].to_owned();
        let mut with = |kind: &'static str, new: &str| self.replace(kind, target, range.clone(), new);
        if entry.annotation.as_ref().is_some_and(|annotation| annotation.value == "var") || shape.kind == Type::Value {
            return;
        }
        with("null", "#null");
        with("empty text", "\"\"\"\n\n\"\"\"");
        if shape.kind == Type::Secret {
            let text = entry.value.as_text().unwrap_or_default();
            with("secret written out", &format!("\"{text}\""));
            with("misspelt reference", &format!("(fiel)\"{text}\""));
            with("empty reference", "(env)\"\"");
            return;
        }
        with("value from elsewhere", &format!("(env){written}"));
        match shape.kind {
            Type::Integer => {
                with("wrong type", "\"x\"");
                with("wrong type", "1.5");
                for number in ["-1", "99999999999", "170141183460469231731687303715884105727"] {
                    with("number out of range", number);
                }
            }
            Type::Boolean => {
                with("wrong type", "\"true\"");
                with("wrong type", "1");
            }
            _ => {
                with("wrong type", "7");
                with("wrong type", "#true");
                let text = entry.value.as_text().unwrap_or_default();
                if shape.kind.has_unit() {
                    let number = text.trim_end_matches(|char: char| !char.is_ascii_digit());
                    let number = number.split(|char: char| !char.is_ascii_digit() && char != '.').next().unwrap();
                    with("no unit", number);
                    with("no unit", &format!("\"{number}\""));
                    with("wrong unit", &format!("\"{number}parsecs\""));
                    with("negative", &format!("\"-{text}\""));
                }
                for bad in malformed(shape.kind) {
                    with("malformed", &format!("\"{bad}\""));
                }
                if !shape.one_of.is_empty() {
                    for word in text.split(' ') {
                        with("misspelt value", &format!("\"{}\"", text.replacen(word, &misspelt(word), 1)));
                    }
                    with("unknown value", &format!("\"{STRANGER}\""));
                }
            }
        }
    }

    /// What a name says must be there, and what is referred to must not go.
    fn names(&mut self, target: &str, entry: &Entry, shape: &ValueShape) {
        let range = entry.span.start()..entry.span.end();
        if !shape.refers.is_empty() {
            self.replace("dangling name", target, range.clone(), &format!("\"{STRANGER}\""));
            let near = misspelt(entry.value.as_text().unwrap_or_default());
            self.replace("misspelt name", target, range.clone(), &format!("\"{near}\""));
        }
        if shape.name == "database" {
            self.replace("dangling database", target, range.clone(), &format!("\"{STRANGER}\""));
        }
        let Some(kind) = &shape.names else { return };
        for word in &shape.reserved {
            self.replace("reserved name", target, range.clone(), &format!("\"{word}\""));
        }
        let new = format!("\"{STRANGER}\"");
        let moved = |at: usize| if at >= range.end { at + new.len() - range.len() } else { at };
        let referring: Vec<Range<usize>> = self
            .places
            .iter()
            .flat_map(|place| {
                place
                    .node
                    .properties()
                    .map(|(name, entry)| (place.shape.property(&name.value), entry))
                    .chain(place.node.arguments().enumerate().map(|(at, entry)| (place.shape.argument(at), entry)))
            })
            .filter(|(shape, other)| {
                shape.is_some_and(|shape| shape.refers.contains(kind)) && other.value.as_text() == entry.value.as_text()
            })
            .map(|(_, other)| moved(other.span.start())..moved(other.span.end()))
            .collect();
        if !referring.is_empty() {
            self.edit(GONE, target, range, &new, referring);
        }
    }
}

/// One letter twice.
pub(super) fn misspelt(word: &str) -> String {
    let mut chars: Vec<char> = word.chars().collect();
    let middle = chars.len() / 2;
    chars.insert(middle, chars[middle]);
    chars.into_iter().collect()
}

/// Texts that are no values of a type, beside the empty one.
fn malformed(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::Duration => &["1h1h", "1m1h", "h", "99999999999999999999h"],
        Type::Size => &["1.5.5GiB", "GiB", "99999999PiB"],
        Type::Rate => &["80MiB", "80MiB/", "80MiB/fortnight"],
        Type::Growth => &["2%", "2/month", "%/month"],
        Type::Path => &[" ", "a\\u{0}b"],
        Type::Url => &["nowhere", "file:///etc/passwd", "http://"],
        Type::Glob => &["[a", "{a", "a}", "a\\\\", "[z-a]", "a\\u{0}b"],
        Type::Cron => &["* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "@daily", "a b c d e"],
        Type::Timezone => &["Mars/Olympus", "europe/stokholm", "+01:00"],
        Type::Time => &["25:00", "12:60", "1:5", "noon"],
        Type::Name => &["a/b", "-a", "a b", "å", "..", "a*"],
        Type::Database => &["a/b", "../a", "a b"],
        Type::Template => &["{{", "{{#if a}}", "{{/if}}"],
        _ => &[],
    }
}
