//! The vocabulary, its packed form, and the decoders cover each other.

use crate::case::facts;
use crate::expected::{here, matches};
use compiler::decode;
use compiler::source::Source;
use compiler::span::{Span, Spanned};
use compiler::structure::{self, Form, NodeShape, PACKED, Type, ValueShape};
use compiler::syntax::{Document, Entry, Node, Value, pack, parse, unpack};
use std::collections::BTreeSet;
use std::sync::Arc;

fn parsed(name: &str, text: &str) -> Document {
    let mut sink = Vec::new();
    let document = parse(&Arc::new(Source::new(name, text)), &mut sink);
    assert!(sink.is_empty(), "{name}: {sink:?}");
    document.unwrap()
}

#[test]
fn packed_vocabulary_is_that_of_the_schema() {
    let packed = pack(&parsed("strategy.kdl", schema::VOCABULARY));
    matches(&here().join("src/structure/strategy.packed"), &packed).unwrap();
    assert_eq!(pack(&unpack("strategy.packed", &packed)), packed);
}

/// Every `node`, `argument` and `property` of the vocabulary is read as one, with a type that is known.
#[test]
fn the_whole_vocabulary_is_read() {
    fn count(shapes: &[NodeShape]) -> usize {
        shapes.iter().map(|shape| 1 + shape.arguments.len() + shape.properties.len() + count(&shape.children)).sum()
    }
    let lines = PACKED.lines().filter(|line| {
        line.split_once('\t')
            .is_some_and(|(depth, word)| depth != "=" && ["node", "argument", "property"].contains(&word))
    });
    assert_eq!(count(structure::strategy()) + count(structure::reuse()), lines.count());
}

/// The stage that resolves reuse and the vocabulary have the same nodes.
#[test]
fn nodes_of_reuse_are_in_the_vocabulary() {
    let shapes = structure::reuse();
    let inside = shapes.iter().flat_map(|shape| &shape.children);
    let mut names: Vec<&str> = shapes.iter().chain(inside).map(|shape| shape.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, compiler::expand::NODES);
}

/// A strategy with everything in it that the vocabulary allows for an engine.
fn maximal(shape: &NodeShape, engine: &str) -> String {
    // Not every node has every engine.
    let known = shape.property("engine").filter(|property| !property.one_of.iter().any(|known| known == engine));
    let engine = known.map_or(engine, |property| property.one_of[0].as_str());
    let value = |value: &ValueShape| match (value.name.as_str(), value.refers.first().map(String::as_str)) {
        ("engine", _) => format!("\"{engine}\""),
        (_, Some("plugin")) => "\"fs\"".to_owned(),
        _ => value.sample(),
    };
    let mut out = shape.name.clone();
    for argument in &shape.arguments {
        out.push_str(&format!(" {}", value(argument)));
    }
    for property in &shape.properties {
        out.push_str(&format!(" {}={}", property.name, value(property)));
    }
    let fits = |child: &&NodeShape| child.when.as_ref().is_none_or(|when| when.value == engine);
    let children: Vec<String> = shape.children.iter().filter(fits).map(|child| maximal(child, engine)).collect();
    if children.is_empty() { out } else { format!("{out} {{\n{}\n}}", children.join("\n")) }
}

/// The checked document of the largest strategy with an engine.
fn largest(engine: &str) -> Document {
    let text = maximal(&structure::strategy()[0], engine);
    let mut sink = Vec::new();
    let document = parsed("strategy.kdl", &text);
    let root = Span::new(&Arc::new(Source::new("", "")), 0, 0);
    let structure = structure::check(document, structure::strategy(), &unread(), &root, &mut sink);
    assert!(sink.is_empty(), "{text}\n{sink:?}");
    structure.document
}

fn unread() -> Vec<structure::Manifest> {
    structure::manifests(&[], &mut Vec::new())
}

