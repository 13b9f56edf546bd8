//! Leases: one at a time does something to a store that several machines use. Each holder makes the next epoch, by a
//! conditional create that has one winner; an epoch that has run out may be followed by anybody.

use super::survey::is_of_the_document;
use super::{DOCUMENT, Store, document, layout};
use crate::error::{Error, Result};
use crate::fault;
use crate::plugin::Created;
use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use schema::manifest::{FORMAT, Lease};
use schema::report::ProblemKind;
use std::sync::Arc;

/// How long a lease holds without being renewed: far longer than clocks differ, short enough to wait for after a crash.
const TERM: SignedDuration = SignedDuration::from_mins(10);

/// A lease that is held. It is renewed by [`Holding::renew`] and must be given back.
#[derive(Debug)]
pub struct Holding {
    store: Store,
    name: String,
    lease: Lease,
    until: Timestamp,
    world: Arc<dyn World>,
}

impl Store {
    /// Takes the lease of that name, or says who holds it.
    pub async fn lease(&self, name: &str, holder: &str, world: &Arc<dyn World>) -> Result<Holding> {
        let newest = self.newest_lease(name).await?;
        let now = world.now();
        let epoch = match newest {
            Some(newest) if runs(&newest, now) && newest.holder != holder => return Err(self.is_held(name, &newest)),
            Some(newest) => newest.epoch + 1,
            None => 1,
        };
        let until = now.checked_add(TERM).unwrap_or(Timestamp::MAX);
        let lease =
            Lease { format: FORMAT, epoch, holder: holder.to_owned(), at: now.to_string(), until: until.to_string() };
        fault::point("before-lease");
        let created = self.storage.create(&layout::lease(name, epoch), &document(&lease)?).await?;
        fault::point("after-lease");
        if created == Created::Exists {
            // Somebody was faster by moments, or the first answer to this create was lost.
            let winner = self.newest_lease(name).await?;
            if winner.as_ref() != Some(&lease) {
                return Err(self.is_held(name, &winner.unwrap_or(lease)));
            }
        }
        let holding = Holding { store: self.clone(), name: name.to_owned(), lease, until, world: world.clone() };
        holding.clear(epoch).await?;
        Ok(holding)
    }

    fn is_held(&self, name: &str, lease: &Lease) -> Error {
        let holder = super::shown(&lease.holder);
        let message = format!("{holder} holds the lease `{name}` of store `{}` until {}", self.name, lease.until);
        Error::new(ProblemKind::Conflict, "lease-held", message)
            .help("Wait for it to end. The lease of a process that died runs out at that time.")
    }

    /// The highest epoch. One that cannot be read is held by nobody, and still counts.
    async fn newest_lease(&self, name: &str) -> Result<Option<Lease>> {
        let folder = layout::leases(name);
        let listed = self.storage.list(&folder).await?;
        let epochs = listed.iter().filter_map(|listed| layout::epoch_of(&folder, &listed.key));
        let Some(epoch) = epochs.max() else { return Ok(None) };
        let key = layout::lease(name, epoch);
        let nobody = Lease {
            format: FORMAT,
            epoch,
            holder: "nobody".to_owned(),
            at: Timestamp::UNIX_EPOCH.to_string(),
            until: Timestamp::UNIX_EPOCH.to_string(),
        };
        let read = match self.storage.get_small(&key, DOCUMENT).await {
            Ok(Some(bytes)) => self.parse::<Lease>(&key, &bytes),
            Ok(None) => Ok(nobody.clone()),
            Err(error) => Err(error),
        };
        match read {
            Ok(lease) => Ok(Some(Lease { epoch, ..lease })),
            Err(error) if is_of_the_document(&error) => Ok(Some(nobody)),
            Err(error) => Err(error),
        }
    }
}

/// Whether a lease holds at a time. One that ends later than any lease of ours could was written by no clock.
fn runs(lease: &Lease, now: Timestamp) -> bool {
    let latest = now.checked_add(TERM + TERM).unwrap_or(Timestamp::MAX);
    lease.until.parse::<Timestamp>().is_ok_and(|until| now < until && until < latest)
}

impl Holding {
    /// The fencing token: what is done under a lower one is void.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.lease.epoch
    }

    /// Makes sure that the lease holds for a while: asked before every deletion. In the second half of its time the next
    /// epoch is made; when somebody else made that, the lease is lost.
    pub async fn renew(&mut self) -> Result<()> {
        let now = self.world.now();
        if now.checked_add(TERM / 2).is_ok_and(|half| half < self.until) {
            return Ok(());
        }
        let (name, holder) = (self.name.clone(), self.lease.holder.clone());
        let newest = self.store.newest_lease(&name).await?;
        if newest.as_ref().is_some_and(|newest| newest.epoch != self.lease.epoch) {
            let message = format!("the lease `{name}` of store `{}` was taken over", self.store.name);
            return Err(Error::new(ProblemKind::Conflict, "lease-lost", message)
                .help("This machine stood still for longer than a lease holds. What it did is whole; run it again."));
        }
        *self = self.store.lease(&name, &holder, &self.world.clone()).await?;
        Ok(())
    }

    /// Gives the lease back: the next one need not wait. Epochs only grow, so this is one more, that ends when it begins.
    pub async fn give_back(self) -> Result<()> {
        let now = self.world.now().to_string();
        let epoch = self.lease.epoch + 1;
        let lease = Lease { epoch, at: now.clone(), until: now, ..self.lease.clone() };
        fault::point("before-lease-end");
        let created = self.store.storage.create(&layout::lease(&self.name, epoch), &document(&lease)?).await?;
        if created == Created::Created {
            self.clear(epoch).await?;
        }
        Ok(())
    }

    /// Removes the epochs before one: the highest is all that counts.
    async fn clear(&self, epoch: u64) -> Result<()> {
        let folder = layout::leases(&self.name);
        for listed in self.store.storage.list(&folder).await? {
            if layout::epoch_of(&folder, &listed.key).is_some_and(|older| older < epoch) {
                self.store.storage.delete(&listed.key).await?;
            }
        }
        Ok(())
    }
}
