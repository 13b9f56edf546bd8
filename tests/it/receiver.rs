//! A webhook's receiver that answers at once and keeps what it was told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Listens for as long as the test process lives.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    told: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = told.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A sender that was killed half-way has told nothing.
                if let Some(body) = answered(stream) {
                    keep.lock().unwrap().push(body);
                }
            }
        });
        Self { port, told }
    }

    /// Bodies in the order in which they came.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

fn answered(mut stream: TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    write!(stream, "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()?;
    String::from_utf8(body).ok().filter(|body| !body.is_empty())
}
