//! What is protected.

use crate::span::{Span, Spanned};
use schema::source::Files;
use schema::step::Method;

#[derive(Clone, Debug)]
pub struct Source {
    pub name: Spanned<String>,
    pub engine: Engine,
    /// The node's own line.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Engine {
    Files(Files),
    Neo4j(Box<Neo4j>),
}

#[derive(Clone, Debug)]
pub struct Neo4j {
    /// What the runtime must know.
    pub server: schema::source::Neo4j,
    pub databases: Vec<Pattern>,
}

/// A database, or a glob over databases.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub text: String,
    pub span: Span,
}

impl Pattern {
    #[must_use]
    pub fn is_glob(&self) -> bool {
        self.text.contains(['*', '?'])
    }

    /// Whether it covers a database: `*` is any characters, `?` is one. Names of databases are not case-sensitive.
    #[must_use]
    pub fn covers(&self, database: &str) -> bool {
        let pattern: Vec<char> = self.text.to_lowercase().chars().collect();
        let name: Vec<char> = database.to_lowercase().chars().collect();
        covers(&pattern, &name)
    }
}

fn covers(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            // One star does the work of several; more would make the search grow with each.
            let rest =
                rest.iter().position(|char| *char != '*').map_or(&[][..], |at| rest.get(at..).unwrap_or_default());
            rest.is_empty() || (0..=name.len()).any(|at| covers(rest, name.get(at..).unwrap_or_default()))
        }
        (Some(('?', rest)), Some((_, tail))) => covers(rest, tail),
        (Some((char, rest)), Some((other, tail))) => char == other && covers(rest, tail),
        _ => false,
    }
}

impl Source {
    /// `files` or `neo4j`.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Files(_) => "files",
            Engine::Neo4j(_) => "neo4j",
        }
    }

    /// The method of a backup that does not say one, and the only one that the engine has today.
    #[must_use]
    pub fn method(&self) -> Method {
        match self.engine {
            Engine::Files(_) => Method::Archive,
            Engine::Neo4j(_) => Method::Dump,
        }
    }

    /// Whether its service must end for a backup, and there are commands for that.
    #[must_use]
    pub fn is_controlled(&self) -> bool {
        matches!(&self.engine, Engine::Neo4j(neo4j) if neo4j.server.control.is_some())
    }
}
