//! What the features say of a place. A case is a text with `‸` where the cursor is:
//!
//! ```text
//! // --- NAME                                        begins a case; its first text is `/w/strategy.kdl`
//! // completion | hover | definition | symbols | format | fixes | diagnostics
//! // text PATH                                       begins another text, below `/w`
//! ```

use crate::client::Client;
use serde_json::{Value, json};
use std::path::Path;

const CURSOR: char = '‸';

struct Case {
    name: String,
    ask: String,
    /// Path and text, without the cursor.
    texts: Vec<(String, String)>,
    /// The URI and the place of the cursor.
    at: (String, Value),
}

fn uri(path: &str) -> String {
    format!("file:///w/{path}")
}

fn cases(text: &str) -> Vec<Case> {
    let case = |part: &str| {
        let (name, rest) = part.split_once('\n').unwrap();
        let (ask, rest) = rest.split_once('\n').unwrap();
        let mut texts: Vec<(String, String)> = Vec::new();
        let mut at = (uri("strategy.kdl"), json!({ "line": 0, "character": 0 }));
        for (index, part) in rest.split("// text ").enumerate() {
            let (path, text) = if index == 0 { ("strategy.kdl", part) } else { part.split_once('\n').unwrap() };
            if let Some((before, _)) = text.split_once(CURSOR) {
                let line = before.matches('\n').count();
                let column = before.rsplit('\n').next().unwrap().encode_utf16().count();
                at = (uri(path), json!({ "line": line, "character": column }));
            }
            texts.push((path.to_owned(), text.replace(CURSOR, "")));
        }
        Case { name: name.to_owned(), ask: ask.trim_start_matches("// ").to_owned(), texts, at }
    };
    text.split("// --- ").skip(1).map(case).collect()
}

/// `line:column-line:column`, from 1 as editors show them.
fn place(range: &Value) -> String {
    let end = |end: &Value| format!("{}:{}", end["line"].as_u64().unwrap() + 1, end["character"].as_u64().unwrap() + 1);
    format!("{}-{}", end(&range["start"]), end(&range["end"]))
}

fn short(uri: &Value) -> &str {
    uri.as_str().unwrap().trim_start_matches("file:///w/")
}

/// The text after edits, which come from the back to the front.
fn edited(text: &str, edits: &[Value]) -> String {
    let offset = |text: &str, position: &Value| {
        let (line, column) = (position["line"].as_u64().unwrap(), position["character"].as_u64().unwrap());
        let start: usize = text.split_inclusive('\n').take(usize::try_from(line).unwrap()).map(str::len).sum();
        let mut units = 0;
        let rest = text[start..].char_indices().find(|(_, char)| {
            let here = units >= column;
            units += char.len_utf16() as u64;
            here
        });
        rest.map_or(text.len(), |(at, _)| start + at)
    };
    let mut out = text.to_owned();
    let mut edits: Vec<&Value> = edits.iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(offset(text, &edit["range"]["start"])));
    for edit in edits {
        let range = offset(text, &edit["range"]["start"])..offset(text, &edit["range"]["end"]);
        out.replace_range(range, edit["newText"].as_str().unwrap());
    }
    out
}

fn symbols(all: &[Value], depth: usize) -> String {
    let mut out = String::new();
    for one in all {
        let detail = one["detail"].as_str().map(|detail| format!(" {detail}")).unwrap_or_default();
        out.push_str(&format!(
            "{}{}{detail} {}\n",
            "  ".repeat(depth),
            one["name"].as_str().unwrap(),
            place(&one["range"])
        ));
        out.push_str(&symbols(one["children"].as_array().map(Vec::as_slice).unwrap_or_default(), depth + 1));
    }
    out
}

