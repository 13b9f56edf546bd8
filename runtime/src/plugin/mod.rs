//! Plugins: storages and notifiers as WebAssembly components. A guest sequences calls and never sees bulk bytes or
//! secrets; what it may touch is what its manifest wants and the strategy grants. Nothing outside this folder names the
//! engine.
//!
//! [`Host`] compiles and links; [`Storage`] and [`Notifier`] are uses of one plugin; each of their methods runs a fresh
//! instance, under [`Limits`], in a task of its own.

mod ambient;
mod bindings;
mod body;
mod bundled;
mod cache;
mod call;
mod dir;
mod egress;
mod failure;
mod files;
mod grant;
mod host;
mod http;
mod inspect;
mod invoke;
pub(crate) mod key;
mod limits;
mod listing;
mod notifier;
mod outbound;
mod resolve;
mod secrets;
mod signing;
mod storage;

pub use body::Body;
pub use bundled::{Bundled, Kind, Plugin, Want, bundled};
pub use cache::Origin;
pub use host::{Host, SLOTS};
pub use key::check as check_key;
pub use limits::Limits;
pub use notifier::Notifier;
pub use secrets::SecretSource;
pub use storage::{Created, Listed, PartPlan, Storage};
