//! What a plugin may touch: its manifest's wants, filled in from the strategy node that uses it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One capability given to one use of one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "capability")]
pub enum Grant {
    /// Everything below one directory, and nothing outside it.
    Dir {
        /// Absolute, or relative to the folder of the strategy.
        path: String,
    },
    /// Requests to one origin under one path prefix.
    Http {
        /// `https` or `http`.
        scheme: String,
        /// Lower-case host name or address literal.
        host: String,
        port: u16,
        /// Path prefix, matched by whole segments after normalising; `/` is every path.
        path: String,
        /// Upper-case method names.
        methods: Vec<String>,
        /// Whether the name may resolve to a loopback or private address.
        #[serde(default)]
        private: bool,
        /// Whether it is that one path, and none below it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exact: bool,
    },
    /// Use of a secret: by placeholder, in headers of requests that an [`Grant::Http`] of the same plugin allows; or to sign
    /// with, by the host.
    Secret {
        /// The name that the guest asks for.
        name: String,
        /// Whether it is for signing, and is never sent.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        signs: bool,
    },
}

impl std::fmt::Display for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dir { path } => write!(f, "may read and write below {path}"),
            Self::Http { scheme, host, port, path, methods, private, exact } => {
                let default = matches!((scheme.as_str(), port), ("https", 443) | ("http", 80));
                let port = if default { String::new() } else { format!(":{port}") };
                let note = if *private { " (private addresses allowed)" } else { "" };
                let only = if *exact { " itself" } else { "" };
                write!(f, "may {} {scheme}://{host}{port}{path}{only}{note}", methods.join(" "))
            }
            Self::Secret { name, signs: true } => write!(f, "may sign with secret `{name}`"),
            Self::Secret { name, signs: false } => write!(f, "may send secret `{name}` in a header"),
        }
    }
}
