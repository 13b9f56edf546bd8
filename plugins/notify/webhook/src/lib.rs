//! One HTTP POST to one URL. It builds the request; the host has rendered the body, puts secrets in, and sends.

wit_bindgen::generate!({ path: "../../../schema/wit", world: "notifier-plugin" });

use backstay::plugin::http::{self, Request, Response, Segment};
use backstay::plugin::secrets;
use backstay::plugin::types::{Error, Retry};
use exports::backstay::plugin::notifier::Guest;
use serde::Deserialize;
use std::cell::RefCell;

struct Webhook;

export!(Webhook);

/// Bytes of an answer that may be of use in a message.
const ANSWER: u32 = 64 << 10;
/// Characters of an answer that are put into a message.
const EXCERPT: usize = 200;

#[derive(Clone, Deserialize)]
struct Config {
    url: String,
    /// Name and value by turns.
    #[serde(default)]
    header: Vec<String>,
}

thread_local! {
    /// `configure` comes before every call, on the same instance.
    static CONFIG: RefCell<Option<Config>> = const { RefCell::new(None) };
}

fn retry(message: String, after_ms: Option<u64>) -> Error {
    Error::RetryAfter(Retry { message, after_ms })
}

fn headers(config: &Config) -> Result<Vec<(String, String)>, Error> {
    let mut headers = Vec::new();
    for pair in config.header.chunks(2) {
        let [name, value] = pair else { return Err(Error::Config("`header` needs a name and a value".to_owned())) };
        headers.push((name.to_lowercase(), value.clone()));
    }
    let given = |name: &str, headers: &[(String, String)]| headers.iter().any(|(other, _)| other == name);
    if !given("content-type", &headers) {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    if !given("authorization", &headers) && secrets::names().iter().any(|name| name == "token") {
        headers.push(("authorization".to_owned(), "Bearer {{secret:token}}".to_owned()));
    }
    Ok(headers)
}

/// What a response means.
fn judge(response: &Response) -> Result<(), Error> {
    let header = |name: &str| response.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let status = response.status;
    let answer: String = String::from_utf8_lossy(&response.body).chars().take(EXCERPT).collect();
    let message = if answer.is_empty() { format!("status {status}") } else { format!("status {status}: {answer}") };
    match status {
        200..=299 => Ok(()),
        300..=399 => {
            let place = header("location").unwrap_or("nowhere");
            Err(Error::Config(format!("the receiver redirects to {place}, and redirects are not followed")))
        }
        401 | 403 => Err(Error::Auth(message)),
        408 | 425 | 429 | 500..=599 => {
            let seconds = header("retry-after").and_then(|value| value.trim().parse::<u64>().ok());
            Err(retry(message, seconds.map(|seconds| seconds.saturating_mul(1000))))
        }
        _ => Err(Error::Permanent(message)),
    }
}

impl Guest for Webhook {
    fn configure(json: String) -> Result<(), Error> {
        let config = serde_json::from_str(&json).map_err(|error| Error::Config(error.to_string()))?;
        CONFIG.set(Some(config));
        Ok(())
    }

    fn notify(_event_json: String, body: String) -> Result<(), Error> {
        let config = CONFIG.take().ok_or_else(|| Error::Config("not configured".to_owned()))?;
        let request = Request {
            method: "POST".to_owned(),
            headers: headers(&config)?,
            url: config.url,
            body: vec![Segment::Bytes(body.into_bytes())],
            max_response: ANSWER,
        };
        match http::send(&request) {
            Ok(response) => judge(&response),
            Err(http::Failure::Denied(message)) => Err(Error::Config(message)),
            Err(http::Failure::Dns(message) | http::Failure::Connect(message)) => Err(retry(message, None)),
            Err(http::Failure::Timeout) => Err(retry("no answer in time".to_owned(), None)),
            // The receiver has the message: what it said about it is of no use here.
            Err(http::Failure::TooLarge) => Ok(()),
            Err(http::Failure::Other(message)) => Err(Error::Permanent(message)),
        }
    }
}
