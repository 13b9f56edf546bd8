//! What a person waits for while writing: `fmt` beside the parser that it stands on, and the language server's answers to a
//! key, over its standard input and output.

use crate::Setting;
use crate::measure::{Samples, program};
use crate::table::Table;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TIMES: usize = 40;
/// Nodes of the text that is formatted, and lines of the one that is edited.
const NODES: usize = 10_000;
const LINES: usize = 2_000;
/// Nodes and lines of one group of [`strategy`].
const GROUP: (usize, usize) = (10, 14);
const URI: &str = "file:///bench/strategy.kdl";

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let text = strategy(NODES / GROUP.0);
    let source = Arc::new(compiler::source::Source::new("strategy.kdl", &text));
    let (mut ours, mut parser) = (Samples::default(), Samples::default());
    for turn in 0..=TIMES / 4 {
        let began = Instant::now();
        let parsed = compiler::syntax::parse(&source, &mut Vec::new()).is_some();
        let halfway = Instant::now();
        let formatted = compiler::format(&text).is_ok();
        if !(parsed && formatted) {
            return Err("the measured text is not KDL".to_owned());
        }
        if turn > 0 {
            parser.0.push(halfway.duration_since(began).as_secs_f64());
            ours.0.push(halfway.elapsed().as_secs_f64());
        }
    }
    let what = format!("`fmt` of {NODES} nodes, in memory");
    table.times(&what, &ours, Some(("the parser alone", &parser)), "≤ 1.43 of the other");
    keystrokes(setting, table).map_err(|error| format!("the language server: {error}"))
}

/// Sources and the jobs that keep them, laid out as `fmt` does.
fn strategy(groups: usize) -> String {
    let mut text = String::from("strategy \"bench\" {\n    environment \"production\"\n");
    for store in ["vault", "offsite"] {
        let _ = writeln!(text, "    store \"{store}\" plugin=\"fs\" {{ site \"{store}\"; path \"{store}\" }}");
    }
    for group in 0..groups {
        let (minute, hour) = (group % 60, group % 24);
        let _ = write!(
            text,
            r#"
    // Group {group}.
    source "s{group}" engine="files" {{
        root "/srv/s{group}"
        exclude "**/*.tmp"
    }}
    job "j{group}" {{
        schedule "{minute} {hour} * * *" timezone="Europe/Stockholm"
        backup "s{group}" to="vault"
        verify "s{group}" with="digest"
        transfer from="vault" to="offsite" bandwidth="80MiB/s"
        verify "offsite" with="digest"
    }}
"#
        );
    }
    text + "}\n"
}

struct Editor {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Editor {
    fn send(&mut self, message: &Value) -> Result<(), String> {
        let body = message.to_string();
        let sent = write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).and_then(|()| self.input.flush());
        sent.map_err(|e| e.to_string())
    }

    fn receive(&mut self) -> Result<Value, String> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).map_err(|e| e.to_string())? == 0 {
                return Err("it is gone".to_owned());
            }
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().map_err(|_| "a header without a number")?,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).map_err(|e| e.to_string())?;
        serde_json::from_slice(&body).map_err(|e| e.to_string())
    }

    /// Waits for a message of which this holds.
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<(), String> {
        while !wanted(&self.receive()?) {}
        Ok(())
    }

    /// Types a character behind the name of a store, or takes it away again.
    fn type_key(&mut self, line: usize, column: usize, turn: usize) -> Result<(), String> {
        let at = |column: usize| json!({ "line": line, "character": column });
        let (end, text) = if turn.is_multiple_of(2) { (column, "x") } else { (column + 1, "") };
        let change = json!({ "range": { "start": at(column), "end": at(end) }, "text": text });
        let params = json!({ "textDocument": { "uri": URI, "version": turn + 2 }, "contentChanges": [change] });
        self.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": params }))
    }
}

fn keystrokes(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let mut command = program(&setting.backstay, &["lsp"], &setting.work);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it has no standard streams".to_owned());
    };
    let mut editor = Editor { input, output: BufReader::new(output) };
    let text = strategy(LINES / GROUP.1);
    let half = text.lines().count() / 2;
    let found = text.lines().enumerate().skip(half).find(|(_, line)| line.contains(" to=\"vault\""));
    let (line, column) = found.map(|(at, line)| (at, line.len() - 1)).ok_or("nothing to edit")?;
    let request = |id: usize, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    editor.send(&request(0, "initialize", json!({ "capabilities": {} })))?;
    editor.until(|message| message["id"] == 0)?;
    editor.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }))?;
    let document = json!({ "uri": URI, "languageId": "kdl", "version": 1, "text": text });
    editor
        .send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } }))?;
    let about = |message: &Value, version: usize| message.pointer("/params/version") == Some(&version.into());
    editor.until(|message| about(message, 1))?;

    let (mut answers, mut diagnostics) = (Samples::default(), Samples::default());
    let at = json!({ "textDocument": { "uri": URI }, "position": { "line": line, "character": column } });
    for turn in 0..TIMES {
        let began = Instant::now();
        editor.type_key(line, column, turn)?;
        editor.send(&request(turn + 1, "textDocument/completion", at.clone()))?;
        // The diagnostics of this text may come first: then they have been waited for as well.
        editor.until(|message| message["id"] == turn + 1)?;
        answers.0.push(began.elapsed().as_secs_f64());
        std::thread::sleep(Duration::from_millis(200));
    }
    for turn in TIMES..2 * TIMES {
        let began = Instant::now();
        editor.type_key(line, column, turn)?;
        editor.until(|message| about(message, turn + 2))?;
        diagnostics.0.push(began.elapsed().as_secs_f64());
    }
    table.times(&format!("`lsp`: a key and its completion in {LINES} lines"), &answers, None, "≤ 30 ms");
    table.times(&format!("`lsp`: a key and its diagnostics in {LINES} lines"), &diagnostics, None, "–");
    editor.send(&request(2 * TIMES, "shutdown", Value::Null))?;
    editor.send(&json!({ "jsonrpc": "2.0", "method": "exit" }))?;
    child.wait().map(|_| ()).map_err(|e| e.to_string())
}
