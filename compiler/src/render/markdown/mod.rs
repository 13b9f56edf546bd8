//! Plans in Markdown, for a pull request or a wiki, and what such a page needs: a limit to its size, escapes, tables.

pub mod escape;
mod page;
mod plan;
mod table;

pub use page::{MOST, Page, Section};
pub use plan::markdown;
pub use table::table;
