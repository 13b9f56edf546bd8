//! `backstay status`: how backups stand now. It asks the stores and the journal, and changes nothing but the catalog.

use super::run::block_on;
use crate::args::{Place, Status as Options, StatusFormat};
use crate::exit::Exit;
use crate::input::{Input, accept};
use crate::{facts, observe, print};
use compiler::render::standing;
use compiler::structure::schedule;
use jiff::{SignedDuration, Timestamp};
use runtime::report::{Due, Seen};
use schema::notifier::Occasion;
use schema::plan::Plan;
use schema::status::{Status, Verdict};

/// How far back runs that were due are looked for.
const BACK: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Most of them a job: one that is due every minute has as many in a week.
const MOST: usize = 10_080;

pub(super) fn status(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(&place.with(options.file.as_ref()))?;
    let now = Timestamp::now();
    let (plan, _, status) = look(&input, !options.offline, now)?;
    if options.notify {
        tell_missed(&input, &plan, now);
    }
    print::result(&match options.format {
        StatusFormat::Text => standing::status(&status),
        StatusFormat::Json => serde_json::to_string_pretty(&status).unwrap_or_default(),
        StatusFormat::Prometheus => standing::prometheus(&status),
    });
    Ok(match status.verdict {
        Verdict::Fine => Exit::Ok,
        Verdict::Unknown => Exit::Untold,
        Verdict::Missed => Exit::Missed,
    })
}

/// Reads what there is, and judges it by the plan of all jobs.
pub(super) fn look(input: &Input, ask: bool, now: Timestamp) -> Result<(Plan, Seen, Status), Exit> {
    let facts = facts::of(input);
    let checked = input.check(&facts)?;
    let plan = accept(compiler::plan(&checked, &facts, None))?;
    let outfit = facts::outfit(input, observe::none())?;
    let seen = block_on(async {
        let seen = runtime::look::seen(&plan, &outfit, &input.state, ask).await;
        seen.map_err(|error| {
            print::error(&error);
            Exit::from(&error)
        })
    })?;
    let status = runtime::report::status(&plan, &seen, &due(&plan, now), now);
    Ok((plan, seen, status))
}

/// Tells the notifiers of runs that were due and did not begin. It is told when that fails, and stops nothing.
pub(super) fn tell_missed(input: &Input, plan: &Plan, now: Timestamp) {
    if !plan.notifiers.iter().any(|notifier| notifier.on.contains(&Occasion::Missed)) {
        return;
    }
    let Ok(outfit) = facts::outfit(input, observe::none()) else { return };
    let told = block_on(async {
        let told = runtime::run::tell_missed(plan, &due(plan, now), &outfit, &input.state).await;
        told.map_err(|error| {
            print::line("warning: notifiers could not be told which runs were missed");
            print::error(&error);
            Exit::from(&error)
        })
    });
    if let Ok(count @ 1..) = told {
        print::line(&format!("notifiers were told of {count} runs that were due and did not begin"));
    }
}

/// When the jobs of a plan were and will be due.
fn due(plan: &Plan, now: Timestamp) -> Vec<Due> {
    let of = |job: &schema::plan::Job| {
        let due = job.schedule.as_ref()?;
        let from = now.checked_sub(BACK).ok()?;
        let times = schedule::times(&due.cron, &due.timezone, from).map(|due| due.timestamp());
        let past = times.take_while(|due| *due <= now).take(MOST).collect();
        let next = schedule::next(&due.cron, &due.timezone, now, 1).pop().map(|due| due.timestamp());
        Some(Due { job: job.name.clone(), past, next })
    };
    plan.jobs.iter().filter_map(of).collect()
}
