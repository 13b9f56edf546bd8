//! Where copies are kept, and who is told: both are uses of a plugin.

use crate::span::{Span, Spanned};
use schema::notifier::Occasion;
use schema::secret::SecretRef;
use schema::store::{Compress, Config};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Store {
    pub name: Spanned<String>,
    pub plugin: Plugin,
    pub site: Option<Spanned<String>>,
    pub zone: Option<Spanned<String>>,
    pub provider: Option<Spanned<String>>,
    pub account: Option<Spanned<String>>,
    pub host: Option<Spanned<String>>,
    pub media: Option<Spanned<String>>,
    pub class: Option<Spanned<String>>,
    /// Seconds.
    pub immutable: Option<Spanned<u64>>,
    pub compress: Option<Compress>,
    pub encrypt: Vec<String>,
    pub identity: Option<SecretRef>,
    /// Steps at once.
    pub parallel: Option<Spanned<u32>>,
    /// Bytes per second.
    pub bandwidth: Option<Spanned<u64>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Notifier {
    pub name: Spanned<String>,
    pub plugin: Plugin,
    pub on: Vec<Occasion>,
    pub body: Option<Spanned<String>>,
    pub span: Span,
}

/// One use of a plugin.
#[derive(Clone, Debug)]
pub struct Plugin {
    pub name: Spanned<String>,
    /// By node name. A node that stands several times, or takes several values, is a list.
    pub config: BTreeMap<String, Spanned<Config>>,
    pub secrets: BTreeMap<String, SecretRef>,
}
