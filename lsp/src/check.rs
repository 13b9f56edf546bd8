//! What the compiler says of the texts, found in a thread of its own: parsing takes longer than a person may wait for the
//! answer to a key.

use crate::desk::Desk;
use compiler::diag::Diagnostic;
use compiler::source::Source;
use compiler::{Facts, Text, check, syntax};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Texts to be checked, as they were at one moment.
#[derive(Debug)]
pub(crate) struct Job {
    strategies: Vec<(Vec<Text>, Facts, BTreeMap<String, String>)>,
    /// Texts of no strategy, by their paths.
    alone: Vec<Text>,
    versions: BTreeMap<String, i32>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checked {
    /// By the path of the text that it is about; a text without findings is there too.
    pub(crate) found: BTreeMap<String, Vec<Diagnostic>>,
    /// The text at a path when it was checked.
    pub(crate) texts: BTreeMap<String, String>,
    /// The paths behind the names that diagnostics cite, of all strategies.
    pub(crate) paths: BTreeMap<String, String>,
    /// The versions of open texts, by path, that it is about.
    pub(crate) versions: BTreeMap<String, i32>,
}

impl Job {
    pub(crate) fn new(desk: &Desk, versions: BTreeMap<String, i32>) -> Self {
        let (strategies, alone) = desk.strategies();
        let strategies = strategies.iter().map(|strategy| {
            let (texts, imports, paths) = strategy.input();
            (texts, Facts { imports, ..desk.facts.clone() }, paths)
        });
        let alone = alone.iter().map(|it| Text { name: it.path.clone(), text: it.text.clone() });
        Self { strategies: strategies.collect(), alone: alone.collect(), versions }
    }

    /// Checks all of it.
    pub(crate) fn run(&self) -> Checked {
        let mut checked = Checked { versions: self.versions.clone(), ..Checked::default() };
        for (texts, facts, paths) in &self.strategies {
            let root = texts.first().and_then(|text| paths.get(&text.name)).cloned().unwrap_or_default();
            for text in texts {
                if let Some(path) = paths.get(&text.name) {
                    checked.found.entry(path.clone()).or_default();
                    checked.texts.insert(path.clone(), text.text.clone());
                }
            }
            checked.paths.extend(paths.clone());
            for diagnostic in check(texts, facts).diagnostics {
                // What is wrong with a plugin's manifest has no better place than the strategy that names the plugin.
                let path = diagnostic.source().and_then(|source| paths.get(source.name())).unwrap_or(&root);
                checked.found.entry(path.clone()).or_default().push(diagnostic);
            }
        }
        for text in &self.alone {
            // Which strategy it is part of is not known, so only its form can be judged.
            let mut told = Vec::new();
            let _ = syntax::parse(&Arc::new(Source::new(&text.name, &text.text)), &mut told);
            checked.texts.insert(text.name.clone(), text.text.clone());
            checked.paths.insert(text.name.clone(), text.name.clone());
            checked.found.insert(text.name.clone(), told);
        }
        checked
    }
}

/// A thread that checks. Dropping the sender ends it.
pub(crate) fn start() -> std::io::Result<(Sender<Job>, Receiver<Checked>)> {
    let (jobs, asked) = unbounded::<Job>();
    let (answers, checked) = unbounded();
    std::thread::Builder::new().name("check".to_owned()).spawn(move || {
        while let Ok(mut job) = asked.recv() {
            // Only the newest texts matter.
            while let Ok(newer) = asked.try_recv() {
                job = newer;
            }
            if answers.send(job.run()).is_err() {
                return;
            }
        }
    })?;
    Ok((jobs, checked))
}
