//! The loop: messages in, answers out, diagnostics when they are found. It holds no rule of the language.

use crate::check::{self, Checked, Job};
use crate::convert::{self, Terms, path, uri};
use crate::desk::Desk;
use crate::document::Document;
use crate::lines::Unit;
use crate::{completion, definition, hover, symbols};
use compiler::{Facts, Text};
use crossbeam_channel::{Receiver, Sender, select};
use gen_lsp_types as types;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, from_value, json, to_value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use types::{LspNotificationMethod as On, LspRequestMethod as Ask};

/// What the server is given.
#[derive(Debug)]
pub struct Setting {
    /// The plugins, and the values of variables.
    pub facts: Facts,
    /// The clock, for the next runs of a schedule.
    pub now: fn() -> jiff::Timestamp,
    /// As it is told to the client.
    pub version: &'static str,
}

/// A failure that ends the server, as a fragment.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves the editor at the other end of standard input and output, until it says goodbye.
///
/// # Errors
/// When the editor does not keep to the protocol, or goes away without a word.
pub fn stdio(setting: Setting) -> Result<(), Failure> {
    let (connection, threads) = Connection::stdio();
    let served = serve(&connection, setting);
    drop(connection);
    served?;
    threads.join()?;
    Ok(())
}

/// Serves the editor at the other end of a connection.
///
/// # Errors
/// As [`stdio`].
pub fn serve(connection: &Connection, setting: Setting) -> Result<(), Failure> {
    let (id, params) = connection.initialize_start()?;
    let params: types::InitializeParams = from_value(params)?;
    let capabilities = &params.capabilities;
    let general = capabilities.general.as_ref();
    let unit = Unit::agreed(general.and_then(|general| general.position_encodings.as_deref()));
    let text = capabilities.text_document.as_ref();
    let item = text.and_then(|text| text.completion.as_ref()?.completion_item.as_ref());
    let snippets = item.and_then(|item| item.snippet_support).unwrap_or_default();
    let watched = capabilities.workspace.as_ref().and_then(|it| it.did_change_watched_files.as_ref());
    let watches = watched.and_then(|it| it.dynamic_registration).unwrap_or_default();
    let told = json!({
        "capabilities": offered(unit),
        "serverInfo": { "name": "backstay", "version": setting.version },
    });
    connection.initialize_finish(id, told)?;
    let (jobs, checked) = check::start()?;
    let mut server = Server {
        desk: Desk::new(setting.facts, setting.now),
        terms: Terms { unit, snippets },
        sender: &connection.sender,
        jobs,
        last: Checked::default(),
        told: BTreeSet::new(),
        uris: BTreeMap::new(),
        versions: BTreeMap::new(),
    };
    if watches {
        server.watch()?;
    }
    server.run(&connection.receiver, &checked)
}

fn offered(unit: Unit) -> types::ServerCapabilities {
    let sync = types::TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(types::TextDocumentSyncKind::Incremental),
        save: Some(types::Save::Bool(true)),
        ..types::TextDocumentSyncOptions::default()
    };
    let triggers = ["\"", " ", "=", "("].map(str::to_owned).to_vec();
    let completion = types::CompletionOptions { trigger_characters: Some(triggers), ..Default::default() };
    let fixes = types::CodeActionOptions {
        code_action_kinds: Some(vec![types::CodeActionKind::QuickFix]),
        ..types::CodeActionOptions::default()
    };
    types::ServerCapabilities {
        position_encoding: Some(unit.name()),
        text_document_sync: Some(types::TextDocumentSync::Options(sync)),
        completion_provider: Some(completion),
        hover_provider: Some(types::HoverProvider::Bool(true)),
        definition_provider: Some(types::DefinitionProvider::Bool(true)),
        document_symbol_provider: Some(types::DocumentSymbolProvider::Bool(true)),
        code_action_provider: Some(types::CodeActionProvider::CodeActionOptions(fixes)),
        document_formatting_provider: Some(types::DocumentFormattingProvider::Bool(true)),
        ..types::ServerCapabilities::default()
    }
}

struct Server<'a> {
    desk: Desk,
    terms: Terms,
    sender: &'a Sender<Message>,
    jobs: Sender<Job>,
    last: Checked,
    /// Paths of the texts that the client was told something of.
    told: BTreeSet<String>,
    /// URIs of open texts as the client writes them.
    uris: BTreeMap<String, types::Uri>,
    versions: BTreeMap<String, i32>,
}

/// An answer, or why there is none.
type Answer = Result<Value, (ErrorCode, String)>;

