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
use schema::plan::Plan;
use schema::status::{Status, Verdict};

/// How far back runs that were due are looked for.
const BACK: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Most of them a job: one that is due every minute has as many in a week.
const MOST: usize = 10_080;

pub(super) fn status(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(&place.with(options.file.as_ref()))?;
    let now = Timestamp::now();
    let (_, _, status) = look(&input, !options.offline, now)?;
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
