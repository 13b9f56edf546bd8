//! Work that blocks, beside the loop that must not.

use crate::error::{Error, Result};

/// Does it on a thread where it may wait. A panic there is an error here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::permanent("panic", error.to_string()))?
}
