//! Just enough of a client for the HTTP API: one request a connection, plain HTTP on loopback, no login.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One value of the first row of a statement's result.
///
/// # Errors
/// The server does not answer, or answers with errors.
pub(crate) fn value(port: u16, statement: &str) -> Result<Value, String> {
    let body = serde_json::json!({ "statement": statement }).to_string();
    let reply = exchange(port, "POST", "/db/neo4j/query/v2", &body)?;
    let json: Value = serde_json::from_str(&reply).map_err(|e| format!("answer to `{statement}` is not JSON: {e}"))?;
    // The status is not to be trusted: errors come with several.
    if let Some(errors) = json.get("errors") {
        return Err(format!("`{statement}` failed: {errors}"));
    }
    Ok(json.pointer("/data/values/0/0").cloned().unwrap_or(Value::Null))
}

/// Number of nodes of the database `neo4j`.
///
/// # Errors
/// As [`value`].
pub(crate) fn count(port: u16) -> Result<u64, String> {
    let found = value(port, "MATCH (n) RETURN count(n)")?;
    found.as_u64().ok_or_else(|| format!("`{found}` is not a count"))
}

/// The body of the answer; HTTP/1.0, so that it is neither chunked nor kept alive.
fn exchange(port: u16, method: &str, path: &str, body: &str) -> Result<String, String> {
    let talk = || -> std::io::Result<String> {
        let limit = Duration::from_secs(60);
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(2))?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
             Accept: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        Ok(reply)
    };
    let reply = talk().map_err(|e| format!("no answer from the server on port {port}: {e}"))?;
    match reply.split_once("\r\n\r\n") {
        Some((_, body)) => Ok(body.to_owned()),
        None => Err(format!("the server on port {port} answered without a body")),
    }
}
