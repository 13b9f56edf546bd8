//! `backstay pause` and `backstay continue`: asked for beside the run, which looks at it within a second.

use crate::args::Place;
use crate::exit::Exit;
use crate::input::Input;
use crate::print;
use runtime::run::pause as asked;

pub(super) fn pause(place: &Place, job: &str) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    let run = asked::pause(&input.state, job).map_err(|error| failed(&error))?;
    print::line(&format!("run {run} of job `{job}` pauses when what runs has ended"));
    print::help(&format!("`backstay continue {job}` lets it go on."));
    Ok(Exit::Ok)
}

pub(super) fn go_on(place: &Place, job: &str) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    let run = asked::go_on(&input.state, job).map_err(|error| failed(&error))?;
    print::line(&format!("run {run} of job `{job}` goes on"));
    Ok(Exit::Ok)
}

fn failed(error: &runtime::Error) -> Exit {
    print::error(error);
    Exit::from(error)
}
