//! One signed request, and what its answer means.

use crate::backstay::plugin::data::Sink;
use crate::backstay::plugin::http::{self, Request, Response, Segment, Slice};
use crate::backstay::plugin::types::{Error, Retry};
use crate::backstay::plugin::{data, data::Artifact};
use crate::place::Place;
use crate::sign::{self, Signing};
use crate::text::base64;
use crate::xml;

/// Bytes of an answer that are read: a page of a listing is the largest.
const ANSWER: u32 = 1 << 20;
/// Characters of a server's message that are passed on.
const EXCERPT: usize = 300;

/// What is asked of the server.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'static str,
    /// An object, or the bucket itself.
    pub(crate) key: Option<&'a str>,
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Names in lower case.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Payload<'a>,
}

/// What goes along. Its digest is in the signature, and in a checksum that the server keeps.
pub(crate) enum Payload<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// The list of an object's parts: there, a checksum would be that of the object.
    List(&'a [u8]),
    /// The part that is at hand, and its SHA-256.
    Part {
        artifact: &'a Artifact,
        offset: u64,
        len: u64,
        digest: &'a [u8],
    },
}

impl<'a> Ask<'a> {
    pub(crate) fn new(method: &'static str, key: Option<&'a str>) -> Self {
        Self { method, key, query: &[], headers: Vec::new(), body: Payload::Nothing }
    }
}

/// Sends it; an answer that is no success is an error.
pub(crate) fn send(place: &Place, ask: Ask<'_>) -> Result<Response, Error> {
    let response = exchange(place, ask, None)?;
    if (200..=299).contains(&response.status) { Ok(response) } else { Err(refused(&response)) }
}

/// The same, with the body of the answer handed to a sink.
pub(crate) fn fetch(place: &Place, ask: Ask<'_>, into: &Sink) -> Result<Response, Error> {
    exchange(place, ask, Some(into))
}

fn exchange(place: &Place, ask: Ask<'_>, into: Option<&Sink>) -> Result<Response, Error> {
    let (path, query) = (place.path(ask.key), sign::query(ask.query));
    let mut headers: Vec<_> = ask.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let (digest, body) = match ask.body {
        Payload::Nothing => (sign::nothing(), vec![]),
        Payload::Bytes(bytes) => {
            let digest = data::sha256(bytes);
            headers.push(("x-amz-checksum-sha256".to_owned(), base64(&digest)));
            (digest, vec![Segment::Bytes(bytes.to_vec())])
        }
        Payload::List(bytes) => (data::sha256(bytes), vec![Segment::Bytes(bytes.to_vec())]),
        Payload::Part { artifact, offset, len, digest } => {
            headers.push(("x-amz-checksum-sha256".to_owned(), base64(digest)));
            (digest.to_vec(), vec![Segment::Slice(Slice { artifact, offset, len })])
        }
    };
    let signing = Signing { method: ask.method, path: &path, query: &query, digest: &digest };
    sign::sign(place, &signing, &mut headers)?;
    let url = place.url(&path, &query);
    let request = Request { method: ask.method.to_owned(), url, headers, body, max_response: ANSWER };
    let answer = match into {
        Some(sink) => http::fetch(&request, sink),
        None => http::send(&request),
    };
    answer.map_err(|failure| match failure {
        http::Failure::Denied(message) => Error::Config(message),
        http::Failure::Dns(message) | http::Failure::Connect(message) | http::Failure::Other(message) => {
            retry(message, None)
        }
        http::Failure::Timeout => retry("no answer in time".to_owned(), None),
        http::Failure::TooLarge => Error::Permanent("the answer is too large".to_owned()),
    })
}

/// What a server said, whatever its status.
pub(crate) type Answer = Response;

pub(crate) fn retry(message: String, after_ms: Option<u64>) -> Error {
    Error::RetryAfter(Retry { message, after_ms })
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

pub(crate) fn body(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// The server's code for what is wrong; nothing when it gave none, as for HEAD.
pub(crate) fn code(response: &Response) -> Option<String> {
    xml::text(&body(response), "Code").filter(|code| !code.is_empty())
}

/// What an answer that is no success means.
pub(crate) fn refused(response: &Response) -> Error {
    let code = code(response).unwrap_or_default();
    let said = xml::text(&body(response), "Message").unwrap_or_default();
    let said: String = said.chars().take(EXCERPT).collect();
    let mut message = format!("status {}", response.status);
    for more in [&code, &said] {
        if !more.is_empty() {
            message = format!("{message}: {more}");
        }
    }
    let seconds = header(response, "retry-after").and_then(|value| value.trim().parse::<u64>().ok());
    let later = |message| retry(message, seconds.map(|seconds| seconds.saturating_mul(1000)));
    match (response.status, code.as_str()) {
        (_, "SlowDown" | "Throttling" | "RequestTimeout" | "InternalError" | "ServiceUnavailable")
        | (409, "ConditionalRequestConflict" | "OperationAborted") => later(message),
        // The bytes were changed on the way: sent again, they may arrive whole.
        (400, "BadDigest" | "XAmzContentSHA256Mismatch" | "IncompleteBody") => later(message),
        (_, "NotImplemented") | (501, _) => Error::Unsupported,
        (507, _) | (_, "QuotaExceeded" | "XMinioStorageFull") => Error::Quota(message),
        (_, "NoSuchBucket") => Error::Config(message),
        (404, _) => Error::NotFound,
        (412, _) => Error::Conflict,
        (408 | 425 | 429 | 500..=599, _) => later(message),
        (401, _)
        | (
            _,
            "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired",
        ) => Error::Auth(message),
        (300..=399, _) => {
            let region = header(response, "x-amz-bucket-region").unwrap_or("another");
            Error::Config(format!("{message}; the bucket is in region `{region}`, and redirects are not followed"))
        }
        _ => Error::Permanent(message),
    }
}
