//! Asks a server that no strategy names yet what it is. Nothing is changed.

use super::http::{Http, Refusal, Rows};
use crate::error::{Error, Result};
use crate::secret::Secrets;
use schema::fact::Server;
use schema::source::Login;

/// Databases that hold data of their own: an alias or a composite one cannot be backed up.
const DATABASES: &str = "SHOW DATABASES YIELD name, type WHERE type IN ['standard', 'system'] RETURN DISTINCT name";
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
