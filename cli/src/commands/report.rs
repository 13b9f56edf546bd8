//! `backstay report`: the evidence of a time, for an audit. What cannot be read is told as such, and never left out.

use super::status::look;
use crate::args::{Place, Report as Options, ReportFormat};
use crate::exit::Exit;
use crate::input::Input;
use crate::print;
use compiler::render::standing;
use jiff::{SignedDuration, Timestamp};

/// How long the time is when nothing says where it begins.
const LONG: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(super) fn report(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(&place.with(options.file.as_ref()))?;
    let now = Timestamp::now();
    let to = options.until.unwrap_or(now);
    let from = options.since.or_else(|| to.checked_sub(LONG).ok()).unwrap_or(Timestamp::MIN);
    if from > to {
        print::failure("bad-time", &format!("{from} is after {to}"));
        print::help("Give `--since` a time before `--until`.");
        return Err(Exit::Invalid);
    }
    let (plan, seen, status) = look(&input, true, now)?;
    let evidence = runtime::report::evidence(&plan, &seen, status, &runtime::look::machine(), from, to);
    print::result(&match options.format {
        ReportFormat::Text => standing::report(&evidence),
        ReportFormat::Json => serde_json::to_string_pretty(&evidence).unwrap_or_default(),
        ReportFormat::Html => standing::page(&evidence),
    });
    Ok(Exit::Ok)
}
