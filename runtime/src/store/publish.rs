//! Publication: one conditional create of the manifest. Whoever loses verifies the winner and cleans up after itself.

use super::{Held, Store, document, layout};
use crate::artifact::blake3_of;
use crate::artifact::download::Expected;
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::plugin::Created;
use schema::manifest::Manifest;
use schema::report::ProblemKind;

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
        self.stays(manifest).await?;
        self.parent_stays(manifest).await?;
        fault::point("before-manifest");
        let created = self.storage.create(&layout::manifest(&folder), &bytes).await?;
        fault::point("after-manifest");
        if created == Created::Created {
            self.still_whole(manifest, &layout::manifest(&folder)).await?;
            // Whoever removes the parent looks for children after its mark; who is too late for that look sees the mark here.
            if let Err(gone) = self.parent_stays(manifest).await {
                self.storage.delete(&layout::manifest(&folder)).await?;
                for key in self.objects(manifest) {
                    self.storage.delete(&key).await?;
                }
                return Err(gone);
            }
            return Ok(Published::Ours(Held { manifest: manifest.clone(), digest: blake3_of(&bytes) }));
        }
        let held = self.held(&manifest.source, &manifest.database, &manifest.id).await?.ok_or_else(|| {
            Error::temporary("manifest-vanished", format!("the manifest in `{folder}` exists and cannot be read"))
        })?;
        if held.manifest.attempt == manifest.attempt {
            // Our own create was acknowledged late: the first answer was lost, not the manifest.
            return Ok(Published::Ours(held));
        }
        self.check_stored(&held.manifest, observers).await?;
        for key in self.objects(manifest) {
            self.storage.delete(&key).await?;
        }
        Ok(Published::Theirs(held))
    }

    /// Looks at the bytes once more now that the manifest stands: whoever took this attempt for dead may have removed them
    /// just before. Then our manifest goes again: it must not announce what is not there.
    async fn still_whole(&self, manifest: &Manifest, key: &str) -> Result<()> {
        let bytes = self.bytes_key(manifest);
        if self.storage.stat(&bytes).await? == Some(Expected::of(manifest).size) {
            return Ok(());
        }
        self.storage.delete(key).await?;
        let message = format!("the bytes `{bytes}` were removed from store `{}` before they were published", self.name);
        Err(Error::new(ProblemKind::Conflict, "bytes-vanished", message).help(
            "Another process took this attempt for dead. Run it again, and never share or copy a state directory.",
        ))
    }

    /// The copy, or what is about to be one, has no mark that it is to go.
    pub async fn stays(&self, manifest: &Manifest) -> Result<()> {
        let folder = self.folder(&manifest.source, &manifest.database, &manifest.id);
        match self.tombstone(&folder).await? {
            Some(_) => Err(self.marked(&manifest.id, "it")),
            None => Ok(()),
        }
    }

    /// The artifact that this one needs is here, and is not to go.
    async fn parent_stays(&self, manifest: &Manifest) -> Result<()> {
        let Some(parent) = manifest.parent() else { return Ok(()) };
        if self.tombstone(&self.folder(&manifest.source, &manifest.database, parent)).await?.is_some() {
            return Err(Error { code: "parent-marked", ..self.marked(parent, "what it needs") });
        }
        match self.held(&manifest.source, &manifest.database, parent).await? {
            Some(_) => Ok(()),
            None => {
                let message = format!("store `{}` does not hold artifact {parent}, which this one needs", self.name);
                Err(Error::new(ProblemKind::Conflict, "parent-missing", message)
                    .help("Bring the whole chain there, oldest first, or make a full backup."))
            }
        }
    }

    fn marked(&self, id: &str, what: &str) -> Error {
        let message = format!("artifact {id} in store `{}` is marked to go, so {what} is not relied on", self.name);
        Error::new(ProblemKind::Conflict, "artifact-marked", message)
            .help("Take it back with `backstay prune --revive ID`, or make a full backup.")
    }
}
