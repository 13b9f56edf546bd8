//! References to secrets. A value never enters a plan, a record or an error; it is fetched at the moment of use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a secret's value is found when a step needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "from", content = "at")]
pub enum SecretRef {
    /// An environment variable of the process that runs the step.
    Env(String),
    /// A file; one trailing line break is not part of the value.
    File(String),
    /// A program and its arguments, run without a shell; its standard output, less one trailing line break.
    Command(Vec<String>),
    /// An entry of the operating system's keyring, as `service/user`.
    Keyring(String),
}

impl std::fmt::Display for SecretRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "(env)\"{name}\""),
            Self::File(path) => write!(f, "(file)\"{path}\""),
            Self::Command(argv) => write!(f, "(command)\"{}\"", argv.join(" ")),
            Self::Keyring(entry) => write!(f, "(keyring)\"{entry}\""),
        }
    }
}
