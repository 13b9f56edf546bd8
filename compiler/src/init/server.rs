//! What a server said about itself, as answers.

use super::question::Question;
use super::questions::{DATABASES, EDITION, ENGINE, HOME, HTTP, VERSION};
use schema::fact::Server;

/// The answers that a server gives; each still goes through [`super::Answers::give`].
#[must_use]
pub fn learned(server: &Server) -> Vec<(&'static Question, String)> {
    let mut answers = vec![
        (&ENGINE, "neo4j".to_owned()),
        (&EDITION, server.edition.to_lowercase()),
        (&VERSION, line(&server.version)),
        (&HTTP, server.http.clone()),
    ];
    answers.extend(server.home.clone().map(|home| (&HOME, home)));
    // A server that may only be asked for its own database names nothing to protect.
    let named: Vec<&str> = server.databases.iter().map(String::as_str).filter(|name| *name != "system").collect();
    if !named.is_empty() {
        answers.push((&DATABASES, named.join(" ")));
    }
    answers
}

/// The version line: its first two numbers. A patch of the server must not make the strategy wrong.
fn line(version: &str) -> String {
    let mut parts = version.split(|char: char| !char.is_ascii_alphanumeric());
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) => format!("{major}.{minor}"),
        _ => version.to_owned(),
    }
}
