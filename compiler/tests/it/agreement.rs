//! The vocabulary, its packed form, and the decoders cover each other.

use crate::case::facts;
use crate::expected::{here, matches, read};
use compiler::source::Source;
use compiler::structure::{self, NodeShape, PACKED, ValueShape};
use compiler::syntax::{Document, pack, parse, unpack};
use compiler::{decode, span::Span};
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

#[test]
fn decoders_take_everything_that_the_vocabulary_allows() {
    for engine in ["files", "neo4j", "command"] {
        let text = maximal(&structure::strategy()[0], engine);
        let mut sink = Vec::new();
        let manifests = structure::manifests(&[], &mut sink);
        let document = parsed("strategy.kdl", &text);
        let root = Span::new(&Arc::new(Source::new("", "")), 0, 0);
        let structure = structure::check(document, structure::strategy(), &manifests, &root, &mut sink);
        assert!(sink.is_empty(), "{text}\n{sink:?}");
        let mut left = Vec::new();
        assert!(decode::strategy(&structure.document, &manifests, &mut left).is_some(), "{text}");
        assert_eq!(left, Vec::<String>::new());
    }
}

/// The decoders ask for nothing that the vocabulary lacks.
#[test]
fn decoders_know_no_other_names() {
    fn names(shapes: &[NodeShape], out: &mut BTreeSet<String>) {
        for shape in shapes {
            out.insert(shape.name.clone());
            out.extend(shape.properties.iter().map(|property| property.name.clone()));
            names(&shape.children, out);
        }
    }
    let mut known = BTreeSet::new();
    names(structure::strategy(), &mut known);
    let mut asked = BTreeSet::new();
    for file in ["job", "neo4j", "place", "policy", "source", "store", "strategy"] {
        let text = read(&format!("compiler/src/decode/{file}.rs"));
        for opening in [
            "property(\"",
            "child(\"",
            "children(\"",
            "cursor, \"",
            "node, \"",
            "time(\"",
            "word(\"",
            "words(\"",
            "count(\"",
            "cursor, (\"",
        ] {
            asked.extend(text.split(opening).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
    assert!(asked.len() > 30, "{asked:?}");
    let unknown: Vec<&String> = asked.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
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
    assert_eq!(facts().plugins.len(), 2);
}
