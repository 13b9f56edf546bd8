//! Formatted texts: the cases below `tests/format`, and what holds for every text: the same document, the same tokens
//! and comments in the same order, and no change the second time.

use crate::case::cases;
use crate::expected::{here, matches, read};
use compiler::format;
use compiler::source::Source;
use compiler::syntax::{Node, TokenKind, parse, tokens};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// Names, annotations and values of all nodes, without their places.
fn document(text: &str) -> Option<String> {
    fn write(nodes: &[Node], out: &mut String) {
        for node in nodes {
            let annotation = |it: &Option<compiler::span::Spanned<String>>| it.as_ref().map(|it| it.value.clone());
            out.push_str(&format!("({:?}){:?}", annotation(&node.annotation), node.name.value));
            for entry in &node.entries {
                let (name, of) = (annotation(&entry.name), annotation(&entry.annotation));
                out.push_str(&format!(" {name:?}=({of:?}){:?}", entry.value));
            }
            out.push_str(if node.block { " {\n" } else { "\n" });
            write(&node.children, out);
            out.push_str("}\n");
        }
    }
    let mut out = String::new();
    write(&parse(&Arc::new(Source::new("", text)), &mut Vec::new())?.nodes, &mut out);
    Some(out)
}

/// What formatting may not touch.
fn kept(text: &str) -> Vec<String> {
    use TokenKind::{Continuation, Newline, Semicolon, Space};
    let free = [Continuation, Newline, Semicolon, Space];
    let kept = tokens(text).filter(|token| !free.contains(&token.kind));
    kept.map(|token| token.text.replace("\r\n", "\n").trim_end().to_owned()).collect()
}

/// The formatted text, if the text is KDL, after everything that must hold for it was checked.
fn checked(text: &str) -> Option<String> {
    let before = document(text);
    let Ok(formatted) = format(text) else {
        assert!(before.is_none(), "refused, but it is KDL:\n{text}");
        return None;
    };
    assert_eq!(before, document(&formatted), "another document:\n{text}\nas\n{formatted}");
    assert_eq!(kept(text), kept(&formatted), "other tokens:\n{text}\nas\n{formatted}");
    assert_eq!(format(&formatted).ok().as_deref(), Some(formatted.as_str()), "not stable:\n{text}\nas\n{formatted}");
    assert!(formatted.lines().count() == 0 || formatted.ends_with('\n') && !formatted.ends_with("\n\n"));
    Some(formatted)
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => out.extend(files(path)),
            Some("kdl") => out.push(path),
            _ => {}
        }
    }
    out.sort();
    out
}

#[test]
fn cases_look_as_they_should() {
    let mut wrong = Vec::new();
    let all = files(here().join("tests/format"));
    assert!(all.len() >= 6, "only {} cases", all.len());
    for file in all {
        let formatted = checked(&std::fs::read_to_string(&file).unwrap());
        let formatted = formatted.unwrap_or_else(|| panic!("{} is not KDL", file.display()));
        wrong.extend(matches(&file.with_extension("out"), &formatted).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_text_of_the_suite_keeps_its_meaning() {
    let mut formatted = 0;
    for file in files(here().join("tests/suite")) {
        for case in cases(&std::fs::read_to_string(&file).unwrap()) {
            formatted += usize::from(checked(&case.text).is_some());
        }
    }
    assert!(formatted > 40, "only {formatted} texts are KDL");
}

/// With `UPDATE=1` they are formatted.
#[test]
fn the_project_s_own_texts_are_formatted() {
    let mut all = files(here().join("../examples"));
    all.extend(files(here().join("../plugins")));
    assert!(all.len() >= 4);
    let ours = |file: &PathBuf| !file.components().any(|part| part.as_os_str() == "target");
    let wrong: Vec<String> = all
        .iter()
        .filter(|file| ours(file))
        .filter_map(|file| matches(file, &checked(&std::fs::read_to_string(file).unwrap()).unwrap()).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for page in ["README.md"] {
        let text = read(page);
        let snippets: Vec<&str> = text.split("```kdl\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!snippets.is_empty(), "{page}");
        for snippet in snippets {
            assert_eq!(checked(snippet).as_deref(), Some(snippet), "{page}");
        }
    }
}

#[test]
fn what_is_not_kdl_is_refused() {
    let told = format("strategy \"x\" {").unwrap_err();
    assert_eq!(told.iter().map(compiler::Diagnostic::code).collect::<Vec<_>>(), ["syntax-error"]);
}

/// White space within a node.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(" "),
        1 => Just("\t "),
        1 => Just(" /* a */ "),
        1 => Just("/* b\n  b */"),
        1 => Just(" \\\n"),
        1 => Just("\\ /* c */ // d \n  "),
        1 => Just(" \\\r\n\\\n "),
    ]
    .prop_map(str::to_owned)
}

/// What may stand between nodes.
fn between() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        4 => Just(""),
        2 => Just("\n"),
        1 => Just("\n\n\n"),
        1 => Just("\r\n  "),
        1 => Just(" // e\n"),
        1 => Just("/* f */"),
        1 => Just("/* g\r\n g */\n"),
        1 => Just("\\\n"),
        1 => Just("\u{2028}\u{a0}"),
    ];
    proptest::collection::vec(one, 0..3).prop_map(|all| all.concat())
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("word"),
        Just("\"a \\\" } // b\""),
        Just("#\"raw \" \\ \"#"),
        Just("#true"),
        Just("#-inf"),
        Just("-1.5e3"),
        Just("0x_f"),
        Just("\"\"\"\n    some\n      \\\"\"\" lines\n\n    \"\"\""),
        Just("##\"\"\"\r\n\traw \"# \"\"\"\r\n\t\"\"\"##"),
        Just("\"on \\  \n   one line\""),
        Just("\"日本語🦀\""),
        Just("\"\""),
        Just("å-b.c"),
    ]
    .prop_map(str::to_owned)
}

