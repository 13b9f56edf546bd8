//! Our end of a supervised child: its streams, its exit, and the order to end it.

use crate::error::{Error, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// Where one of a child's three streams goes.
#[derive(Debug)]
pub enum Stream {
    Null,
    /// To or from this process.
    Pipe,
    File(std::fs::File),
}

impl From<Stream> for Stdio {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Null => Self::null(),
            Stream::Pipe => Self::piped(),
            Stream::File(file) => file.into(),
        }
    }
}

/// The three of them.
#[derive(Debug)]
pub struct Streams {
    pub stdin: Stream,
    pub stdout: Stream,
    pub stderr: Stream,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit status; 128 and the signal's number when a signal ended it.
    pub code: i32,
}

impl Exit {
    #[must_use]
    pub fn success(self) -> bool {
        self.code == 0
    }
}

/// A command under its supervisor. Dropping it orders the supervisor to end it, without waiting.
#[derive(Debug)]
pub struct Child {
    supervisor: tokio::process::Child,
    pub stdin: Option<ChildStdin>,
    pub stdout: Option<ChildStdout>,
    pub stderr: Option<ChildStderr>,
}

impl Child {
    pub(super) fn spawn(mut command: tokio::process::Command, streams: Streams) -> Result<Self> {
        command.stdin(streams.stdin).stdout(streams.stdout).stderr(streams.stderr);
        let mut supervisor =
            super::as_before(|| command.spawn()).map_err(|error| Error::io("start a supervisor", &error))?;
        let (stdin, stdout, stderr) = (supervisor.stdin.take(), supervisor.stdout.take(), supervisor.stderr.take());
        Ok(Self { supervisor, stdin, stdout, stderr })
    }

    /// Waits for the command. When this returns, nothing that it started is left either (unless it outlives us).
    pub async fn wait(&mut self) -> Result<Exit> {
        let status = self.supervisor.wait().await.map_err(|error| Error::io("wait for a command", &error))?;
        let signal = std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0);
        Ok(Exit { code: status.code().unwrap_or(128 + signal) })
    }

    /// Ends the command and all of its descendants, and waits until they are gone.
    pub async fn kill(&mut self) -> Result<()> {
        self.order_end();
        self.wait().await.map(|_| ())
    }

    /// A signal to the supervisor, never SIGKILL: that would leave the command without one.
    fn order_end(&self) {
        let pid = self.supervisor.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended by itself just now; it is not reaped yet, so the number is still its own.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.order_end();
    }
}
