//! How an operator stops a run: once to end in order, twice to end now.

use tokio_util::sync::CancellationToken;

/// The two requests; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    /// Stop beginning steps, stop the running ones soon, put back in order what was changed.
    pub in_order: CancellationToken,
    /// Leave at once; the supervisor ends the children and the guard starts what was stopped.
    pub now: CancellationToken,
}

impl Cancel {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next stronger request.
    pub fn request(&self) {
        if self.in_order.is_cancelled() {
            self.now.cancel();
        } else {
            self.in_order.cancel();
        }
    }
}
