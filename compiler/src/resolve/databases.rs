//! The databases of a source: as named, as its inventory lists them, or as a glob that only a run can expand.

use crate::diag::{Diagnostic, Sink, codes};
use crate::model::{Engine, Source};
use crate::span::Span;
use crate::structure::did_you_mean;
use schema::fact::Inventory;

/// A database to protect, and the text that asks for it.
#[derive(Clone, Debug)]
pub struct Database {
    /// A name; a glob while nothing is known of the source.
    pub name: String,
    pub span: Span,
    /// Whether only a run can say what it is.
    pub open: bool,
}

/// The databases of a source, in the order of the strategy, each once.
pub fn databases(source: &Source, inventory: &[Inventory], sink: &mut Sink) -> Vec<Database> {
    let Engine::Neo4j(neo4j) = &source.engine else {
        return vec![Database { name: "files".to_owned(), span: source.span.clone(), open: false }];
    };
    let known = inventory.iter().find(|inventory| inventory.source == source.name.value);
    let mut out: Vec<Database> = Vec::new();
    for pattern in &neo4j.databases {
        let names: Vec<String> = match known {
            None => vec![pattern.text.clone()],
            Some(known) => known.databases.iter().filter(|name| pattern.covers(name)).cloned().collect(),
        };
        if let Some(known) = known.filter(|_| names.is_empty()) {
            let listed: Vec<&str> = known.databases.iter().map(String::as_str).collect();
            sink.push(
                Diagnostic::error(
                    &codes::UNKNOWN_DATABASE,
                    format!("`{}` has no database `{}`", source.name.value, pattern.text),
                )
                .at(&pattern.span, "matches nothing that the source listed")
                .help_maybe(did_you_mean(&pattern.text, &listed)),
            );
        }
        for name in names {
            if !out.iter().any(|database| database.name == name) {
                out.push(Database { name, span: pattern.span.clone(), open: pattern.is_glob() && known.is_none() });
            }
        }
    }
    out
}