fn answer(client: &mut Client, case: &Case) -> String {
    let (uri, position) = &case.at;
    let document = json!({ "uri": uri });
    let at = json!({ "textDocument": document, "position": position });
    let text = || &case.texts.iter().find(|(path, _)| self::uri(path) == *uri).unwrap().1;
    let list = |value: Value| value.as_array().cloned().unwrap_or_default();
    match case.ask.as_str() {
        "completion" => list(client.ask("textDocument/completion", at).unwrap())
            .iter()
            .map(|item| {
                let detail = item["detail"].as_str().map(|detail| format!("  # {detail}")).unwrap_or_default();
                let edit = &item["textEdit"];
                let new = edit["newText"].as_str().unwrap().replace('\n', "⏎");
                format!("{} → {} {new}{detail}\n", item["label"].as_str().unwrap(), place(&edit["range"]))
            })
            .collect(),
        "hover" => match client.ask("textDocument/hover", at).unwrap() {
            Value::Null => "nothing\n".to_owned(),
            hover => format!("{}\n{}\n", place(&hover["range"]), hover["contents"]["value"].as_str().unwrap()),
        },
        "definition" => list(client.ask("textDocument/definition", at).unwrap())
            .iter()
            .map(|found| format!("{} {}\n", short(&found["uri"]), place(&found["range"])))
            .collect(),
        "symbols" => {
            symbols(&list(client.ask("textDocument/documentSymbol", json!({ "textDocument": document })).unwrap()), 0)
        }
        "format" => {
            let asked = json!({ "textDocument": document, "options": { "tabSize": 4, "insertSpaces": true } });
            match client.ask("textDocument/formatting", asked).unwrap() {
                Value::Null => "refused\n".to_owned(),
                edits => edited(text(), edits.as_array().unwrap()),
            }
        }
        "fixes" => {
            let range = json!({ "start": position, "end": position });
            let asked = json!({ "textDocument": document, "range": range, "context": { "diagnostics": [] } });
            let fix = |fix: &Value| {
                let edits = fix["edit"]["changes"].as_object().unwrap();
                let (_, edits) = edits.iter().next().unwrap();
                format!("{}\n{}", fix["title"].as_str().unwrap(), edited(text(), edits.as_array().unwrap()))
            };
            list(client.ask("textDocument/codeAction", asked).unwrap()).iter().map(fix).collect()
        }
        "diagnostics" => String::new(),
        other => panic!("nothing is called {other}"),
    }
}

/// All that was told of the texts of a case.
fn told(client: &mut Client, case: &Case) -> String {
    let mut out = String::new();
    for (path, _) in &case.texts {
        for one in client.diagnostics(&uri(path)) {
            let message = one["message"].as_str().unwrap().replace('\n', " ⏎ ");
            out.push_str(&format!("{path} {} {} {message}\n", place(&one["range"]), one["code"].as_str().unwrap()));
            for other in one["relatedInformation"].as_array().unwrap() {
                let (uri, range) = (&other["location"]["uri"], &other["location"]["range"]);
                out.push_str(&format!("    {} {} {}\n", short(uri), place(range), other["message"].as_str().unwrap()));
            }
        }
    }
    out
}

fn run(case: &Case) -> String {
    let mut client = Client::start(json!({
        "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } },
    }));
    // The first text last, so that all others are there when it is looked at.
    for (path, text) in case.texts.iter().rev() {
        client.open(&uri(path), text);
    }
    let mut out = String::new();
    if ["diagnostics", "fixes"].contains(&case.ask.as_str()) {
        client.settle(&uri("strategy.kdl"));
        out = told(&mut client, case);
    }
    out.push_str(&answer(&mut client, case));
    client.leave();
    out
}

#[test]
fn cases_say_what_they_are_expected_to() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "kdl"));
    files.sort();
    let (mut seen, mut wrong) = (0, Vec::new());
    for file in files {
        let mut out = String::new();
        for case in cases(&std::fs::read_to_string(&file).unwrap()) {
            seen += 1;
            out.push_str(&format!("--- {}\n{}\n", case.name, run(&case)));
        }
        let expected = file.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(expected, out).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != out {
            wrong.push(format!("{} says something else (UPDATE=1 rewrites it):\n{out}", expected.display()));
        }
    }
    assert!(seen >= 20, "only {seen} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
