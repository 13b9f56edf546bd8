//! The document against the vocabulary: names, counts, types, defaults. It knows no node by name: all it checks is said
//! in `schema/strategy.kdl` and in the manifests of plugins.

mod check;
mod children;
mod glob;
mod manifest;
mod mask;
mod names;
mod recipient;
pub mod schedule;
mod shape;
mod suspects;
pub mod unit;
mod value;
mod vocabulary;

use crate::diag::suggest;

pub use crate::diag::suggest::{did_you_mean, listed, nearest};
pub use check::{Structure, check};
pub use manifest::{Condition, Manifest, Want, manifests};
pub use mask::mask;
pub use names::{Definition, Lost, Names, Reference};
pub use shape::{Form, NodeShape, Type, ValueShape, When};
pub use suspects::suspects;
pub use value::{REFERENCES, is_name, is_url};
#[cfg(test)]
pub(crate) use vocabulary::shapes_of as shapes;
pub use vocabulary::{PACKED, identity, reuse, strategy};
