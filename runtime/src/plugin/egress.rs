//! One exchange over HTTP with addresses that were checked before. No proxy, no redirects, no cookies, no decompression.

use crate::plugin::bindings::http::Failure;
use crate::plugin::grant::Target;
use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait for the next bytes of an answer.
const READ: Duration = Duration::from_secs(30);
/// Longest exchange, before what its body needs.
const EXCHANGE: Duration = Duration::from_secs(60);
/// Bytes a second that a body is given time for.
const SLOWEST: u64 = 64 << 10;
/// Bytes of an answer that a guest gets at most, whatever it wants.
const MOST: usize = 1 << 20;
/// Bytes of header lines, either way.
const MOST_HEADERS: usize = 32 << 10;

/// A request that was allowed.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) target: Target,
    pub(super) addresses: Vec<SocketAddr>,
    /// With secrets.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<Bytes>,
    /// Bytes of an answer that are wanted at most.
    pub(super) most: usize,
    /// Where the body of a good answer goes in place of the guest.
    pub(super) into: Option<mpsc::Sender<Bytes>>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Whether a header governs the connection or the message's length, which are the host's affair.
pub(super) fn is_the_hosts(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let governs = [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "expect",
    ];
    governs.contains(&name.as_str()) || name.starts_with("proxy-")
}

/// Sends it, and reads the answer.
pub(super) async fn send(outgoing: Outgoing) -> Result<Answer, Failure> {
    let size: u64 = outgoing.body.iter().map(|chunk| chunk.len() as u64).sum();
    let mut body = BytesMut::with_capacity(usize::try_from(size).unwrap_or(0));
    outgoing.body.iter().for_each(|chunk| body.extend_from_slice(chunk));
    let method = reqwest::Method::from_bytes(outgoing.target.method.as_bytes())
        .map_err(|_| Failure::Other("the method is not one".to_owned()))?;
    let headers = header_map(&outgoing.headers)?;
    let client = client(&outgoing.target, &outgoing.addresses)?;
    let mut request = client.request(method, outgoing.target.url.clone()).headers(headers).body(body.freeze());
    if outgoing.into.is_none() {
        request = request.timeout(EXCHANGE + Duration::from_secs(size / SLOWEST));
    }
    let response = request.send().await.map_err(failure)?;
    receive(response, &outgoing).await
}

/// A client that knows one name. Its connection ends with the exchange.
fn client(target: &Target, addresses: &[SocketAddr]) -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http1_only()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .user_agent(concat!("backstay/", env!("CARGO_PKG_VERSION")))
        .resolve_to_addrs(&target.host, addresses)
        .build()
        .map_err(failure)
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > MOST_HEADERS {
        return Err(Failure::Other(format!("the headers are larger than {} KiB", MOST_HEADERS >> 10)));
    }
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let bad = || Failure::Other(format!("the header `{}` cannot be sent", name.escape_default()));
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        map.append(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(map)
}

async fn receive(mut response: reqwest::Response, outgoing: &Outgoing) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let mut size = 0;
    let mut headers = Vec::new();
    for (name, value) in response.headers() {
        size += name.as_str().len() + value.len();
        headers.push((name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    }
    if size > MOST_HEADERS {
        return Err(Failure::TooLarge);
    }
    let most = outgoing.most.min(MOST);
    let into = outgoing.into.as_ref().filter(|_| matches!(status, 200 | 206));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if let Some(sink) = into {
            sink.send(chunk).await.map_err(|_| Failure::Other("nobody reads any more".to_owned()))?;
        } else if body.len() + chunk.len() > most {
            return Err(Failure::TooLarge);
        } else {
            body.extend_from_slice(&chunk);
        }
    }
    Ok(Answer { status, headers, body })
}

/// Without the URL, which is in the message already and may hold a query.
fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    if error.is_timeout() {
        Failure::Timeout
    } else if error.is_connect() {
        Failure::Connect(text)
    } else {
        Failure::Other(text)
    }
}
