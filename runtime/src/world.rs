//! The seam to the outside that tests replace: the clock and where relative paths begin.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Outside facts that a run asks for while it goes on.
pub trait World: Send + Sync + std::fmt::Debug {
    fn now(&self) -> jiff::Timestamp;
    /// Folder of the strategy: relative paths of a plan begin here.
    fn base(&self) -> &Path;
}

/// The real clock.
#[derive(Debug)]
pub struct RealWorld {
    base: PathBuf,
}

impl RealWorld {
    #[must_use]
    pub fn start(base: PathBuf) -> Arc<dyn World> {
        Arc::new(Self { base })
    }
}

impl World for RealWorld {
    fn now(&self) -> jiff::Timestamp {
        // Nothing is added in a release build.
        let off = jiff::SignedDuration::from_secs(crate::fault::clock());
        let now = jiff::Timestamp::now();
        now.checked_add(off).unwrap_or(now)
    }

    fn base(&self) -> &Path {
        &self.base
    }
}
