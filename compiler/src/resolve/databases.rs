//! The databases of a source: as named, as its inventory lists them, or as a glob that only a run can expand. What is
//! no database, but has artifacts of its own, counts as one: a server's files, a tree, what a command writes.

use crate::diag::{Diagnostic, Sink, codes};
use crate::model::{Engine, Files, On, Source, Strategy};
use crate::span::Span;
use crate::structure::did_you_mean;
use schema::fact::{Inventory, Virtual};
use schema::source::Member;
use std::collections::BTreeSet;

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
pub fn databases(source: &Source, strategy: &Strategy, inventory: &[Inventory], sink: &mut Sink) -> Vec<Database> {
    let one = |name: &str, span: &Span| Database { name: name.to_owned(), span: span.clone(), open: false };
    let neo4j = match &source.engine {
        Engine::Neo4j(neo4j) => neo4j,
        Engine::Files(files) if !files.on.is_empty() => {
            let members = members(files, strategy);
            return members.iter().map(|(member, on)| one(&member.server, &on.span)).collect();
        }
        Engine::Files(_) => return vec![one("files", &source.span)],
        Engine::Command(command) if command.databases.is_empty() => return vec![one("command", &source.span)],
        Engine::Command(command) => return command.databases.iter().map(|name| one(&name.value, &name.span)).collect(),
    };
    let known = inventory.iter().find(|inventory| inventory.source == source.name.value);
    let mut out: Vec<Database> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for pattern in &neo4j.databases {
        let is_named = |it: &&Virtual| !pattern.is_glob() && pattern.covers(&it.name);
        if let Some(stands) = known.and_then(|known| known.virtuals.iter().find(is_named)) {
            sink.push(virtual_database(source, stands, &pattern.span));
            continue;
        }
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
            if seen.insert(name.clone()) {
                out.push(Database { name, span: pattern.span.clone(), open: pattern.is_glob() && known.is_none() });
            }
        }
    }
    out
}

fn virtual_database(source: &Source, stands: &Virtual, span: &Span) -> Diagnostic {
    let (name, of) = (&stands.name, &source.name.value);
    let (what, help) = match &stands.alias_of {
        Some(database) => (format!("an alias of the database `{database}`"), format!("Name `{database}` itself.")),
        None => (
            "a composite database, which holds no data".to_owned(),
            "Name the databases that it is made of; how it is made of them is kept with `system`.".to_owned(),
        ),
    };
    Diagnostic::error(&codes::VIRTUAL_DATABASE, format!("`{name}` of `{of}` is {what}"))
        .at(span, "cannot be backed up")
        .help(help)
}

/// The servers whose files a source takes, each once, by the first `on` that covers it.
#[must_use]
pub fn members<'a>(files: &'a Files, strategy: &Strategy) -> Vec<(Member, &'a On)> {
    let covering = |server: &str| files.on.iter().find(|on| on.servers.iter().any(|pattern| pattern.covers(server)));
    let member = |server: &schema::source::Server| {
        let on = covering(&server.name)?;
        let (include, exclude) = (on.include.clone(), on.exclude.clone());
        Some((Member { server: server.name.clone(), include, exclude }, on))
    };
    strategy.servers().filter_map(member).collect()
}
