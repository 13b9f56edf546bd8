//! One object on its way into a store: announced in the journal, sent in parts, and committed by whoever knows that it
//! is whole.

use super::executor::Work;
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::upload::{self, Ledger};
use crate::artifact::{Feed, pace::Pace};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::journal::replay::Upload;
use crate::plugin::PartPlan;
use crate::store::Store;
use schema::record::Record;
use schema::report::ProblemKind;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of an object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Length {
    Known(u64),
    /// More or less: parts are cut by it, and nothing is held against it.
    About(u64),
    Unknown,
}

impl Length {
    fn known(self) -> Option<u64> {
        if let Self::Known(size) = self { Some(size) } else { None }
    }

    fn guessed(self) -> Option<u64> {
        match self {
            Self::Known(size) | Self::About(size) => Some(size),
            Self::Unknown => None,
        }
    }
}

/// An object that is not visible yet.
pub(super) struct Sending<'a> {
    shop: &'a Workshop,
    store: &'a Store,
    plan: PartPlan,
    size: Option<u64>,
    /// As it was begun.
    upload: Upload,
    /// Of the parts that the journal has.
    receipts: Mutex<Vec<Vec<u8>>>,
    /// Whether the journal is told of parts.
    lasting: bool,
}

impl<'a> Sending<'a> {
    /// Begins an object.
    pub(super) async fn begin(
        shop: &'a Workshop,
        work: &Work,
        store: &'a Store,
        key: &str,
        length: Length,
    ) -> Result<Self> {
        let (storage, size) = (store.storage(), length.known());
        let plan = storage.prepare(key, length.guessed()).await?;
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
        let upload = Upload {
            step: work.address.clone(),
            attempt: work.attempt.clone(),
            store: store.name.clone(),
            key: key.to_owned(),
            session,
            part_size: plan.part_size,
            receipts: Vec::new(),
        };
        Ok(Self { shop, store, plan, size, upload, receipts: Mutex::default(), lasting: false })
    }

    /// The journal is told of its parts: another attempt can go on behind them, which has the same bytes.
    pub(super) fn lasting(self) -> Self {
        Self { lasting: self.plan.resumable, ..self }
    }

    /// Goes on with an upload; `None` when the store would cut the object otherwise by now.
    pub(super) async fn again(
        shop: &'a Workshop,
        store: &'a Store,
        upload: &Upload,
        size: u64,
    ) -> Result<Option<Self>> {
        let plan = store.storage().prepare(&upload.key, Some(size)).await?;
        if !plan.resumable || plan.part_size != upload.part_size {
            return Ok(None);
        }
        let receipts = Mutex::new(upload.receipts.clone());
        Ok(Some(Self { shop, store, plan, size: Some(size), upload: upload.clone(), receipts, lasting: true }))
    }

    fn receipts(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that are there already.
    pub(super) fn there(&self) -> u64 {
        let there = (self.receipts().len() as u64).saturating_mul(self.plan.part_size);
        there.min(self.size.unwrap_or(u64::MAX))
    }

    /// Sends all of `feed`. Returns the digests of what was sent, and what a commit needs.
    pub(super) async fn send(&self, feed: Feed, observers: &StepObservers) -> Result<(Digested, Vec<Vec<u8>>)> {
        let (storage, name) = (self.store.storage(), self.upload.session.as_slice());
        let session = upload::Session { storage, name, plan: self.plan, size: self.size };
        let ledger: Option<&dyn Ledger> = if self.lasting { Some(self) } else { None };
        upload::upload(feed, session, Pace::new(None), observers, ledger).await
    }

    /// Makes the object visible. Its bytes are durable when this returns.
    pub(super) async fn commit(&self, receipts: &[Vec<u8>]) -> Result<()> {
        fault::point("before-commit");
        self.store.storage().commit(&self.upload.session, receipts).await
    }

    /// Gives up. The session is of no use any more; what it left is swept by its key even when this fails.
    pub(super) async fn abort(&self) {
        let _ = self.store.storage().abort(&self.upload.session).await;
    }

    /// Keeps what is there for the next attempt, when the failure may pass; gives up for good otherwise.
    pub(super) async fn set_aside(&self, error: &Error) {
        if !self.keep(error) {
            self.abort().await;
        }
    }

    /// Keeps what is there for the next attempt, when the failure may pass. Whether it did.
    pub(super) fn keep(&self, error: &Error) -> bool {
        let receipts = self.receipts().clone();
        let keeps = error.kind == ProblemKind::Temporary && !receipts.is_empty();
        if keeps {
            self.shop.carry(Upload { receipts, ..self.upload.clone() });
        }
        keeps
    }
}

impl Ledger for Sending<'_> {
    fn stored(&self) -> Vec<Vec<u8>> {
        self.receipts().clone()
    }

    fn more(&self, receipts: Vec<Vec<u8>>) -> Result<()> {
        let (store, key) = (self.store.name.clone(), self.upload.key.clone());
        let stored = Record::PartsStored { store, key, part_size: self.plan.part_size, receipts: receipts.clone() };
        self.shop.record(&stored)?;
        self.receipts().extend(receipts);
        Ok(())
    }
}
