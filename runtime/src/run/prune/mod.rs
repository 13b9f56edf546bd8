//! One prune step. The plan says what goes; here it is looked at again, and can only be refused. First a mark, and only
//! when that is older than the safety age the manifest, then the bytes: killed anywhere, a later prune goes on.

mod judge;
mod remove;
mod sweep;
mod tally;
mod waves;

use super::executor::{Done, Work, unless_cancelled};
use super::workshop::Workshop;
use crate::engine::Context;
use crate::error::Result;
use crate::fault;
use crate::plugin::Created;
use crate::store::lease::Holding;
use crate::store::survey::{Found, Survey};
use crate::store::{Store, host_name};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use judge::Bench;
use schema::manifest::{FORMAT, Tombstone};
use schema::record::Record;
use schema::retain::Deletion;
use std::sync::Arc;
use tally::Tally;
use waves::waves;

/// Name of the lease: one machine at a time prunes a store.
pub(crate) const LEASE: &str = "prune";

/// A prune under way.
struct Prune<'a> {
    shop: &'a Workshop,
    work: &'a Work,
    store: &'a Store,
    context: &'a Context,
    lease: Holding,
    now: Timestamp,
    safety_age: SignedDuration,
    tally: Tally,
}

/// Does what the step says to `store`, as far as it is still right.
pub(super) async fn perform(
    shop: &Arc<Workshop>,
    work: &Work,
    store: &str,
    deletes: &[Deletion],
    safety_age: u64,
    context: &Context,
) -> Result<Done> {
    let store = shop.store(store, &context.observers).await?;
    let _only = shop.state.lock_store(&store.name)?;
    let lease = store.lease(LEASE, &shop.state.identity()?, &context.world).await?;
    let safety_age = SignedDuration::from_secs(i64::try_from(safety_age).unwrap_or(i64::MAX));
    let (now, tally) = (context.world.now(), Tally::default());
    let mut prune = Prune { shop, work, store: &store, context, lease, now, safety_age, tally };
    let done = prune.all(deletes).await;
    // The lease of a prune that failed is given back as well; if even that fails, it runs out.
    let given_back = prune.lease.give_back().await;
    done?;
    given_back?;
    Ok(prune.tally.done(&store.name))
}

impl Prune<'_> {
    async fn all(&mut self, deletes: &[Deletion]) -> Result<()> {
        let survey = match self.shop.looked.take(&self.store.name) {
            Some(before) => unless_cancelled(self.context, self.store.survey_again(before)).await??,
            None => unless_cancelled(self.context, self.store.survey()).await??,
        };
        for fault in &survey.faults {
            let message = format!("not looked behind: {}", fault.error.message);
            self.context.observers.notice(message, fault.error.help.clone());
        }
        self.mark(&survey, deletes).await?;
        let survey = self.remove(survey).await?;
        self.sweep(&survey).await
    }

    /// The first half: marks what the plan names.
    async fn mark(&mut self, survey: &Survey, deletes: &[Deletion]) -> Result<()> {
        let mut bench = Bench::new(survey, &self.shop.run, self.now);
        let mut marks = Vec::new();
        // Children go before what they need.
        for deletion in deletes.iter().rev() {
            match bench.may_be_marked(deletion) {
                Ok(Some(found)) => {
                    bench.mark(&found.fact);
                    marks.push((found, deletion));
                }
                Ok(None) => {}
                Err(why) => self.tally.refuse(&deletion.id, why),
            }
        }
        if marks.is_empty() {
            return Ok(());
        }
        self.record(&marks.iter().map(|(found, _)| found.fact.id.clone()).collect::<Vec<_>>(), "mark")?;
        for wave in waves(&marks, |(found, _)| &found.fact) {
            self.may_go_on().await?;
            let marked = join_all(wave.iter().map(|(found, deletion)| self.mark_one(found, deletion))).await;
            for ((found, _), marked) in wave.iter().zip(marked) {
                if marked? == Created::Created {
                    self.tally.marked(found.fact.size);
                }
            }
        }
        Ok(())
    }

    async fn mark_one(&self, found: &Found, deletion: &Deletion) -> Result<Created> {
        let manifest = &found.held.manifest;
        let tombstone = Tombstone {
            format: FORMAT,
            id: manifest.id.clone(),
            at: self.time(),
            run: self.shop.run.clone(),
            host: host_name(),
            manifest: found.held.digest.clone(),
            attempt: manifest.attempt.clone(),
            reasons: deletion.reasons.clone(),
        };
        fault::point("before-tombstone");
        let created = self.store.put_tombstone(&found.folder, &tombstone).await?;
        fault::point("after-tombstone");
        let mut fact = found.fact.clone();
        fact.tombstone = Some(tombstone.at);
        self.shop.state.catalog.put(&fact)?;
        Ok(created)
    }

    /// What is about to happen to which artifacts is on disk before it does.
    fn record(&self, ids: &[String], doing: &str) -> Result<()> {
        self.shop.record(&Record::PruneStarted {
            step: self.work.address.clone(),
            attempt: self.work.attempt.clone(),
            store: self.store.name.clone(),
            doing: doing.to_owned(),
            epoch: self.lease.epoch(),
            ids: ids.to_vec(),
        })
    }

    /// Nobody asked to stop, and the lease holds.
    async fn may_go_on(&mut self) -> Result<()> {
        unless_cancelled(self.context, std::future::ready(())).await?;
        self.lease.renew().await
    }

    /// When this prune began, as marks say it.
    fn time(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Whether a mark of that time is older than the safety age, and else when it will be.
    fn ripe(&self, at: &str) -> Result<(), String> {
        self.ripe_after(at, self.safety_age)
    }

    /// The same with another age.
    fn ripe_after(&self, at: &str, age: SignedDuration) -> Result<(), String> {
        let Ok(at) = at.parse::<Timestamp>() else { return Err("never: its time cannot be read".to_owned()) };
        match at.checked_add(age) {
            Ok(until) if until <= self.now => Ok(()),
            Ok(until) => Err(until.to_string()),
            Err(_) => Err("never".to_owned()),
        }
    }
}
