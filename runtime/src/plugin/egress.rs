//! One exchange over HTTP with addresses that were checked before. No proxy, no redirects, no cookies, no
//! decompression.

use crate::plugin::bindings::http::Failure;
use crate::plugin::grant::Target;
use crate::plugin::outbound::{Outbound, Progress};
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest time in which nothing of a request goes out, and of an answer nothing comes in.
const STALLED: Duration = Duration::from_secs(30);
/// Longest wait for an answer to what has gone out: a server may have gigabytes to put together.
const ANSWER: Duration = Duration::from_mins(1);
/// How long a connection is kept for the next exchange.
const KEPT: Duration = Duration::from_secs(20);
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

/// Connections of one use of a plugin, kept for a while by where they lead. Addresses are checked before every exchange, so
/// one that is no longer allowed is not used again.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<BTreeMap<(String, Vec<SocketAddr>), reqwest::Client>>);

impl Clients {
    /// Most that are kept; a plugin that speaks to more places than that pays with new connections.
    const MOST: usize = 16;

    /// A client that knows one name.
    fn client(&self, target: &Target, addresses: &[SocketAddr]) -> Result<reqwest::Client, Failure> {
        let mut sorted = addresses.to_vec();
        sorted.sort();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (target.host.clone(), sorted);
        if let Some(client) = kept.get(&place) {
            return Ok(client.clone());
        }
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(KEPT)
            .user_agent(concat!("backstay/", env!("CARGO_PKG_VERSION")))
            .resolve_to_addrs(&target.host, addresses)
            .build()
            .map_err(failure)?;
        if kept.len() >= Self::MOST {
            kept.clear();
        }
        kept.insert(place, client.clone());
        Ok(client)
    }
}

/// Sends it, and reads the answer.
pub(super) async fn send(clients: &Clients, outgoing: Outgoing) -> Result<Answer, Failure> {
    let method = reqwest::Method::from_bytes(outgoing.target.method.as_bytes())
        .map_err(|_| Failure::Other("the method is not one".to_owned()))?;
    let headers = header_map(&outgoing.headers)?;
    let client = clients.client(&outgoing.target, &outgoing.addresses)?;
    let progress = Progress::default();
    let mut request = client.request(method, outgoing.target.url.clone()).headers(headers);
    if !outgoing.body.is_empty() || matches!(outgoing.target.method.as_str(), "POST" | "PUT") {
        request = request.body(reqwest::Body::wrap(Outbound::new(outgoing.body.clone(), progress.clone())));
    }
    let response = answered(request.send(), &progress).await?;
    match outgoing.into {
        Some(_) => receive(response, &outgoing).await,
        // What a guest gets is small, and no reason to wait for long.
        None => timeout(ANSWER, receive(response, &outgoing)).await.unwrap_or(Err(Failure::Timeout)),
    }
}

/// Waits for an answer as long as something goes out, and then for as long as a server may think.
async fn answered(
    sending: impl Future<Output = reqwest::Result<reqwest::Response>>,
    progress: &Progress,
) -> Result<reqwest::Response, Failure> {
    let mut sending = std::pin::pin!(sending);
    loop {
        let before = progress.passed();
        let patience = if progress.done() { ANSWER } else { STALLED + CONNECT };
        match timeout(patience, &mut sending).await {
            Ok(answered) => return answered.map_err(failure),
            Err(_) if progress.passed() == before => return Err(Failure::Timeout),
            Err(_) => {}
        }
    }
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
    while let Some(chunk) = timeout(STALLED, response.chunk()).await.map_err(|_| Failure::Timeout)?.map_err(failure)? {
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
