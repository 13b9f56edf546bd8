//! The data path: bytes of an artifact between an engine and a store. Each byte is read once, and memory is bounded.
//!
//! On the way in: digested, compressed, encrypted, digested again, cut into parts; on the way out the reverse, checked.

pub mod decode;
pub mod digest;
pub mod download;
pub mod encode;
pub(crate) mod frames;
pub(crate) mod outlet;
pub mod pace;
pub mod part;
pub mod seal;
pub mod size;
pub(crate) mod spans;
pub mod stream;
pub mod upload;

pub use digest::{Digests, blake3_of};
pub use size::sized;
pub use stream::{Feed, Sink, channel};
