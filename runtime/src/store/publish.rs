//! Publication: one conditional create of the manifest. Whoever loses verifies the winner and cleans up after itself.

use super::{Held, Store, document, layout};
use crate::artifact::{blake3_of, download};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::plugin::Created;
use schema::manifest::Manifest;

/// How a publication went.
#[derive(Clone, Debug)]
pub enum Published {
    /// Our manifest stands.
    Ours(Held),
    /// Another attempt was first; its bytes were read back and are right, ours are gone.
    Theirs(Held),
}

impl Published {
    #[must_use]
    pub fn held(&self) -> &Held {
        match self {
            Self::Ours(held) | Self::Theirs(held) => held,
        }
    }
}

impl Store {
    /// Publishes `manifest`, whose bytes are durable under its attempt.
    pub async fn publish(&self, manifest: &Manifest, observers: &StepObservers) -> Result<Published> {
        let folder = self.folder(&manifest.source, &manifest.database, &manifest.id);
        let bytes = document(manifest)?;
        fault::point("before-manifest");
        let created = self.storage.create(&layout::manifest(&folder), &bytes).await?;
        fault::point("after-manifest");
        if created == Created::Created {
            return Ok(Published::Ours(Held { manifest: manifest.clone(), digest: blake3_of(&bytes) }));
        }
        let held = self.held(&manifest.source, &manifest.database, &manifest.id).await?.ok_or_else(|| {
            Error::temporary("manifest-vanished", format!("the manifest in `{folder}` exists and cannot be read"))
        })?;
        if held.manifest.attempt == manifest.attempt {
            // Our own create was acknowledged late: the first answer was lost, not the manifest.
            return Ok(Published::Ours(held));
        }
        download::check(&self.storage, &self.bytes_key(&held.manifest), &held.manifest.artifact, observers).await?;
        self.storage.delete(&self.bytes_key(manifest)).await?;
        if let Some(index) = self.index_key(manifest) {
            self.storage.delete(&index).await?;
        }
        Ok(Published::Theirs(held))
    }
}
