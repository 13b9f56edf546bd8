//! A running server: started by its own script, awaited by a query, stopped by its own script.

use super::{home, query};
use crate::shell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for the first answer; a cold start on a busy machine takes 15 to 40 seconds.
const READY: Duration = Duration::from_secs(180);
/// Looks in a row that must find no server: the one that asks is a process of its own, and on a busy machine it fails at times.
const GONE: u32 = 5;

/// Starts the server and returns its HTTP port when a query succeeds.
///
/// # Errors
/// It ended, or did not answer in time; the message holds the end of its console.
pub(crate) fn start(home: &Path) -> Result<u16, String> {
    let port = home::port(home)?;
    control(home, "start")?;
    let (began, mut gone) = (Instant::now(), 0);
    loop {
        let answer = query::value(port, "RETURN 1");
        if answer.is_ok() {
            return Ok(port);
        }
        let status = control(home, "status");
        gone = if status.is_ok() { 0 } else { gone + 1 };
        if gone < GONE && began.elapsed() < READY {
            std::thread::sleep(Duration::from_millis(300));
            continue;
        }
        let why = match status {
            Ok(_) => "does not answer".to_owned(),
            Err(status) => format!("ended by itself: {status}"),
        };
        return Err(format!("the server in `{}` {why}\n{}", home.display(), console(home)));
    }
}

/// Stops the server; returns when its process is gone. Not running is success.
///
/// # Errors
/// It did not stop within two minutes.
pub(crate) fn stop(home: &Path) -> Result<(), String> {
    control(home, "stop").map(|_| ())
}

fn control(home: &Path, verb: &str) -> Result<String, String> {
    shell::output(shell::command(home.join("bin/neo4j")).arg(verb))
}

fn console(home: &Path) -> String {
    let text = std::fs::read_to_string(home.join("logs/console.log")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n")
}

/// Stops the server of a home, if there is one, when it goes out of scope, whatever happened in between.
#[derive(Debug)]
pub(crate) struct Stopped(pub(crate) PathBuf);

impl Drop for Stopped {
    fn drop(&mut self) {
        if !shell::is_program(&self.0.join("bin/neo4j")) {
            return;
        }
        if let Err(error) = stop(&self.0) {
            eprintln!("{error}");
        }
    }
}