/// The engines that the vocabulary knows.
fn engines() -> Vec<String> {
    let source = structure::strategy()[0].children.iter().find(|shape| shape.name == "source").unwrap();
    source.property("engine").unwrap().one_of.clone()
}

/// The model of a document as text, or nothing when it cannot be decoded; with what was left over.
fn model(document: &Document) -> (Option<String>, Vec<String>) {
    let mut left = Vec::new();
    let strategy = decode::strategy(document, &unread(), &mut left);
    (strategy.map(|strategy| format!("{strategy:?}")), left)
}

#[test]
fn decoders_take_everything_that_the_vocabulary_allows() {
    for engine in engines() {
        let (model, left) = model(&largest(&engine));
        assert!(model.is_some(), "{engine}");
        assert_eq!(left, Vec::<String>::new());
    }
}

/// Calls a function on a copy of the document for each of its nodes, with the path of that node and its shape.
fn at_each_node(document: &Document, mut each: impl FnMut(&str, &NodeShape, &dyn Fn(&dyn Fn(&mut Node)) -> Document)) {
    fn find<'n>(nodes: &'n mut [Node], path: &[usize]) -> &'n mut Node {
        let node = &mut nodes[path[0]];
        if path.len() == 1 { node } else { find(&mut node.children, &path[1..]) }
    }
    let mut open: Vec<(Vec<usize>, String, &NodeShape, &Node)> = Vec::new();
    for (at, node) in document.nodes.iter().enumerate() {
        let shape = structure::strategy().iter().find(|shape| shape.name == node.name.value).unwrap();
        open.push((vec![at], shape.name.clone(), shape, node));
    }
    while let Some((path, name, shape, node)) = open.pop() {
        let changed = |change: &dyn Fn(&mut Node)| {
            let mut copy = document.clone();
            change(find(&mut copy.nodes, &path));
            copy
        };
        each(&name, shape, &changed);
        for (at, child) in node.children.iter().enumerate() {
            let shape = shape.children.iter().find(|it| it.name == child.name.value && it.holds_in(node)).unwrap();
            open.push(([path.clone(), vec![at]].concat(), format!("{name}/{}", child.name.value), shape, child));
        }
    }
}

/// Another value of the same type.
fn other(value: &ValueShape, now: &Value) -> Option<Value> {
    let text = now.as_text().unwrap_or_default();
    Some(match (value.kind, now) {
        (Type::Enum | Type::Words, _) => Value::Text(value.one_of.iter().find(|word| *word != text)?.clone()),
        (_, Value::Integer(number)) => Value::Integer(number + 1),
        (_, Value::Boolean(value)) => Value::Boolean(!value),
        (kind, _) if kind.has_unit() => Value::Text(format!("9{text}")),
        (Type::Time, _) => Value::Text("03:45".to_owned()),
        (Type::Date, _) => Value::Text("2031-05-06".to_owned()),
        _ => Value::Text(format!("{text}9")),
    })
}

/// Each value that the vocabulary allows changes the model when it changes: none is taken and thrown away.
#[test]
fn every_value_reaches_the_model() {
    let mut unused = BTreeSet::new();
    let mut changes = 0;
    for engine in engines() {
        let document = largest(&engine);
        let (before, _) = model(&document);
        at_each_node(&document, |path, shape, changed| {
            // Which engine it is decides what else is decoded.
            let values = shape.arguments.iter().chain(shape.properties.iter().filter(|value| value.name != "engine"));
            for (at, value) in values.enumerate() {
                // Of a single word there is no other one.
                if value.one_of.len() == 1 {
                    continue;
                }
                let after = changed(&|node| {
                    let is_it = |entry: &&mut Entry| match &entry.name {
                        Some(name) => at >= shape.arguments.len() && name.value == value.name,
                        None => at < shape.arguments.len(),
                    };
                    let place =
                        node.entries.iter_mut().filter(is_it).nth(if at < shape.arguments.len() { at } else { 0 });
                    let place = place.unwrap();
                    if let Some(other) = other(value, &place.value) {
                        place.value = other;
                    }
                });
                changes += 1;
                if model(&after).0 == before {
                    unused.insert(format!("{path} {}", value.name));
                }
            }
        });
    }
    assert!(changes > 100, "only {changes}");
    assert_eq!(unused, BTreeSet::new());
}

