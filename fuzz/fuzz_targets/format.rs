//! Whatever the text is: formatting returns, keeps every token and comment and the whole meaning, and changes nothing the
//! second time.
#![no_main]

use compiler::source::Source;
use compiler::syntax::{Node, TokenKind, parse, tokens};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

/// Names, annotations and values of all nodes, without their places.
fn meaning(text: &str) -> String {
    fn write(nodes: &[Node], out: &mut String) {
        for node in nodes {
            out.push_str(&format!("{:?}{:?}", node.annotation.as_ref().map(|it| &it.value), node.name.value));
            for entry in &node.entries {
                let name = entry.name.as_ref().map(|it| &it.value);
                let of = entry.annotation.as_ref().map(|it| &it.value);
                out.push_str(&format!(" {name:?}={of:?}{:?}", entry.value));
            }
            out.push_str(if node.block { "{\n" } else { "\n" });
            write(&node.children, out);
            out.push_str("}\n");
        }
    }
    let document = parse(&Arc::new(Source::new("", text)), &mut Vec::new()).expect("what is formatted is KDL");
    let mut out = String::new();
    write(&document.nodes, &mut out);
    out
}

/// What formatting may not touch, comments among it.
fn kept(text: &str) -> Vec<String> {
    use TokenKind::{Continuation, Newline, Semicolon, Space};
    let kept = tokens(text).filter(|token| ![Continuation, Newline, Semicolon, Space].contains(&token.kind));
    kept.map(|token| token.text.replace("\r\n", "\n").trim_end().to_owned()).collect()
}

fuzz_target!(|input: &str| {
    let Ok(once) = compiler::format(input) else { return };
    let twice = compiler::format(&once).expect("a formatted text is KDL");
    assert_eq!(once, twice, "the second time changes something");
    assert_eq!(kept(input), kept(&once), "a token or a comment is gone");
    assert_eq!(meaning(input), meaning(&once), "it means something else");
});