fn entry() -> impl Strategy<Value = String> {
    let slashdash = prop_oneof![6 => Just(""), 1 => Just("/-"), 1 => Just("/- // h\n "), 1 => Just("/-\n/* i */\n")];
    let annotation = prop_oneof![4 => Just(""), 1 => Just("(env)"), 1 => Just("( env )"), 1 => Just("(env) ")];
    let name = prop_oneof![2 => Just(""), 1 => Just("key="), 1 => Just("\"k\" = ")];
    (space(), slashdash, name, annotation, value()).prop_map(|(a, b, c, d, e)| format!("{a}{b}{c}{d}{e}"))
}

fn node() -> impl Strategy<Value = String> {
    let slashdash = prop_oneof![8 => Just(""), 1 => Just("/-"), 1 => Just("/- \n"), 1 => Just("/- // j\n")];
    let head = (between(), slashdash, value_name(), proptest::collection::vec(entry(), 0..3));
    let leaf = head.prop_map(|(before, dash, name, entries)| format!("{before}{dash}{name}{}", entries.concat()));
    leaf.prop_recursive(4, 24, 4, |inner| {
        let end =
            prop_oneof![Just(";"), Just("\n"), Just(" ; // k\n"), Just(" // l\n\n"), Just("; /* m */"), Just("\r\n")];
        let last = prop_oneof![3 => Just(""), 1 => Just(" /-{ n }"), 1 => Just(" /-{\n}")];
        let children = proptest::collection::vec((inner, end), 0..4);
        let head = (between(), value_name(), proptest::collection::vec(entry(), 0..2), space());
        (head, children, between(), last).prop_map(|((before, name, entries, space), children, end, last)| {
            let children: String = children.into_iter().map(|(child, end)| child + end).collect();
            format!("{before}{name}{}{space}{{{children}{end}}}{last}", entries.concat())
        })
    })
}

fn value_name() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("node"), 1 => Just("\"a b\""), 1 => Just("(type)node"), 1 => Just("- "), 1 => Just("#\"raw\"#")]
        .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever may be written between the tokens, the document stays, and the second time nothing changes.
    #[test]
    fn every_text_keeps_its_meaning(nodes in proptest::collection::vec(node(), 0..4), end in between()) {
        checked(&(nodes.join("\n") + &end));
    }

    /// Tokens cover a text without a gap, whatever it is.
    #[test]
    fn tokens_cover_every_text(text in r##"([a-z]{1,3}|[ \t\r\n{}"#();=/*\\å-]|"""|//|/-|/\*){0,40}"##) {
        let mut end = 0;
        for token in tokens(&text) {
            prop_assert_eq!(token.start, end);
            prop_assert!(!token.text.is_empty());
            end = token.end();
        }
        prop_assert_eq!(end, text.len());
        checked(&text);
    }
}