/// Each node without values changes the model by being there.
#[test]
fn every_node_reaches_the_model() {
    for engine in engines() {
        let document = largest(&engine);
        let (before, _) = model(&document);
        at_each_node(&document, |path, shape, changed| {
            for child in shape.children.iter().filter(|child| matches!(child.form(), Form::Flag)) {
                let after = changed(&|node| node.children.retain(|other| other.name.value != child.name));
                assert_ne!(model(&after).0, before, "{path}/{}", child.name);
            }
        });
    }
}

/// The decoders read nothing that the vocabulary lacks: every word of their text, put where the vocabulary does not have
/// it, is left over or refused, and changes nothing.
#[test]
fn decoders_know_no_other_names() {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for file in std::fs::read_dir(here().join("src/decode")).unwrap().map(|file| file.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let quoted = text.split('"').skip(1).step_by(2).filter(|word| structure::is_name(word));
        words.extend(quoted.map(str::to_owned));
    }
    assert!(words.len() > 50, "{words:?}");
    for engine in engines() {
        let document = largest(&engine);
        let (before, _) = model(&document);
        at_each_node(&document, |path, shape, changed| {
            let strange = |word: &&String| shape.property(word).is_none();
            let properties: Vec<&String> = words.iter().filter(strange).collect();
            let after = changed(&|node| {
                let span = node.span.clone();
                for word in &properties {
                    let name = Some(Spanned::new((*word).clone(), &span));
                    node.entries.push(Entry {
                        name,
                        annotation: None,
                        value: Value::Text("1h".to_owned()),
                        span: span.clone(),
                    });
                }
            });
            let (model_after, left) = model(&after);
            assert_eq!(model_after, before, "{path} is decoded from a property that the vocabulary does not have");
            assert_eq!(left.len(), properties.len(), "{path}: {left:?}");
            // What a plugin adds is for its manifest to say.
            let holds = |word: &&String| shape.children.iter().any(|child| child.name == **word);
            let foreign: Vec<&String> = words.iter().filter(|word| shape.plugin.is_none() && !holds(word)).collect();
            let with = |words: &[&String]| {
                let after = changed(&|node| {
                    let children: Vec<Node> = words.iter().map(|word| child(word, node)).collect();
                    node.children.extend(children);
                });
                model(&after).0
            };
            if with(&foreign) == before {
                return;
            }
            // A decoder that refuses what it does not know refuses all of them: each by itself, then.
            for word in foreign {
                let after = with(&[word]);
                let fine = after.is_none() || after == before;
                assert!(fine, "{path}/{word} is decoded and the vocabulary does not have it");
            }
        });
    }
}

/// A node with a value, to stand in another one.
fn child(word: &str, parent: &Node) -> Node {
    let (name, span) = (Spanned::new(word.to_owned(), &parent.span), parent.span.clone());
    let value = Value::Text("1h".to_owned());
    let entries = vec![Entry { name: None, annotation: None, value, span: span.clone() }];
    Node { name, annotation: None, entries, children: Vec::new(), block: false, span }
}

#[test]
fn every_part_of_the_vocabulary_has_a_sentence() {
    fn judge(shapes: &[NodeShape]) {
        for shape in shapes {
            let alone = shape.arguments.iter().any(|argument| !argument.one_of.is_empty());
            assert!(!shape.doc.is_empty() || alone || !shape.children.is_empty(), "{} has no doc", shape.name);
            assert!(shape.doc.is_empty() || shape.doc.ends_with('.'), "{}", shape.doc);
            judge(&shape.children);
        }
    }
    judge(structure::strategy());
    judge(structure::reuse());
    assert_eq!(facts().plugins.len(), 3);
}
