//! What is protected.

use crate::span::{Span, Spanned};
use schema::step::Method;

#[derive(Clone, Debug)]
pub struct Source {
    pub name: Spanned<String>,
    pub engine: Engine,
    /// Steps at once.
    pub parallel: Option<Spanned<u32>>,
    /// The node's own line.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Engine {
    Files(Box<Files>),
    Neo4j(Box<Neo4j>),
    Command(Box<Command>),
}

#[derive(Clone, Debug)]
pub struct Files {
    /// What the runtime must know, but for the servers that `on` stands for.
    pub tree: schema::source::Files,
    /// Where `root` stands, when it does.
    pub root: Option<Span>,
    pub on: Vec<On>,
}

/// Files of the servers that some patterns cover.
#[derive(Clone, Debug)]
pub struct On {
    pub servers: Vec<Pattern>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Command {
    /// What the runtime must know.
    pub command: schema::source::Command,
    /// Every template of it, with its place, and what it is a word of.
    pub templates: Vec<(Spanned<String>, Words)>,
    pub databases: Vec<Spanned<String>>,
}

/// What a program of a source is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    Backup,
    Restore,
    Check,
}

#[derive(Clone, Debug)]
pub struct Neo4j {
    /// What the runtime must know.
    pub server: schema::source::Neo4j,
    pub databases: Vec<Pattern>,
    pub edition: Span,
    pub version: Span,
    /// What means something only for an online backup, a cluster, or both, as it is written, with its place.
    pub enterprise: Vec<Spanned<&'static str>>,
}

impl Neo4j {
    #[must_use]
    pub fn is_enterprise(&self) -> bool {
        self.server.edition == "enterprise"
    }
}

/// The name of a database or a server, or a glob over them.
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
        glob_covers(&self.text, database)
    }
}

/// Whether a glob covers a name: `*` is any characters, `?` is one. The case of letters does not count.
#[must_use]
pub fn glob_covers(glob: &str, name: &str) -> bool {
    let pattern: Vec<char> = glob.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut at, mut in_name) = (0, 0);
    // Where the last star stood, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while let Some(char) = name.get(in_name) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == char => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((before, taken)) = star else { return false };
                star = Some((before, taken + 1));
                at = before + 1;
                in_name = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|char| *char == '*')
}

impl Source {
    /// `files`, `neo4j` or `command`.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Files(_) => "files",
            Engine::Neo4j(_) => "neo4j",
            Engine::Command(_) => "command",
        }
    }

    /// The methods that there are for it; the first is that of a backup that does not say one.
    #[must_use]
    pub fn methods(&self) -> &'static [Method] {
        match &self.engine {
            Engine::Files(_) => &[Method::Archive],
            Engine::Neo4j(neo4j) if neo4j.is_enterprise() => &[Method::Backup, Method::Dump],
            Engine::Neo4j(_) => &[Method::Dump],
            Engine::Command(_) => &[Method::Command],
        }
    }

    /// Whether there are commands that end its service and begin it again.
    #[must_use]
    pub fn is_controlled(&self) -> bool {
        matches!(&self.engine, Engine::Neo4j(neo4j) if neo4j.server.control.is_some())
    }
}
