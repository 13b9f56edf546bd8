//! A small HTTP receiver on a free local port, that keeps what it gets and answers as it was told.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What one request was.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    /// Request line and header lines, as they came.
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) struct Receiver {
    pub(crate) port: u16,
    hits: Arc<Mutex<Vec<Hit>>>,
}

impl Receiver {
    /// Answers every request with these bytes; `{echo}` in them becomes the head of the request.
    pub(crate) async fn answering(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        let hits = Arc::<Mutex<Vec<Hit>>>::default();
        let (kept, answer) = (hits.clone(), answer.to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), answer.clone()));
            }
        });
        Self { port, hits }
    }

    pub(crate) async fn ok() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await
    }

    pub(crate) fn hits(&self) -> Vec<Hit> {
        self.hits.lock().expect("no panic").clone()
    }
}

async fn serve(mut stream: TcpStream, hits: Arc<Mutex<Vec<Hit>>>, answer: String) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if body.len() < length.and_then(|text| text.parse().ok()).unwrap_or(0) {
            continue;
        }
        hits.lock().expect("no panic").push(Hit { head: head.to_owned(), body: body.to_owned() });
        let echo = head.replace("\r\n", "|");
        let _ = stream.write_all(answer.replace("{echo}", &echo).as_bytes()).await;
        return;
    }
}
