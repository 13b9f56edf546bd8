//! The data path: bytes of an artifact between an engine and a store. Each byte is read once, and memory is bounded.

pub mod digest;
pub mod download;
pub mod pace;
pub mod size;
pub mod stream;
pub mod upload;

pub use digest::{Digests, blake3_of};
pub use size::sized;
pub use stream::{Feed, Sink, channel};
