//! The one error type of the runtime. Its kind decides what happens next; its text serves people.

use schema::report::{Problem, ProblemKind};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something did not happen. Codes are kebab-case and stable; messages are lower-case fragments.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ProblemKind,
    pub code: &'static str,
    pub message: String,
    pub help: Option<String>,
    /// Shortest wait before another try that the other side asked for.
    pub retry_after: Option<std::time::Duration>,
}

impl Error {
    #[must_use]
    pub fn new(kind: ProblemKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), help: None, retry_after: None }
    }

    /// Will not pass by itself.
    #[must_use]
    pub fn permanent(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Permanent, code, message)
    }

    /// May pass: tried again.
    #[must_use]
    pub fn temporary(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Temporary, code, message)
    }

    /// Bytes are not what their manifest says.
    #[must_use]
    pub fn integrity(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Integrity, code, message)
    }

    /// A plugin broke a limit, trapped, or asked for what it was not granted.
    #[must_use]
    pub fn plugin(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Plugin, code, message)
    }

    /// The operator asked for it.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(ProblemKind::Cancelled, "cancelled", "stopped by the operator")
    }

    /// Adds a sentence that says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// An error of the operating system, with what was being done: `cannot <doing>: <reason>`.
    #[must_use]
    pub fn io(doing: impl std::fmt::Display, source: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let kind = match source.kind() {
            ErrorKind::Interrupted | ErrorKind::TimedOut | ErrorKind::WouldBlock => ProblemKind::Temporary,
            _ => ProblemKind::Permanent,
        };
        let error = Self::new(kind, "io", format!("cannot {doing}: {source}"));
        match source.kind() {
            ErrorKind::StorageFull => Self { code: "disk-full", ..error }.help("Free space there, then run it again."),
            _ => error,
        }
    }

    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem {
            code: self.code.to_owned(),
            kind: self.kind,
            message: self.message.clone(),
            help: self.help.clone(),
            origin: None,
        }
    }
}
