//! One object on its way into a store: announced in the journal, sent in parts, and committed by whoever knows that it
//! is whole.

use super::executor::Work;
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::{Feed, pace::Pace, upload};
use crate::error::Result;
use crate::event::StepObservers;
use crate::fault;
use crate::plugin::PartPlan;
use crate::store::Store;
use schema::record::Record;

/// An object that is not visible yet.
pub(super) struct Sending<'a> {
    store: &'a Store,
    session: Vec<u8>,
    plan: PartPlan,
    size: Option<u64>,
}

impl<'a> Sending<'a> {
    /// Begins an object; `size` in bytes where it is known.
    pub(super) async fn begin(
        shop: &Workshop,
        work: &Work,
        store: &'a Store,
        key: &str,
        size: Option<u64>,
    ) -> Result<Self> {
        let storage = store.storage();
        let plan = storage.prepare(key, size).await?;
        let begun = |session: Vec<u8>| Record::UploadStarted {
            step: work.address.clone(),
            attempt: work.attempt.clone(),
            store: store.name.clone(),
            key: key.to_owned(),
            session,
        };
        // Before it has a session, so that what it leaves is found by its key, and then with it.
        shop.record(&begun(Vec::new()))?;
        let session = storage.begin(key, size).await?;
        shop.record(&begun(session.clone()))?;
        Ok(Self { store, session, plan, size })
    }

    /// Sends all of `feed`. Returns the digests of what was sent, and what a commit needs.
    pub(super) async fn send(&self, feed: Feed, observers: &StepObservers) -> Result<(Digested, Vec<Vec<u8>>)> {
        let storage = self.store.storage();
        upload::upload(feed, storage, &self.session, self.plan, Pace::new(None), observers, self.size).await
    }

    /// Makes the object visible. Its bytes are durable when this returns.
    pub(super) async fn commit(&self, receipts: &[Vec<u8>]) -> Result<()> {
        fault::point("before-commit");
        self.store.storage().commit(&self.session, receipts).await
    }

    /// Gives up. The session is of no use any more; what it left is swept by its key even when this fails.
    pub(super) async fn abort(&self) {
        let _ = self.store.storage().abort(&self.session).await;
    }
}
