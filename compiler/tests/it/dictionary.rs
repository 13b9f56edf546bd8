//! The words of the language for the fuzz targets, which would hardly find them by chance. `UPDATE=1` rewrites
//! `fuzz/dictionary.txt`.

use crate::case::facts;
use crate::expected::{here, matches};
use compiler::structure::{self, NodeShape, REFERENCES, Type, ValueShape};
use std::collections::BTreeSet;

fn gather(shape: &NodeShape, out: &mut BTreeSet<String>) {
    out.insert(format!("{} ", shape.name));
    let value = |value: &ValueShape, out: &mut BTreeSet<String>| {
        out.extend(value.one_of.iter().chain(&value.reserved).map(|word| format!("\"{word}\"")));
    };
    for argument in &shape.arguments {
        value(argument, out);
    }
    for property in &shape.properties {
        out.insert(format!("{}=", property.name));
        value(property, out);
    }
    shape.children.iter().for_each(|child| gather(child, out));
}

#[test]
fn the_dictionary_of_the_fuzz_targets_has_not_drifted() {
    let mut words: BTreeSet<String> = BTreeSet::new();
    let manifests = structure::manifests(&facts().plugins, &mut Vec::new());
    let added = manifests.iter().flat_map(|manifest| &manifest.nodes);
    structure::strategy().iter().chain(structure::reuse()).chain(added).for_each(|shape| gather(shape, &mut words));
    words.extend(Type::ALL.iter().map(|(_, kind)| kind.sample().to_owned()));
    words.extend(REFERENCES.iter().map(|place| format!("({place})")));
    // What the grammar of KDL has, and what breaks it.
    let grammar = [
        "{ ",
        " }",
        "\"\"\"\n",
        "#\"",
        "\"#",
        "/-",
        "/*",
        "*/",
        "//",
        "#true",
        "#null",
        "#inf",
        "\\\n",
        "\\u{1F600}",
        "\u{feff}",
    ];
    words.extend(grammar.map(str::to_owned));
    let line = |word: &String| {
        let escaped: String = word
            .bytes()
            .map(|byte| match byte {
                b'"' | b'\\' => format!("\\{}", char::from(byte)),
                b' '..=b'~' => char::from(byte).to_string(),
                other => format!("\\x{other:02X}"),
            })
            .collect();
        format!("\"{escaped}\"\n")
    };
    let text: String = words.iter().map(line).collect();
    matches(&here().join("../fuzz/dictionary.txt"), &text).unwrap();
}
