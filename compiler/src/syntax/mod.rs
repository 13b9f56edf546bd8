//! KDL text to a spanned document of our own. The only stage that names the `kdl` crate; it knows no node by name.

mod complaint;
mod cursor;
mod document;
mod old;
mod packed;
mod parse;
mod recover;
mod scan;
mod tokens;

pub use cursor::Cursor;
pub use document::{Document, Entry, Node, Value};
pub use packed::{pack, unpack};
pub use parse::{parse, salvage, too_large};
pub use scan::{MOST_BYTES, MOST_LEVELS};
pub use tokens::{Token, TokenKind, is_newline, tokens};
