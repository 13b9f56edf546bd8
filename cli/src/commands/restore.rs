//! `backstay restore`: a plan like any other, shown first, run with `--confirm`. Live data is never restored in place.

use super::run::{block_on, finish, perform};
use crate::args::{Place, Restore as Options};
use crate::exit::Exit;
use crate::facts;
use crate::input::{Input, accept};
use crate::print;
use compiler::{RestoreRequest, render};
use runtime::run::Resume;
use schema::report::Outcome;
use schema::step::Action;

pub(super) fn restore(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    let mut facts = facts::of(&input);
    let checked = input.check(&facts)?;
    let all = accept(compiler::plan(&checked, &facts, None))?;
    block_on(async {
        facts.artifacts = facts::artifacts(&all, &input).await?;
        let plan = accept(compiler::restore(&checked, &facts, &request(options)))?;
        if !options.confirm {
            print::result(&render::text(&plan, &render::Preview::default()));
            print::line("Nothing was touched. Add `--confirm` to do it.");
            return Ok(Exit::Ok);
        }
        let report = perform(place, &input, &plan, "restore", Resume::Never, 1).await?;
        if matches!(report.outcome, Outcome::Ok | Outcome::Degraded) {
            for step in &plan.steps {
                if let Action::Swap { source, database, staging } = &step.action {
                    print::line(&format!(
                        "The data that was live before is kept as `{staging}` (database `{database}` of `{source}`)."
                    ));
                }
            }
        }
        Ok(finish(&report, options.format))
    })
}

fn request(options: &Options) -> RestoreRequest {
    RestoreRequest {
        source: options.source.clone(),
        database: options.database.clone(),
        from: options.from.clone(),
        artifact: options.artifact.clone(),
        at: options.at,
        into: options.into.clone(),
        files: options.files.clone(),
        query: options.query.clone(),
        // The old data stays under a name made of this: no two restores may share it.
        staging: jiff::Timestamp::now().strftime("%y%m%d%H%M%S%6f").to_string(),
    }
}
