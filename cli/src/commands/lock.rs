//! `backstay lock`, and `prune --revive`: nobody removes a copy before a time; a copy that was to go stays after all.

use super::run::block_on;
use crate::args::{Lock as Options, Place};
use crate::exit::Exit;
use crate::input::{Input, accept};
use crate::{facts, observe, print};
use runtime::hold::{self, Held};
use schema::plan::Plan;

pub(super) fn lock(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    let facts = facts::of(&input);
    let checked = input.check(&facts)?;
    let plan = accept(compiler::plan(&checked, &facts, None))?;
    let asked = hold::Asked { id: options.id.clone(), store: options.store.clone() };
    let held = block_on(async {
        let outfit = facts::outfit(&input, observe::none())?;
        let locked = hold::lock(&plan, &outfit, &input.state, &asked, options.until).await;
        locked.map_err(|error| failed(&error))
    })?;
    Ok(told(&held))
}

pub(super) fn revive(input: &Input, plan: &Plan, id: &str, store: Option<&str>) -> Result<Exit, Exit> {
    let asked = hold::Asked { id: id.to_owned(), store: store.map(str::to_owned) };
    let held = block_on(async {
        let outfit = facts::outfit(input, observe::none())?;
        hold::revive(plan, &outfit, &input.state, &asked).await.map_err(|error| failed(&error))
    })?;
    Ok(told(&held))
}

fn failed(error: &runtime::Error) -> Exit {
    print::error(error);
    Exit::from(error)
}

/// A line a copy; one that could not be held is an error.
fn told(held: &[Held]) -> Exit {
    let mut exit = Exit::Ok;
    for one in held {
        let copy = format!("{} of {}:{} in `{}`", one.id, one.source, one.database, one.store);
        match &one.came {
            Ok(what) => print::line(&format!("{copy}: {what}")),
            Err(error) => {
                print::failure(error.code, &format!("{copy}: {}", error.message));
                if let Some(help) = &error.help {
                    print::help(help);
                }
                exit = Exit::Failed;
            }
        }
    }
    exit
}
