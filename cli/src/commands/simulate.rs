//! `backstay simulate`: plays the schedules of a strategy or of a saved plan; nothing is touched.

use super::plan::{Seen, see};
use crate::args::{Place, Simulate as Options, SimulateFormat};
use crate::exit::Exit;
use crate::input::Input;
use crate::{print, saved};
use compiler::forecast::{Failure, Simulate, simulate as play};
use compiler::render;
use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::plan::Plan;

/// Seconds of a year.
const YEAR: u64 = 365 * 86_400;

pub(super) fn simulate(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let (plan, artifacts) = plan(place, options)?;
    let from = options.at.unwrap_or_else(Timestamp::now);
    let span = span(&options.span)
        .ok_or_else(|| wrong(&format!("`{}` is no time", options.span), "Say for example `90d` or `1y`."))?;
    let end = Timestamp::from_second(from.as_second().saturating_add_unsigned(span)).unwrap_or(Timestamp::MAX);
    let failures = options.fail.iter().map(|text| failure(text, end)).collect::<Result<_, Exit>>()?;
    let played = play(&plan, &artifacts, &Simulate { from, span, failures });
    let simulation = played.map_err(|why| wrong(&why, "Name something that the strategy has."))?;
    print::result(&match options.format {
        SimulateFormat::Text => render::simulation(&simulation, options.verbose),
        SimulateFormat::Json => serde_json::to_string_pretty(&simulation).unwrap_or_default(),
        SimulateFormat::Svg => render::chart(&simulation),
    });
    Ok(Exit::Ok)
}

/// The plan, and what its stores hold when that was asked for.
fn plan(place: &Place, options: &Options) -> Result<(Plan, Vec<StoredArtifact>), Exit> {
    if let Some(path) = options.file.as_ref().filter(|path| path.extension().is_some_and(|it| it == "json")) {
        return Ok((saved::plan(path)?, Vec::new()));
    }
    let input = Input::read(&place.with(options.file.as_ref()))?;
    let Seen { plan, facts, .. } = see(&input, None, options.refresh)?;
    Ok((plan, facts.artifacts))
}

/// `KIND=NAME`, or `KIND=NAME@TIME`.
fn failure(text: &str, end: Timestamp) -> Result<Failure, Exit> {
    let (what, at) = match text.rsplit_once('@') {
        None => (text, end),
        Some((what, time)) => {
            let told = |error: jiff::Error| {
                wrong(&format!("`{time}` is no time: {error}"), "Say for example `2027-03-01T04:00:00Z`.")
            };
            (what, time.parse().map_err(told)?)
        }
    };
    Failure::parse(what, at).map_err(|why| wrong(&why, "Say for example `site=dc-1`."))
}

/// Seconds.
fn span(text: &str) -> Option<u64> {
    match text.strip_suffix('y') {
        Some(years) => years.parse::<u64>().ok()?.checked_mul(YEAR),
        None => compiler::structure::unit::duration(text),
    }
    .filter(|seconds| *seconds > 0)
}

fn wrong(message: &str, help: &str) -> Exit {
    print::failure("simulation-unknown", message);
    print::help(help);
    Exit::Invalid
}
