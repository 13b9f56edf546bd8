//! Going on with a run that was cut off, or clearing up after one that will not be gone on with.

use super::executor::Located;
use super::workshop::{Outfit, Workshop};
use super::{Request, locate, state::State};
use crate::artifact::download;
use crate::error::{Error, Result};
use crate::journal::replay::{Replay, Upload, replay};
use crate::journal::{Beginning, Unfinished};
use schema::event::Event;
use schema::plan::Plan;
use schema::record::Record;
use schema::step::{Action, Step};

/// What to do about a run of the same job that was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Go on with it when the plan is the same; otherwise end it and begin anew.
    WhenSame,
    /// Go on with it, by its own plan; an error when there is none.
    Required,
    /// Never go on with one: end it and begin anew. For restores, which are made of looks that do not last.
    Never,
}

/// A run that may begin.
pub(super) struct Begun {
    pub(super) run: String,
    pub(super) plan: Plan,
    pub(super) resumed: bool,
    pub(super) replay: Replay,
    /// A run that was cut off and is now ended, to be cleared up after.
    pub(super) abandoned: Option<Unfinished>,
}

/// Finds the run to go on with, or begins one.
pub(super) fn begin(request: &Request<'_>, state: &State, outfit: &Outfit) -> Result<Begun> {
    let unfinished = state.journal.unfinished(request.job)?;
    let same = unfinished.as_ref().is_some_and(|unfinished| unfinished.plan_digest == request.plan_digest);
    let go_on = match request.resume {
        Resume::WhenSame => same,
        Resume::Required => unfinished.is_some(),
        Resume::Never => false,
    };
    match unfinished {
        Some(unfinished) if go_on => {
            let replay = replay(&unfinished.records, &unfinished.plan.steps);
            Ok(Begun { run: unfinished.run, plan: unfinished.plan, resumed: true, replay, abandoned: None })
        }
        None if request.resume == Resume::Required => {
            Err(Error::permanent("nothing-to-resume", format!("no run of job `{}` was cut off", request.job))
                .help("Run it without `--resume`."))
        }
        abandoned => {
            // What the dead run stopped was started by its guard; a start that it still owes is owed by this run.
            let owed = abandoned.as_ref().map(|dead| replay(&dead.records, &dead.plan.steps).owed).unwrap_or_default();
            if let Some(dead) = &abandoned {
                tell_abandoned(dead, outfit);
            }
            let run = uuid::Uuid::new_v4().to_string();
            let plan = request.plan.clone();
            let first: Vec<Record> = owed.iter().map(|source| Record::StartOwed { source: source.clone() }).collect();
            let beginning = Beginning {
                run: &run,
                job: request.job,
                plan: &plan,
                plan_digest: &request.plan_digest,
                first: &first,
                instead_of: abandoned.as_ref().map(|dead| dead.run.as_str()),
            };
            state.journal.begin(&beginning, outfit.world.now())?;
            let replay = Replay { owed, ..Replay::default() };
            Ok(Begun { run, plan, resumed: false, replay, abandoned })
        }
    }
}

fn tell_abandoned(dead: &Unfinished, outfit: &Outfit) {
    outfit.observers.tell(&Event::Notice {
        message: format!("the run {} of {} was cut off and is not gone on with", dead.run, dead.started),
        help: Some("What it left without a manifest is removed now; what it published stays.".to_owned()),
    });
}

/// Removes what the uploads of a dead process left, whether its run is gone on with or not. Nothing of it is alive: this
/// process holds the job's lock.
pub(super) async fn clean_up(shop: &Workshop, begun: &Begun) {
    match &begun.abandoned {
        Some(dead) => {
            let uploads = replay(&dead.records, &dead.plan.steps).uploads;
            clean_up_uploads(shop, &dead.run, &dead.plan, &uploads).await;
        }
        None => clean_up_uploads(shop, &begun.run, &begun.plan, &begun.replay.uploads).await,
    }
}

async fn clean_up_uploads(shop: &Workshop, run: &str, plan: &Plan, uploads: &[Upload]) {
    for upload in uploads {
        let Some(step) = plan.steps.iter().find(|step| step.address == upload.step) else { continue };
        let Some(at) = locate(plan, run, step) else { continue };
        let observers = shop.observers.of(&upload.step);
        let swept = async {
            let store = shop.store(&upload.store, &observers).await?;
            // A session that ended has nothing to abort; the sweep finds whatever it left under its final name.
            let _ = store.storage().abort(&upload.session).await;
            let keep = store.held(&at.source, &at.database, &at.id).await?.map(|held| held.manifest.attempt);
            store.sweep(&at.source, &at.database, &at.id, keep.as_deref().unwrap_or_default()).await
        };
        if let Err(error) = swept.await {
            let message = format!("what run {run} left in store `{}` could not be removed: {error}", upload.store);
            observers.notice(message, Some("It has no manifest, so nothing will use it.".to_owned()));
        }
    }
}

/// Whether what a step published is still there and right. Any doubt means that the step is done again.
pub(super) async fn still_there(shop: &Workshop, step: &Step, artifact: Option<&Located>) -> bool {
    let (Action::Backup { store, .. } | Action::Transfer { to: store, .. }) = &step.action else { return false };
    let Some(at) = artifact else { return false };
    let observers = shop.observers.of(&step.address);
    let looked = async {
        let store = shop.store(store, &observers).await?;
        let Some(held) = store.held(&at.source, &at.database, &at.id).await? else { return Ok(false) };
        let key = store.bytes_key(&held.manifest);
        download::check(store.storage(), &key, &held.manifest.artifact, &observers).await?;
        if let (Some(index), Some(key)) = (&held.manifest.index, store.index_key(&held.manifest)) {
            download::check(store.storage(), &key, index, &observers).await?;
        }
        Ok::<_, Error>(true)
    };
    looked.await.unwrap_or(false)
}
