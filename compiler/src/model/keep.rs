//! What a store keeps.

use crate::span::{Span, Spanned};

#[derive(Clone, Debug)]
pub struct Keep {
    pub store: Spanned<String>,
    pub rules: schema::keep::Keep,
    pub span: Span,
}