impl Server<'_> {
    fn run(&mut self, messages: &Receiver<Message>, checked: &Receiver<Checked>) -> Result<(), Failure> {
        let mut leaving = false;
        loop {
            select! {
                recv(messages) -> message => match message {
                    Ok(Message::Request(request)) if leaving => {
                        let refused = (ErrorCode::InvalidRequest, "the server is shutting down".to_owned());
                        self.answer(request.id, Err(refused))?;
                    }
                    Ok(Message::Request(request)) => {
                        leaving = request.method == Ask::Shutdown.as_str();
                        let answer = if leaving { Ok(Value::Null) } else { self.request(&request) };
                        self.answer(request.id, answer)?;
                    }
                    Ok(Message::Notification(note)) if note.method == On::Exit.as_str() => {
                        return if leaving { Ok(()) } else { Err("the editor left without a word".into()) };
                    }
                    Ok(Message::Notification(note)) => self.notification(note)?,
                    Ok(Message::Response(_)) => {}
                    Err(_) => return Err("the editor went away".into()),
                },
                recv(checked) -> checked => self.publish(checked?)?,
            }
        }
    }

    fn answer(&self, id: RequestId, answer: Answer) -> Result<(), Failure> {
        let response = match answer {
            Ok(result) => Response { id, response_result: Ok(result) },
            Err((code, message)) => Response::new_err(id, code as i32, message),
        };
        Ok(self.sender.send(response.into())?)
    }

    fn request(&self, request: &Request) -> Answer {
        let params = request.params.clone();
        match Ask::from(request.method.as_str()) {
            Ask::TextDocumentCompletion => self.completion(params),
            Ask::TextDocumentHover => self.hover(params),
            Ask::TextDocumentDefinition => self.definition(params),
            Ask::TextDocumentDocumentSymbol => self.symbols(params),
            Ask::TextDocumentCodeAction => self.actions(params),
            Ask::TextDocumentFormatting => self.formatting(params),
            _ => Err((ErrorCode::MethodNotFound, format!("`{}` is not offered", request.method))),
        }
    }

    fn notification(&mut self, note: Notification) -> Result<(), Failure> {
        match On::from(note.method.as_str()) {
            On::TextDocumentDidOpen => {
                let it = from_value::<types::DidOpenTextDocumentParams>(note.params)?.text_document;
                let path = path(&it.uri);
                self.uris.insert(path.clone(), it.uri);
                self.versions.insert(path.clone(), it.version);
                self.desk.put(&path, it.text);
            }
            On::TextDocumentDidChange => self.change(from_value(note.params)?),
            On::TextDocumentDidClose => {
                let closed = from_value::<types::DidCloseTextDocumentParams>(note.params)?;
                let path = path(&closed.text_document.uri);
                self.uris.remove(&path);
                self.versions.remove(&path);
                self.desk.close(&path);
            }
            On::TextDocumentDidSave | On::WorkspaceDidChangeWatchedFiles => {}
            // The others change no text.
            _ => return Ok(()),
        }
        Ok(self.jobs.send(Job::new(&self.desk, self.versions.clone()))?)
    }

    fn change(&mut self, params: types::DidChangeTextDocumentParams) {
        let path = path(&params.text_document.text_document_identifier.uri);
        if let Some(version) = self.versions.get_mut(&path) {
            *version = params.text_document.version;
        }
        for change in params.content_changes {
            let text = match change {
                types::TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text,
                types::TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let Some(document) = self.desk.opened(&path) else { return };
                    let offset = |position| document.lines.offset(&document.text, position, self.terms.unit);
                    let (start, end) = (offset(part.range.start), offset(part.range.end));
                    let mut text = document.text.clone();
                    text.replace_range(start..end.max(start), &part.text);
                    text
                }
            };
            self.desk.put(&path, text);
        }
    }

    /// The open text that a request is about, with the offset that it is about.
    fn at(&self, it: &types::TextDocumentPositionParams) -> Result<(Arc<Document>, usize), (ErrorCode, String)> {
        let document = self.open(&it.text_document)?;
        let offset = document.lines.offset(&document.text, it.position, self.terms.unit);
        Ok((document, offset))
    }

    fn open(&self, it: &types::TextDocumentIdentifier) -> Result<Arc<Document>, (ErrorCode, String)> {
        let found = self.desk.opened(&path(&it.uri)).map(Arc::clone);
        found.ok_or_else(|| (ErrorCode::InvalidParams, format!("`{}` is not open", it.uri.0)))
    }

    fn uri(&self, path: &str) -> types::Uri {
        self.uris.get(path).cloned().unwrap_or_else(|| uri(path))
    }

    fn completion(&self, params: Value) -> Answer {
        let params: types::CompletionParams = read(params)?;
        let (document, offset) = self.at(&params.text_document_position_params)?;
        let items = completion::complete(&self.desk, &document, offset);
        let items = items.iter().enumerate().map(|(rank, item)| convert::item(item, rank, &document, self.terms));
        write(items.collect::<Vec<_>>())
    }

    fn hover(&self, params: Value) -> Answer {
        let params: types::HoverParams = read(params)?;
        let (document, offset) = self.at(&params.text_document_position_params)?;
        let Some((value, range)) = hover::hover(&self.desk, &document, offset) else { return Ok(Value::Null) };
        let range = document.lines.range(&document.text, &range, self.terms.unit);
        let contents = types::MarkupContent { kind: types::MarkupKind::Markdown, value };
        write(types::Hover { contents: types::Contents::MarkupContent(contents), range: Some(range) })
    }

    fn definition(&self, params: Value) -> Answer {
        let params: types::DefinitionParams = read(params)?;
        let (document, offset) = self.at(&params.text_document_position_params)?;
        let places = definition::definition(&self.desk, &document, offset);
        let place = |(path, range): (String, std::ops::Range<usize>)| {
            let document = self.desk.document(&path)?;
            let range = document.lines.range(&document.text, &range, self.terms.unit);
            Some(types::Location { uri: self.uri(&path), range })
        };
        write(places.into_iter().filter_map(place).collect::<Vec<_>>())
    }

    fn symbols(&self, params: Value) -> Answer {
        let params: types::DocumentSymbolParams = read(params)?;
        let document = self.open(&params.text_document)?;
        let found = symbols::symbols(&document);
        write(found.iter().map(|symbol| convert::symbol(symbol, &document, self.terms.unit)).collect::<Vec<_>>())
    }

    fn formatting(&self, params: Value) -> Answer {
        let params: types::DocumentFormattingParams = read(params)?;
        let document = self.open(&params.text_document)?;
        let text = Text { name: document.path.clone(), text: document.text.clone() };
        // What is not KDL stays as it is; its diagnostics say why.
        let Ok(after) = compiler::format::named(&text) else { return Ok(Value::Null) };
        write(convert::edit(&document, &after, self.terms.unit).into_iter().collect::<Vec<_>>())
    }

    fn actions(&self, params: Value) -> Answer {
        let params: types::CodeActionParams = read(params)?;
        let document = self.open(&params.text_document)?;
        // Places that were found in another text than this one would hit the wrong words.
        let fresh = self.last.texts.iter().all(|(path, text)| self.desk.opened(path).is_none_or(|it| it.text == *text));
        let found = self.last.found.get(&document.path).filter(|_| fresh);
        let near = |range: types::Range| range.start <= params.range.end && params.range.start <= range.end;
        let actions = found.into_iter().flatten().filter_map(|found| {
            let about = convert::diagnostic(found, &self.last.paths, self.terms.unit);
            convert::action(found, &self.last.paths, self.terms.unit).filter(|_| near(about.range))
        });
        write(actions.map(types::CodeActionResponse::CodeAction).collect::<Vec<_>>())
    }

    /// Tells the client what was found in every text, also in those where nothing is any more.
    fn publish(&mut self, checked: Checked) -> Result<(), Failure> {
        self.last = checked;
        let cleared = std::mem::take(&mut self.told);
        let paths: BTreeSet<&String> = self.last.found.keys().chain(&cleared).collect();
        for path in paths {
            let found = self.last.found.get(path).map(Vec::as_slice).unwrap_or_default();
            let diagnostics: Vec<_> =
                found.iter().map(|found| convert::diagnostic(found, &self.last.paths, self.terms.unit)).collect();
            if !diagnostics.is_empty() {
                self.told.insert(path.clone());
            }
            let version = self.last.versions.get(path).copied();
            let params = types::PublishDiagnosticsParams { uri: self.uri(path), version, diagnostics };
            let note = Notification::new(On::TextDocumentPublishDiagnostics.as_str().to_owned(), params);
            self.sender.send(note.into())?;
        }
        Ok(())
    }

    /// Asks to be told of texts that change on disk.
    fn watch(&self) -> Result<(), Failure> {
        let params = json!({ "registrations": [{
            "id": "texts",
            "method": On::WorkspaceDidChangeWatchedFiles.as_str(),
            "registerOptions": { "watchers": [{ "globPattern": "**/*.kdl" }] },
        }]});
        let request =
            Request::new("watch".to_owned().into(), Ask::ClientRegisterCapability.as_str().to_owned(), params);
        Ok(self.sender.send(request.into())?)
    }
}

fn read<T: serde::de::DeserializeOwned>(params: Value) -> Result<T, (ErrorCode, String)> {
    from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}

fn write(result: impl serde::Serialize) -> Answer {
    to_value(result).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}
