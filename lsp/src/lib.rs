//! A language server for strategies: diagnostics, completion, hover, definitions, formatting, quick fixes, outline.
//!
//! The compiler decides what is right; it runs in a thread beside ([`check`]), because parsing takes longer than a person
//! waits for the answer to a key. Everything else works on tokens ([`sketch`]), so that it also answers in a text that is
//! not KDL yet. No feature here knows a node of the vocabulary by name, except those of reuse.
//!
//! | module | job |
//! |---|---|
//! | [`server`] | messages of the protocol |
//! | [`convert`] | what the features say, in the types of the protocol |
//! | [`desk`] | open texts, and the strategy that a text is part of |
//! | [`place`] | what stands under the cursor |
//! | [`vocabulary`], [`names`], [`values`] | what may stand there, the names that texts give, and the values to choose from |

mod check;
mod completion;
mod convert;
mod definition;
mod desk;
mod document;
mod hover;
mod lines;
mod names;
mod place;
mod server;
mod sketch;
mod symbols;
mod values;
mod vocabulary;

pub use server::{Failure, Setting, serve, stdio};
