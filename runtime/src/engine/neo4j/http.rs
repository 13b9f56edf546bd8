//! The server's HTTP API: who is there, and one statement at a time.

use crate::error::{Error, Result};
use crate::secret::Secrets;
use schema::source::Login;
use serde::Deserialize;
use std::time::Duration;
use url::Url;

/// Longest wait for the discovery page, and for a statement.
const PROBE: Duration = Duration::from_secs(5);
const STATEMENT: Duration = Duration::from_secs(60);
/// Longest answer that is read.
const LONGEST: usize = 1 << 20;

/// What a server says about itself, without login.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Discovery {
    #[serde(rename = "neo4j_version")]
    pub(super) version: String,
    #[serde(rename = "neo4j_edition")]
    pub(super) edition: String,
}

/// How a statement went wrong.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// The server said so, with its own code, for example `Neo.ClientError.Statement.SyntaxError`.
    Statement { code: String, message: String },
    /// No or a wrong login.
    Login,
    /// No answer that could be understood.
    Silent(String),
}

/// One server.
#[derive(Clone, Debug)]
pub(super) struct Http {
    base: Url,
    login: Option<Login>,
    secrets: Secrets,
    client: reqwest::Client,
}

/// Rows of a result, in the order of its fields.
pub(super) type Rows = Vec<Vec<serde_json::Value>>;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    errors: Vec<Complaint>,
    #[serde(default)]
    data: Table,
}

#[derive(Default, Deserialize)]
struct Table {
    #[serde(default)]
    values: Rows,
}

#[derive(Deserialize)]
struct Complaint {
    code: String,
    #[serde(default)]
    message: String,
}

impl Http {
    /// # Errors
    /// `bad-url`.
    pub(super) fn new(base: &str, login: Option<Login>, secrets: Secrets) -> Result<Self> {
        let bad = |why: &dyn std::fmt::Display| {
            Error::permanent("bad-url", format!("`{base}` is not the URL of a server: {why}"))
        };
        let url = Url::parse(base).map_err(|error| bad(&error))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad(&"it begins with neither `http` nor `https`"));
        }
        // Another part of this process may have chosen a provider already; then that one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        if url.scheme() == "http" {
            // Nothing to verify: a machine without any root certificate must still reach its own server.
            let nobody = rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty());
            client = client.tls_backend_preconfigured(nobody.with_no_client_auth());
        }
        let client = client.connect_timeout(PROBE).build().map_err(|error| bad(&error))?;
        Ok(Self { base: url, login, secrets, client })
    }

    /// `None` when nothing answers.
    ///
    /// # Errors
    /// `not-neo4j` when something else does.
    pub(super) async fn discover(&self) -> Result<Option<Discovery>> {
        let Ok(response) = self.client.get(self.base.clone()).timeout(PROBE).send().await else { return Ok(None) };
        if response.status().is_server_error() {
            return Ok(None);
        }
        let text = body(response).await.unwrap_or_default();
        serde_json::from_slice(&text).map(Some).map_err(|_| {
            Error::permanent("not-neo4j", format!("what answers at `{}` is not a Neo4j server", self.base))
                .help("Look at the `http` address of the source.")
        })
    }

    /// Runs one statement. An empty result is success.
    pub(super) async fn query(&self, database: &str, statement: &str) -> Result<Result<Rows, Refusal>> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["db", database, "query", "v2"]);
        }
        let text = serde_json::json!({ "statement": statement }).to_string();
        let mut request =
            self.client.post(url).timeout(STATEMENT).header("content-type", "application/json").body(text);
        if let Some(login) = &self.login {
            request = request.basic_auth(&login.user, Some(self.secrets.value(&login.password)?));
        }
        let silent = |error: reqwest::Error| Refusal::Silent(error.without_url().to_string());
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Err(silent(error))),
        };
        let status = response.status();
        let text = match body(response).await {
            Ok(text) => text,
            Err(error) => return Ok(Err(silent(error))),
        };
        Ok(judged(status.as_u16(), &text))
    }
}

async fn body(mut response: reqwest::Response) -> std::result::Result<Vec<u8>, reqwest::Error> {
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        text.extend_from_slice(&chunk);
        if text.len() > LONGEST {
            break;
        }
    }
    Ok(text)
}

/// `errors` counts, whatever the status: a server of this line says 202 or 400 as it likes.
fn judged(status: u16, text: &[u8]) -> Result<Rows, Refusal> {
    if status == 401 {
        return Err(Refusal::Login);
    }
    let answer = serde_json::from_slice::<Answer>(text).ok();
    let (errors, rows) = answer.map(|answer| (answer.errors, answer.data.values)).unwrap_or_default();
    match errors.into_iter().next() {
        Some(complaint) => {
            // The rest quotes the statement, line by line.
            let message = complaint.message.lines().next().unwrap_or_default().chars().take(200).collect();
            Err(Refusal::Statement { code: complaint.code, message })
        }
        None if (200..300).contains(&status) => Ok(rows),
        None => Err(Refusal::Silent(format!("status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, judged};

    #[test]
    fn errors_count_whatever_the_status() {
        let answer = br#"{"errors":[{"code":"Neo.ClientError.Statement.SyntaxError","message":"no"}]}"#;
        for status in [202, 400] {
            assert!(
                matches!(judged(status, answer), Err(Refusal::Statement { code, .. }) if code.ends_with("SyntaxError"))
            );
        }
        assert!(judged(202, br#"{"data":{"fields":[],"values":[]}}"#).is_ok_and(|rows| rows.is_empty()));
        let rows = judged(202, br#"{"data":{"fields":["name"],"values":[["neo4j"],["system"]]}}"#);
        assert!(rows.is_ok_and(|rows| rows == [["neo4j"], ["system"]]));
        assert!(matches!(judged(401, b""), Err(Refusal::Login)));
        assert!(matches!(judged(503, b""), Err(Refusal::Silent(_))));
    }
}
