//! What holds of the messages, whatever the text: units of columns, changes, what is not offered, goodbye.

use crate::client::Client;
use serde_json::{Value, json};

const URI: &str = "file:///w/strategy.kdl";

fn range(from: (u32, u32), to: (u32, u32)) -> Value {
    let at = |(line, character): (u32, u32)| json!({ "line": line, "character": character });
    json!({ "start": at(from), "end": at(to) })
}

fn change(client: &Client, changes: Value) {
    let text = json!({ "uri": URI, "version": 2 });
    client.tell("textDocument/didChange", json!({ "textDocument": text, "contentChanges": changes }));
}

#[test]
fn columns_are_in_the_unit_that_was_agreed_on() {
    // Carriage returns, a tab, characters of three and four bytes before the fault.
    let text = "strategy \"a\" {\r\n\t/* 日🦀 */ objectives { rpo \"soon\" }\r\n}\r\n";
    for (offered, unit, columns) in [
        (json!(["utf-16"]), "utf-16", (28, 34)),
        (json!(["utf-16", "utf-8"]), "utf-8", (32, 38)),
        (Value::Null, "utf-16", (28, 34)),
    ] {
        let mut client = Client::start(json!({ "general": { "positionEncodings": offered } }));
        assert_eq!(client.offered["capabilities"]["positionEncoding"], unit);
        client.open(URI, text);
        let found = client.diagnostics(URI);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["range"], range((1, columns.0), (1, columns.1)));
        assert_eq!(found[0]["code"], "invalid-value");
        let at = json!({ "textDocument": { "uri": URI }, "position": { "line": 1, "character": columns.0 - 2 } });
        let hover = client.ask("textDocument/hover", at).unwrap();
        assert_eq!(hover["range"], range((1, columns.0 - 4), (1, columns.0 - 1)));
        client.leave();
    }
}

#[test]
fn changes_are_applied_in_their_order() {
    let mut client = Client::start(json!({}));
    client.open(URI, "strategy \"a\" {\r\n    /* 🦀 */ objectives { rpo 5 }\r\n}\r\n");
    assert_eq!(client.diagnostics(URI)[0]["code"], "missing-unit");
    change(
        &client,
        json!([
            { "range": range((1, 30), (1, 31)), "text": "\"5\"" },
            { "range": range((1, 32), (1, 32)), "text": "m" },
        ]),
    );
    assert_eq!(client.diagnostics(URI), Vec::<Value>::new());
    change(&client, json!([{ "text": "strategy \"a\" {" }]));
    assert_eq!(client.diagnostics(URI)[0]["code"], "syntax-error");
    // Beyond the end is the end.
    change(&client, json!([{ "range": range((7, 7), (9, 9)), "text": "\n}\n" }]));
    assert_eq!(client.diagnostics(URI), Vec::<Value>::new());
    client.leave();
}

#[test]
fn what_is_gone_is_not_told_any_more() {
    let mut client = Client::start(json!({}));
    client.open(URI, "strategy");
    assert_eq!(client.diagnostics(URI).len(), 1);
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(client.diagnostics(URI), Vec::<Value>::new());
    let closed = json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 0 } });
    assert_eq!(client.ask("textDocument/hover", closed), Err(-32602));
    assert_eq!(client.ask("textDocument/rename", json!({})), Err(-32601));
    client.leave();
}

#[test]
fn a_text_without_a_file_is_served_too() {
    let mut client = Client::start(json!({}));
    client.open("untitled:Untitled-1", "strategy \"a\" { environment \"live\" }");
    assert_eq!(client.diagnostics("untitled:Untitled-1")[0]["code"], "unknown-value");
    // Not known to be part of a strategy: only its form is judged.
    client.open("untitled:Untitled-2", "store \"a\" plugin=\"fs\"");
    assert_eq!(client.diagnostics("untitled:Untitled-2"), Vec::<Value>::new());
    client.leave();
}
