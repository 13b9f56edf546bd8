//! The texts that an editor has open and those that belong to them: which strategy a text is part of, and all of its
//! texts. Open texts go before what is on disk.

use crate::document::Document;
use crate::vocabulary::Vocabulary;
use compiler::expand::MOST_TEXTS;
use compiler::{Facts, Found, Imports, Text, syntax};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// Name of the text that a strategy begins with, when it is not open itself.
const ROOT: &str = "strategy.kdl";

/// A text on disk, as it was when it was read.
type Read = (SystemTime, Arc<Document>);

/// All texts, by their paths.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) facts: Facts,
    pub(crate) now: fn() -> jiff::Timestamp,
    open: BTreeMap<String, Arc<Document>>,
    read: RefCell<BTreeMap<String, Read>>,
}

/// The texts of one strategy, the one that it begins with first.
#[derive(Debug, Default)]
pub(crate) struct Strategy {
    pub(crate) documents: Vec<Arc<Document>>,
    /// What its imports are, by paths.
    imports: Vec<(String, String, Found)>,
}

impl Desk {
    pub(crate) fn new(facts: Facts, now: fn() -> jiff::Timestamp) -> Self {
        let vocabulary = Vocabulary::new(&facts.plugins);
        Self { vocabulary, facts, now, open: BTreeMap::new(), read: RefCell::default() }
    }

    /// Opens a text or changes it.
    pub(crate) fn put(&mut self, path: &str, text: String) {
        self.open.insert(path.to_owned(), Arc::new(Document::new(path, text)));
    }

    pub(crate) fn close(&mut self, path: &str) {
        self.open.remove(path);
    }

    pub(crate) fn opened(&self, path: &str) -> Option<&Arc<Document>> {
        self.open.get(path)
    }

    /// A text, open or on disk.
    pub(crate) fn document(&self, path: &str) -> Option<Arc<Document>> {
        self.get(path).ok()
    }

    fn get(&self, path: &str) -> Result<Arc<Document>, String> {
        if let Some(open) = self.open.get(path) {
            return Ok(Arc::clone(open));
        }
        let found = std::fs::metadata(path).map_err(|error| why(&error))?;
        // Reading a pipe or a device may never end.
        if !found.is_file() || found.len() > syntax::MOST_BYTES as u64 {
            return Err("it is no file, or too long".to_owned());
        }
        let changed = found.modified().map_err(|error| why(&error))?;
        let mut read = self.read.borrow_mut();
        if let Some((_, document)) = read.get(path).filter(|(at, _)| *at == changed) {
            return Ok(Arc::clone(document));
        }
        let text = std::fs::read_to_string(path).map_err(|error| why(&error))?;
        let document = Arc::new(Document::new(path, text));
        read.insert(path.to_owned(), (changed, Arc::clone(&document)));
        Ok(document)
    }

    /// The texts of the strategy that a text is part of, itself among them.
    pub(crate) fn strategy(&self, document: &Document) -> Vec<Arc<Document>> {
        let root = self.root(document);
        let strategy = root.map(|root| self.gather(&root)).unwrap_or_default();
        if strategy.documents.is_empty() {
            self.document(&document.path).into_iter().collect()
        } else {
            strategy.documents
        }
    }

    /// The strategies that open texts are part of, and the open texts that are part of none.
    pub(crate) fn strategies(&self) -> (Vec<Strategy>, Vec<Arc<Document>>) {
        let mut roots: BTreeMap<String, Arc<Document>> = BTreeMap::new();
        let mut alone = Vec::new();
        for document in self.open.values() {
            match self.root(document) {
                Some(root) => drop(roots.insert(root.path.clone(), root)),
                None => alone.push(Arc::clone(document)),
            }
        }
        (roots.values().map(|root| self.gather(root)).collect(), alone)
    }

    /// The text that the strategy of a text begins with: itself, an open text that imports it, or the nearest
    /// `strategy.kdl` above it that does.
    fn root(&self, document: &Document) -> Option<Arc<Document>> {
        if begins(document) {
            return self.document(&document.path);
        }
        let above = Path::new(&document.path).ancestors().skip(1).map(|folder| folder.join(ROOT));
        let above = above.filter_map(|path| self.document(path.to_str()?));
        let open = self.open.values().map(Arc::clone);
        let mut candidates = open.chain(above).filter(|candidate| begins(candidate));
        candidates.find(|root| self.gather(root).documents.iter().any(|one| one.path == document.path))
    }

