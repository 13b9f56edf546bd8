//! The way into the language: planning questions as data, answers that were checked, and the commented strategy that
//! they make. Who answers (flags, a person, a server) is the caller's affair, and so is where the text goes.
//!
//! What is written must run: an answer that this version only records says so in a comment and in [`recorded`].

mod answers;
mod page;
mod question;
mod questions;
mod server;
mod timing;
mod write;

pub use answers::Answers;
pub use question::{Kind, NONE, Question};
pub use questions::{ALL, NAME, PASSWORD_ENV, TIMEZONE, USER};
pub use server::learned;
pub use write::{recorded, write};
