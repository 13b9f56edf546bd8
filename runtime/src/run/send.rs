//! One object on its way into a store: announced in the journal, sent in parts, and committed by whoever knows that it
//! is whole.

use super::executor::Work;
use super::workshop::Workshop;
use crate::artifact::digest::Digested;
use crate::artifact::frames::FRAME;
use crate::artifact::upload::{self, Kept, Ledger};
use crate::artifact::{Feed, pace::Pace};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::fault;
use crate::journal::replay::Upload;
use crate::plugin::PartPlan;
use crate::store::Store;
use schema::record::Record;
use schema::report::ProblemKind;
use std::sync::atomic::{AtomicU64, Ordering};
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

/// What the journal is told of the parts of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lasts {
    /// Nothing: nobody goes on with it.
    Not,
    /// That they are there: its bytes are known, and the next attempt sends those behind them.
    Behind,
    /// What they are, too: the next attempt makes all of it once more, and compares.
    Compared,
}

/// An object that is not visible yet.
pub(super) struct Sending<'a> {
    shop: &'a Workshop,
    store: &'a Store,
    plan: PartPlan,
    size: Option<u64>,
    /// As it was begun.
    upload: Upload,
    /// The parts that the journal has.
    parts: Mutex<Vec<Kept>>,
    lasts: Lasts,
    /// Bytes that came as they are stored.
    same: AtomicU64,
}

impl<'a> Sending<'a> {
    /// Begins an object of an attempt, whose name is in its key.
    pub(super) async fn begin(
        shop: &'a Workshop,
        (work, attempt): (&Work, &str),
        store: &'a Store,
        key: &str,
        length: Length,
    ) -> Result<Self> {
        let (storage, size) = (store.storage(), length.known());
        let plan = storage.prepare(key, length.guessed()).await?;
        let mut upload = Upload {
            step: work.address.clone(),
            attempt: attempt.to_owned(),
            store: store.name.clone(),
            key: key.to_owned(),
            session: Vec::new(),
            part_size: plan.part_size,
            parts: Vec::new(),
            place: shop.state.place(),
        };
        // Before it has a session, so that what it leaves is found by its key, and then with it.
        shop.record(&begun(&upload))?;
        upload.session = storage.begin(key, size).await?;
        shop.record(&begun(&upload))?;
        Ok(Self {
            shop,
            store,
            plan,
            size,
            upload,
            parts: Mutex::default(),
            lasts: Lasts::Not,
            same: AtomicU64::new(0),
        })
    }

    /// The journal is told of its parts: another attempt can go on behind them, which has the same bytes.
    pub(super) fn lasting(self) -> Self {
        let lasts = if self.plan.resumable { Lasts::Behind } else { Lasts::Not };
        Self { lasts, ..self }
    }

    /// The journal is told of its parts, and what they are: another attempt that makes all of it once more need not send those
    /// that came out the same. Parts that are no whole frames are not compared.
    pub(super) fn compared(self) -> Self {
        let compares = self.plan.resumable && self.plan.part_size.is_multiple_of(FRAME);
        let lasts = if compares { Lasts::Compared } else { Lasts::Not };
        Self { lasts, ..self }
    }

    /// Goes on with an upload, behind its parts when the size is known; `None` when the store would cut the object otherwise
    /// by now.
    pub(super) async fn again(
        shop: &'a Workshop,
        store: &'a Store,
        upload: &Upload,
        length: Length,
    ) -> Result<Option<Self>> {
        let plan = store.storage().prepare(&upload.key, length.guessed()).await?;
        if !plan.resumable || plan.part_size != upload.part_size {
            return Ok(None);
        }
        let size = length.known();
        let lasts = if size.is_some() { Lasts::Behind } else { Lasts::Compared };
        let (parts, same) = (Mutex::new(upload.parts.clone()), AtomicU64::new(0));
        Ok(Some(Self { shop, store, plan, size, upload: upload.clone(), parts, lasts, same }))
    }

    fn parts(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that are there already.
    pub(super) fn there(&self) -> u64 {
        let there = (self.parts().len() as u64).saturating_mul(self.plan.part_size);
        there.min(self.size.unwrap_or(u64::MAX))
    }

    /// Bytes that were made once more and not sent again.
    pub(super) fn came_the_same(&self) -> u64 {
        self.same.load(Ordering::Relaxed)
    }

    /// The attempt that began it, under whose name its bytes are.
    pub(super) fn attempt(&self) -> &str {
        &self.upload.attempt
    }

    /// Sends all of `feed`. Returns the digests of what was sent, and what a commit needs.
    pub(super) async fn send(&self, feed: Feed, observers: &StepObservers) -> Result<(Digested, Vec<Vec<u8>>)> {
        let (storage, name) = (self.store.storage(), self.upload.session.as_slice());
        let session = upload::Session { storage, name, plan: self.plan, size: self.size };
        let ledger: Option<&dyn Ledger> = if self.lasts == Lasts::Not { None } else { Some(self) };
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
        let parts = self.parts().clone();
        let keeps = error.kind == ProblemKind::Temporary && !parts.is_empty();
        if keeps {
            self.shop.carry(Upload { parts, ..self.upload.clone() });
        }
        keeps
    }
}

fn begun(upload: &Upload) -> Record {
    let Upload { step, attempt, store, key, session, .. } = upload.clone();
    Record::UploadStarted { step, attempt, store, key, session }
}

impl Sending<'_> {
    /// Those behind the first so many are these, as far as it is known.
    fn record(&self, after: usize, parts: &[Kept]) -> Result<()> {
        self.shop.record(&Record::PartsStored {
            after: Some(after as u64),
            store: self.store.name.clone(),
            key: self.upload.key.clone(),
            part_size: self.plan.part_size,
            receipts: parts.iter().map(|part| part.receipt.clone()).collect(),
            values: parts.iter().filter_map(|part| part.value.clone()).collect(),
            place: self.shop.state.place(),
        })
    }
}

impl Ledger for Sending<'_> {
    fn stored(&self) -> Vec<Kept> {
        self.parts().clone()
    }

    fn compares(&self) -> bool {
        self.lasts == Lasts::Compared
    }

    fn same(&self, size: u64) {
        self.same.fetch_add(size, Ordering::Relaxed);
    }

    fn only(&self, parts: usize) -> Result<()> {
        self.record(parts, &[])?;
        self.parts().truncate(parts);
        Ok(())
    }

    fn more(&self, parts: Vec<Kept>) -> Result<()> {
        let after = self.parts().len();
        self.record(after, &parts)?;
        self.parts().extend(parts);
        Ok(())
    }
}