    /// A text and all that it imports.
    fn gather(&self, root: &Arc<Document>) -> Strategy {
        let mut strategy = Strategy { documents: vec![Arc::clone(root)], imports: Vec::new() };
        let mut seen = BTreeSet::from([root.path.clone()]);
        let mut next = 0;
        while let Some(document) = strategy.documents.get(next).map(Arc::clone) {
            next += 1;
            for (_, path) in imports(&document) {
                let found = self.find(&document.path, &path);
                if let Found::Texts(paths) = &found {
                    let fresh: Vec<&String> = paths.iter().filter(|path| seen.insert((*path).clone())).collect();
                    // One more than there may be: that is for the compiler to tell.
                    let room = (MOST_TEXTS + 1).saturating_sub(strategy.documents.len());
                    strategy.documents.extend(fresh.into_iter().filter_map(|path| self.document(path)).take(room));
                }
                strategy.imports.push((document.path.clone(), path, found));
            }
        }
        strategy
    }

    /// What an import of a text is, by its path as it is written.
    pub(crate) fn find(&self, importer: &str, path: &str) -> Found {
        if path.starts_with('/') {
            return Found::Nothing("an absolute path holds on one machine only".to_owned());
        }
        let wanted = join(importer, path);
        let mut inside: BTreeSet<String> = self.open.keys().filter(|path| below(path, &wanted)).cloned().collect();
        let entries = std::fs::read_dir(&wanted).into_iter().flatten().filter_map(Result::ok);
        let files = entries.filter(|entry| entry.path().is_file());
        inside.extend(files.filter_map(|entry| entry.path().to_str().map(str::to_owned)));
        inside.retain(|path| below(path, &wanted));
        match self.get(&wanted) {
            Ok(_) => Found::Texts(vec![wanted]),
            Err(_) if !inside.is_empty() => Found::Texts(inside.into_iter().collect()),
            Err(_) if Path::new(&wanted).is_dir() => Found::Nothing("the folder holds no `.kdl` file".to_owned()),
            Err(why) => Found::Nothing(why),
        }
    }
}

/// Whether a path is that of a text directly in a folder. Hidden ones are what editors leave lying about.
fn below(path: &str, folder: &str) -> bool {
    let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    name.is_some_and(|name| name.ends_with(".kdl") && !name.starts_with('.') && !name.contains('/'))
}

fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        _ => error.to_string(),
    }
}

/// Whether a strategy begins with this text.
fn begins(document: &Document) -> bool {
    document.sketch.below(None).any(|(_, node)| document.name(node) == "strategy")
}

/// The imports of a text: the stretch that says the path, and the path.
pub(crate) fn imports(document: &Document) -> Vec<(std::ops::Range<usize>, String)> {
    // Those that the compiler would look at: at the top, and directly in the strategy.
    let strategies = document.sketch.below(None).filter(|(_, node)| document.name(node) == "strategy");
    let levels = std::iter::once(None).chain(strategies.map(|(id, _)| Some(id)));
    let nodes = levels.flat_map(|level| document.sketch.below(level));
    let values = nodes
        .filter(|(_, node)| document.name(node) == "import")
        .filter_map(|(_, node)| node.arguments().next().and_then(|entry| entry.value.clone()));
    values.map(|value| (value.clone(), document.text_of(&value).into_owned())).collect()
}

/// A path from the folder of another text.
fn join(importer: &str, path: &str) -> String {
    let folder = importer.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

impl Strategy {
    /// What the compiler is given: texts under names that people read, the imports by these names, and the path of each
    /// name.
    pub(crate) fn input(&self) -> (Vec<Text>, Imports, BTreeMap<String, String>) {
        let root = self.documents.first().map(|root| root.path.as_str()).unwrap_or_default();
        let folder = root.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let name = |path: &str| path.strip_prefix(&folder).unwrap_or(path).to_owned();
        let text = |document: &Arc<Document>| Text { name: name(&document.path), text: document.text.clone() };
        let texts = self.documents.iter().map(text).collect();
        let paths = self.documents.iter().map(|document| (name(&document.path), document.path.clone())).collect();
        let imports = self.imports.iter().map(|(importer, path, found)| {
            let found = match found {
                Found::Texts(paths) => Found::Texts(paths.iter().map(|path| name(path)).collect()),
                Found::Nothing(_) | Found::NotText { .. } => found.clone(),
            };
            ((name(importer), path.clone()), found)
        });
        (texts, imports.collect(), paths)
    }
}
