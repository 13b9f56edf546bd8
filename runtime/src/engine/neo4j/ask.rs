//! Asks a server what it is and which names it has. Nothing is changed.

use super::Neo4jEngine;
use super::http::{Http, Refusal, Rows};
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::secret::Secrets;
use schema::fact::{Server, Virtual};
use schema::source::Login;

/// Databases that hold data of their own: an alias or a composite one cannot be backed up.
const DATABASES: &str = "SHOW DATABASES YIELD name, type WHERE type IN ['standard', 'system'] RETURN DISTINCT name";
/// All names of the server; a cluster lists each once a server.
const NAMES: &str = "SHOW DATABASES YIELD name, type, aliases RETURN DISTINCT name, type, aliases";
const HOME: &str = "SHOW SETTINGS 'server.directories.neo4j_home' YIELD value RETURN value";

/// What a server told.
#[derive(Clone, Debug)]
pub struct Asked {
    pub server: Server,
    /// Why it was not asked for more than everybody may know.
    pub withheld: Option<Error>,
}

/// Asks the server at a base URL. Without a login a server with users tells its version and edition only.
///
/// # Errors
/// `bad-url`, `no-server`, `not-neo4j`, `login-refused` when there was a login, `secret-missing`.
pub async fn ask(url: &str, login: Option<&Login>, secrets: Secrets) -> Result<Asked> {
    let base = url.trim_end_matches('/');
    let http = Http::new(base, login.cloned(), secrets)?;
    let Some(found) = http.discover().await? else {
        return Err(Error::permanent("no-server", format!("nothing answers at `{base}`"))
            .help("Start the server, or look at the address and port of its HTTP interface."));
    };
    let (edition, version) = (found.edition, found.version);
    let mut server = Server { http: base.to_owned(), edition, version, databases: Vec::new(), home: None };
    let withheld = match http.query("system", DATABASES).await? {
        Ok(rows) => {
            server.databases = texts(&rows);
            server.databases.sort();
            None
        }
        Err(refusal) => Some(refused(refusal, login)?),
    };
    if withheld.is_none() {
        // Only an administrator may ask this, and an older server cannot be asked: then a person says it.
        let told = http.query("system", HOME).await?;
        server.home = told.ok().and_then(|rows| texts(&rows).into_iter().next());
    }
    Ok(Asked { server, withheld })
}

impl Neo4jEngine {
    /// Names that stand for other databases and hold nothing themselves, sorted. A server that is down has told of none,
    /// and its directories have no such names.
    pub(super) async fn stand_ins(&self, context: &Context) -> Result<Vec<Virtual>> {
        let Some(http) = self.http()? else { return Ok(Vec::new()) };
        if http.discover().await?.is_none() {
            return Ok(Vec::new());
        }
        match http.query("system", NAMES).await? {
            Ok(rows) => Ok(virtuals(&rows)),
            Err(refusal) => {
                let why = refused(refusal, None)?;
                let message = format!("`{}` was not asked for its composite databases and aliases: {why}", self.name);
                context.observers.notice(message, Some("A backup of one would be refused by the run.".to_owned()));
                Ok(Vec::new())
            }
        }
    }
}

/// What rows of name, type and aliases come to.
fn virtuals(rows: &Rows) -> Vec<Virtual> {
    let mut out = Vec::new();
    for row in rows {
        let [name, kind, aliases] = row.as_slice() else { continue };
        let Some(name) = name.as_str() else { continue };
        if kind.as_str() == Some("composite") {
            out.push(Virtual { name: name.to_owned(), alias_of: None });
        }
        let aliases = aliases.as_array().into_iter().flatten().filter_map(|alias| alias.as_str());
        out.extend(aliases.map(|alias| Virtual { name: alias.to_owned(), alias_of: Some(name.to_owned()) }));
    }
    out.sort();
    out.dedup();
    out
}

/// What keeps a server from telling more; a login that was given and refused is an error.
fn refused(refusal: Refusal, login: Option<&Login>) -> Result<Error> {
    let withheld = |why: String| Ok(Error::permanent("not-told", why));
    match (refusal, login) {
        (Refusal::Login, Some(login)) => {
            Err(Error::permanent("login-refused", format!("the server refused the login of `{}`", login.user))
                .help("Look at the user, and at what the password's variable holds."))
        }
        (Refusal::Login, None) => withheld("it wants a login to name its databases".to_owned()),
        (Refusal::Statement { code, message }, _) => {
            withheld(format!("it does not name its databases: {message} ({code})"))
        }
        (Refusal::Silent(why), _) => withheld(format!("it does not answer statements over HTTP: {why}")),
    }
}

/// The first column, where it is text.
fn texts(rows: &Rows) -> Vec<String> {
    rows.iter().filter_map(|row| row.first()?.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hold_nothing_are_told_apart() {
        let rows: Rows = serde_json::from_str(
            r#"[["neo4j", "standard", ["main", "default"]], ["shop", "composite", []], ["system", "system", []],
                ["neo4j", "standard", ["main", "default"]], ["odd", 3, null], ["short"]]"#,
        )
        .unwrap_or_default();
        let alias = |name: &str| Virtual { name: name.to_owned(), alias_of: Some("neo4j".to_owned()) };
        let shop = Virtual { name: "shop".to_owned(), alias_of: None };
        assert_eq!(virtuals(&rows), [alias("default"), alias("main"), shop]);
    }
}
