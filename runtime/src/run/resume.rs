//! Going on with a run that was cut off, or clearing up after one that will not be gone on with.

use super::executor::Located;
use super::workshop::{Outfit, Workshop};
use super::{Request, state::State};
use crate::error::{Error, Result};
use crate::journal::replay::{Replay, Upload, replay};
use crate::journal::{Beginning, Unfinished};
use schema::event::Event;
use schema::plan::Plan;
use schema::record::Record;
use schema::step::{Action, Step};
use std::collections::BTreeSet;

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
            let owes = owed.iter().map(|source| Record::StartOwed { source: source.clone() });
            let dead = abandoned.as_ref().map(|dead| Record::InsteadOf { run: dead.run.clone() });
            let first: Vec<Record> = dead.into_iter().chain(owes).collect();
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

/// Removes what the uploads of dead processes left: of this run, and of those that it stands in for. Nothing of them is
/// alive: this process holds the job's lock.
pub(super) async fn clean_up(shop: &Workshop, begun: &Begun) -> Result<()> {
    let uploads = begun.replay.uploads.iter().cloned();
    let here = shop.state.place();
    // What is compared may come out otherwise: in a copy of the state directory whoever began it may still be sending.
    let alone = |upload: &Upload| {
        upload.parts.iter().all(|part| part.value.is_none()) || (here.is_some() && upload.place == here)
    };
    let (lasting, left): (Vec<Upload>, Vec<Upload>) =
        uploads.partition(|upload| begun.resumed && !upload.parts.is_empty() && alone(upload));
    lasting.into_iter().for_each(|upload| shop.carry(upload));
    clean_up_uploads(shop, &begun.run, &left).await;
    clear_scratch(shop, &begun.run, &shop.state.journal.records(&begun.run)?);
    let mut next = begun.abandoned.as_ref().map(|dead| dead.run.clone()).or_else(|| begun.replay.instead_of.clone());
    while let Some(run) = next {
        // A journal that has lost the dead run's plan has nothing more to say about it.
        let Some(plan) = shop.state.journal.plan(&run)? else { break };
        let records = shop.state.journal.records(&run)?;
        clear_scratch(shop, &run, &records);
        let left = replay(&records, &plan.steps);
        clean_up_uploads(shop, &run, &left.uploads).await;
        next = left.instead_of.filter(|before| *before != run);
    }
    Ok(())
}

/// Name of the private directory of what a run does before its first step.
pub(super) fn recovery(run: &str) -> String {
    format!("recover-{run}")
}

/// Removes the private directories of a run's attempts. None of this process has begun yet.
fn clear_scratch(shop: &Workshop, run: &str, records: &[Record]) {
    shop.state.clear_scratch(&recovery(run));
    for record in records {
        if let Record::AttemptStarted { attempt, .. } = record {
            shop.state.clear_scratch(attempt);
        }
    }
}

/// Removes what no attempt of this run has gone on with.
pub(super) async fn clean_up_carried(shop: &Workshop) {
    clean_up_uploads(shop, &shop.run, &shop.carried()).await;
}

async fn clean_up_uploads(shop: &Workshop, run: &str, uploads: &[Upload]) {
    for upload in uploads {
        let observers = shop.observers.of(&upload.step);
        // By the key: a session that was not committed is given up with it.
        let swept = async { shop.store(&upload.store, &observers).await?.discard(&upload.key).await };
        if let Err(error) = swept.await {
            let message = format!("what run {run} left in store `{}` could not be removed: {error}", upload.store);
            observers.notice(message, Some("It has no manifest, so nothing will use it.".to_owned()));
        }
    }
}

/// Starts that other jobs' dead runs owe on sources of this run: whoever holds a source's lock knows that they are dead.
/// Returns those that this run takes over, with the words to tell it.
pub(super) fn owed_by_others(state: &State, run: &str, sources: &BTreeSet<&str>) -> Result<Vec<(String, String)>> {
    let mut owed = Vec::new();
    for (other, job) in state.journal.open_runs()? {
        if other == run {
            continue;
        }
        let records = state.journal.records(&other)?;
        for source in replay(&records, &[]).owed.into_iter().filter(|source| sources.contains(source.as_str())) {
            let told = format!("run {other} of job `{job}` was cut off and owes the start of `{source}`");
            owed.push((source, told));
        }
    }
    Ok(owed)
}

/// Records and tells the starts that this run takes over from dead runs of other jobs.
pub(super) fn take_over(shop: &Workshop, own: &BTreeSet<String>, others: &[(String, String)]) -> Result<()> {
    for (source, told) in others {
        if !own.contains(source) {
            shop.record(&Record::StartOwed { source: source.clone() })?;
        }
        let help = Some("This run starts it, at the latest when it is done with it.".to_owned());
        shop.observers.tell(&Event::Notice { message: told.clone(), help });
    }
    Ok(())
}

/// Whether what a step published is still there and right. Any doubt means that the step is done again.
pub(super) async fn still_there(shop: &Workshop, step: &Step, artifact: Option<&Located>) -> bool {
    let (Action::Backup { store, .. } | Action::Transfer { to: store, .. }) = &step.action else { return false };
    let Some(at) = artifact else { return false };
    let observers = shop.observers.of(&step.address);
    let looked = async {
        let store = shop.store(store, &observers).await?;
        let Some(held) = store.held(&at.source, &at.database, &at.id).await? else { return Ok(false) };
        store.check_stored(&held.manifest, &observers).await?;
        Ok::<_, Error>(true)
    };
    looked.await.unwrap_or(false)
}
