//! An editor in the same process: it opens texts, asks, and keeps what it is told.

use lsp_server::{Connection, Message, Notification, Request};
use schema::fact::PluginManifest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest that the server may stay silent.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    connection: Connection,
    server: Option<JoinHandle<Result<(), lsp::Failure>>>,
    asked: i32,
    /// What the server said of itself.
    pub(crate) offered: Value,
    /// The newest diagnostics, by URI.
    pub(crate) told: BTreeMap<String, Vec<Value>>,
    /// The versions that they are about, by URI.
    versions: BTreeMap<String, i64>,
}

impl Client {
    /// A client with these capabilities.
    pub(crate) fn start(capabilities: Value) -> Self {
        let (server, connection) = Connection::memory();
        let plugin = |folder: &str, name: &str| {
            let path = format!("{}/../plugins/{folder}/{name}/plugin.kdl", env!("CARGO_MANIFEST_DIR"));
            PluginManifest { name: name.to_owned(), text: std::fs::read_to_string(path).unwrap() }
        };
        let plugins = vec![plugin("storage", "fs"), plugin("storage", "s3"), plugin("notify", "webhook")];
        let facts = compiler::Facts { plugins, ..compiler::Facts::default() };
        let now = || "2026-11-22T12:00:00Z".parse().unwrap();
        let setting = lsp::Setting { facts, now, version: "0" };
        let server = std::thread::spawn(move || lsp::serve(&server, setting));
        let mut client = Self {
            connection,
            server: Some(server),
            asked: 0,
            offered: Value::Null,
            told: BTreeMap::new(),
            versions: BTreeMap::new(),
        };
        client.offered = client.ask("initialize", json!({ "capabilities": capabilities })).unwrap();
        client.tell("initialized", json!({}));
        client
    }

    pub(crate) fn tell(&self, method: &str, params: Value) {
        self.connection.sender.send(Notification::new(method.to_owned(), params).into()).unwrap();
    }

    /// The answer, or the code of the error.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Result<Value, i32> {
        self.asked += 1;
        let request = Request::new(self.asked.into(), method.to_owned(), params);
        self.connection.sender.send(request.into()).unwrap();
        loop {
            if let Message::Response(response) = self.next() {
                assert_eq!(response.id, self.asked.into());
                return response.response_result.map_err(|error| error.code);
            }
        }
    }

    fn next(&mut self) -> Message {
        let message = self.connection.receiver.recv_timeout(PATIENCE).unwrap();
        if let Message::Notification(note) = &message {
            assert_eq!(note.method, "textDocument/publishDiagnostics");
            let version = note.params["version"].as_i64();
            self.versions.extend(version.map(|version| (note.params["uri"].as_str().unwrap().to_owned(), version)));
            let all = note.params["diagnostics"].as_array().unwrap().clone();
            self.told.insert(note.params["uri"].as_str().unwrap().to_owned(), all);
        }
        message
    }

    /// Waits until the client was told of a text, and takes what it was told.
    pub(crate) fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        while !self.told.contains_key(uri) {
            self.next();
        }
        self.told.remove(uri).unwrap()
    }

    /// Waits until the client was told of this text as it is now, and of all others with it.
    pub(crate) fn settle(&mut self, uri: &str) {
        let document = json!({ "uri": uri, "version": 2 });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [] }));
        while self.versions.get(uri) != Some(&2) {
            self.next();
        }
        // What was found at once is told before the next answer.
        self.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } })).unwrap();
    }

    pub(crate) fn open(&self, uri: &str, text: &str) {
        let text = json!({ "uri": uri, "languageId": "kdl", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": text }));
    }

    /// Says goodbye; the server must have ended well.
    pub(crate) fn leave(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Ok(Value::Null));
        assert_eq!(self.ask("textDocument/hover", Value::Null), Err(-32600));
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().unwrap().unwrap();
    }
}
