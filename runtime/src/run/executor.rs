//! Does one step. It has never heard of the graph: all that a step needs is in its [`Work`].

use super::workshop::Workshop;
use super::{backup, drill, prune, restore, service, transfer, verify};
use crate::engine::{Context, Doing};
use crate::error::{Error, Result};
use crate::fault;
use schema::report::{ArtifactReport, Outcome};
use schema::step::{Action, Address};
use std::sync::Arc;

/// One attempt of one step.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub address: Address,
    pub action: Action,
    /// Name of the attempt: no two attempts of any run share it.
    pub attempt: String,
    /// The artifact that the step makes or works on.
    pub artifact: Option<Located>,
}

/// An artifact, by what its key in a store is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub source: String,
    pub database: String,
    pub id: String,
    /// The manifest that the plan relies on, when it relies on one.
    pub manifest: Option<String>,
}

/// A step that happened.
#[derive(Clone, Debug)]
pub(super) struct Done {
    /// `Ok` or `Degraded`.
    pub outcome: Outcome,
    /// One line for a person.
    pub detail: String,
    pub artifact: Option<ArtifactReport>,
}

impl Done {
    /// All of it happened.
    #[must_use]
    pub(super) fn ok(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Ok, detail: detail.into(), artifact: None }
    }

    #[must_use]
    pub(super) fn with(mut self, artifact: ArtifactReport) -> Self {
        self.artifact = Some(artifact);
        self
    }
}

/// Work that has no way of its own to stop soon.
pub(super) async fn unless_cancelled<T>(context: &Context, work: impl Future<Output = T>) -> Result<T> {
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(Error::cancelled()),
        done = work => Ok(done),
    }
}

/// Performs an attempt to its end.
pub(super) async fn perform(shop: &Arc<Workshop>, work: &Work, context: &Context) -> Result<Done> {
    let kind = work.address.0.split('/').nth(1).unwrap_or_default();
    fault::on("step", kind, "", "before");
    let done = act(shop, work, context).await;
    fault::on("step", kind, "", "after");
    done
}

/// Boxed, so that the compiler can see that any attempt may move between threads.
fn act<'a>(shop: &'a Arc<Workshop>, work: &'a Work, context: &'a Context) -> Doing<'a, Done> {
    match &work.action {
        Action::Preflight { source, databases } => {
            Box::pin(async move { shop.engine(source)?.preflight(databases, context).await.map(Done::ok) })
        }
        Action::Stop { source, .. } => Box::pin(service::stop(shop, source, context)),
        Action::Start { source, .. } => Box::pin(service::start(shop, source, context)),
        Action::Backup { method, store, .. } => Box::pin(backup::perform(shop, work, *method, store, context)),
        Action::Transfer { from, to, bandwidth, .. } => {
            Box::pin(transfer::perform(shop, work, from, to, *bandwidth, context))
        }
        Action::Verify { store, with, .. } => Box::pin(verify::perform(shop, work, store, *with, context)),
        Action::Stage { source, database, candidates, staging, only } => {
            let wanted = restore::Wanted { source, database, candidates, staging, only };
            Box::pin(restore::stage(shop, wanted, context))
        }
        Action::Inspect { source, database, staging } => {
            Box::pin(async move { shop.engine(source)?.inspect(database, staging, context).await.map(Done::ok) })
        }
        Action::Swap { source, database, staging } => {
            Box::pin(async move { shop.engine(source)?.swap(database, staging, context).await.map(Done::ok) })
        }
        Action::Settle { source, database, staging, query } => Box::pin(async move {
            fault::point("before-settle");
            shop.engine(source)?.settle(database, staging, query.as_deref(), context).await.map(Done::ok)
        }),
        Action::Place { source, database, staging, into } => {
            Box::pin(async move { shop.engine(source)?.place(database, staging, into, context).await.map(Done::ok) })
        }
        Action::Prune { store, deletes, safety_age, .. } => {
            Box::pin(prune::perform(shop, work, store, deletes, *safety_age, context))
        }
        Action::Restore { artifact, store, target, check, queries } => {
            let wanted = drill::Wanted { artifact, store, target, check: *check, queries };
            Box::pin(drill::perform(shop, work, wanted, context))
        }
        Action::Copy { .. } | Action::Aggregate { .. } => {
            // A plan with such a step is refused before its run begins.
            Box::pin(async { Err(Error::permanent("not-there-yet", "this kind of step is not there yet")) })
        }
    }
}
