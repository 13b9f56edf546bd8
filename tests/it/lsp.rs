//! An editor's whole session with the real binary, over its standard input and output: what goes over the wire. What the
//! features say of a place is tested beside them.

use crate::space::Space;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    asked: i64,
    /// Notifications that came before an answer.
    notes: Vec<Value>,
}

impl Editor {
    fn start(space: &Space) -> Self {
        let mut command = space.command("lsp --stdio");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output, asked: 0, notes: Vec::new() }
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == self.asked {
                assert!(message.get("error").is_none(), "{message}");
                return message["result"].clone();
            }
            self.notes.push(message);
        }
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server is gone");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The codes of the next diagnostics of a text.
    fn told(&mut self, uri: &str) -> Vec<Value> {
        loop {
            let waiting = self.notes.iter().position(|note| note["params"]["uri"] == uri);
            let note = match waiting {
                Some(at) => self.notes.remove(at),
                None => self.receive(),
            };
            if note["method"] == "textDocument/publishDiagnostics" && note["params"]["uri"] == uri {
                let all = note["params"]["diagnostics"].as_array().unwrap();
                return all.iter().map(|found| found["code"].clone()).collect();
            }
            self.notes.push(note);
        }
    }

    /// The exit code.
    fn ends(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }
}

fn labels(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect()
}

#[test]
fn a_whole_session() {
    let space = Space::new();
    space.write("stores/desk.kdl", b"store \"desk\" plugin=\"fs\" { pth \"desk\" }\n");
    let text = "strategy \"notes\" {\n    import \"stores\"\n    source \"notes\" engine=\"files\" {root \"data\"}\n    job \"nightly\" { backup \"notes\" to=\"\" }\n}\n";
    space.write("strategy.kdl", text.as_bytes());
    let folder = space.path("").canonicalize().unwrap();
    let uri = |name: &str| format!("file://{}", folder.join(name).display());
    let (strategy, stores) = (uri("strategy.kdl"), uri("stores/desk.kdl"));
    let document = json!({ "uri": strategy });
    let at = |line: u32, character: u32| json!({ "textDocument": { "uri": strategy }, "position": { "line": line, "character": character } });

    let mut editor = Editor::start(&space);
    let offered = editor.ask("initialize", &json!({ "processId": null, "rootUri": uri(""), "capabilities": {} }));
    assert_eq!(offered["serverInfo"]["name"], "backstay");
    assert_eq!(offered["capabilities"]["positionEncoding"], "utf-16");
    editor.tell("initialized", &json!({}));
    let opened = json!({ "uri": strategy, "languageId": "kdl", "version": 1, "text": text });
    editor.tell("textDocument/didOpen", &json!({ "textDocument": opened }));
    // Of the open text, and of one that is only on disk.
    assert_eq!(editor.told(&strategy), ["invalid-value"]);
    assert_eq!(editor.told(&stores), ["unknown-node"]);

    assert_eq!(labels(&editor.ask("textDocument/completion", &at(3, 39))), ["desk"]);
    let insert = json!({ "start": { "line": 3, "character": 39 }, "end": { "line": 3, "character": 39 } });
    let changed = json!({ "textDocument": { "uri": strategy, "version": 2 },
        "contentChanges": [{ "range": insert, "text": "desk" }] });
    editor.tell("textDocument/didChange", &changed);
    assert_eq!(editor.told(&strategy), Vec::<Value>::new());

    let hover = editor.ask("textDocument/hover", &at(3, 21));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("Makes an artifact"), "{hover}");
    let found = editor.ask("textDocument/definition", &at(3, 42));
    assert_eq!((found[0]["uri"].as_str(), found[0]["range"]["start"]["character"].as_u64()), (Some(&*stores), Some(6)));
    let options = json!({ "textDocument": document, "options": { "tabSize": 4, "insertSpaces": true } });
    let edits = editor.ask("textDocument/formatting", &options);
    assert_eq!(edits[0]["newText"], "    source \"notes\" engine=\"files\" { root \"data\" }\n");
    let outline = editor.ask("textDocument/documentSymbol", &json!({ "textDocument": document }));
    assert_eq!(outline[0]["detail"], "notes");

    // Mended on disk: the editor says so, and what was told of it goes away.
    space.write("stores/desk.kdl", b"store \"desk\" plugin=\"fs\" { path \"desk\" }\n");
    editor.tell("workspace/didChangeWatchedFiles", &json!({ "changes": [{ "uri": stores, "type": 2 }] }));
    while !editor.told(&stores).is_empty() {}

    assert_eq!(editor.ask("shutdown", &Value::Null), Value::Null);
    editor.tell("exit", &Value::Null);
    assert_eq!(editor.ends(), 0);
}

#[test]
fn an_editor_that_vanishes_takes_the_server_with_it() {
    let space = Space::new();
    let mut editor = Editor::start(&space);
    editor.ask("initialize", &json!({ "capabilities": {} }));
    editor.tell("initialized", &json!({}));
    editor.input = None;
    assert_eq!(editor.ends(), 1);
    let mut told = String::new();
    editor.child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("the editor went away"), "{told}");
}
