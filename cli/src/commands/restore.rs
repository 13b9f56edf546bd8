//! `backstay restore`: a plan like any other, shown first, run with `--confirm`. Live data is never restored in place.

use super::run::{block_on, finish, perform};
use crate::args::{Format, Place, Restore as Options};
use crate::bare::Bare;
use crate::exit::Exit;
use crate::input::{Input, accept};
use crate::{facts, observe, print};
use compiler::{RestoreRequest, render};
use runtime::artifact::sized;
use runtime::run::Resume;
use schema::forecast::Forecast;
use schema::plan::Plan;
use schema::report::Outcome;
use schema::source::Engine;
use schema::step::Action;

pub(super) fn restore(place: &Place, options: &Options) -> Result<Exit, Exit> {
    if let Some(store) = &options.store {
        return block_on(async {
            let bare = Bare::read(place, store).await?;
            bare.believe()?;
            bring(place, options, &bare.input, |plan| bare.put(plan)).await
        });
    }
    let input = Input::read(place)?;
    if options.finish {
        let facts = facts::of(&input);
        let all = accept(compiler::plan(&input.check(&facts)?, &facts, None))?;
        return give_up(&input, &all, options);
    }
    block_on(bring(place, options, &input, |_| ()))
}

/// Plans the way back, and goes it when that is confirmed. `put` changes how plans reach their stores.
async fn bring(place: &Place, options: &Options, input: &Input, put: impl Fn(&mut Plan)) -> Result<Exit, Exit> {
    let mut facts = facts::of(input);
    let checked = input.check(&facts)?;
    let mut all = accept(compiler::plan(&checked, &facts, None))?;
    put(&mut all);
    facts.artifacts = facts::artifacts(&all, input).await?;
    let mut plan = accept(compiler::restore(&checked, &facts, &request(options)))?;
    put(&mut plan);
    if !options.confirm {
        show(&plan, all.forecast.as_ref(), options.format);
        print::line("Nothing was touched. Add `--confirm` to do it.");
        return Ok(Exit::Ok);
    }
    let report = perform(place, input, &plan, "restore", Resume::Never, 1).await?;
    if matches!(report.outcome, Outcome::Ok | Outcome::Degraded) {
        for step in &plan.steps {
            if let Action::Swap { source, database, staging } = &step.action
                && keeps_old(&plan, source)
            {
                print::line(&format!(
                    "The data that was live before is kept as `{staging}` (database `{database}` of `{source}`)."
                ));
                print::line(&format!("  `backstay restore {source} --finish` shows it, and removes it."));
            }
        }
    }
    Ok(finish(&report, options.format))
}

fn show(plan: &Plan, forecast: Option<&Forecast>, format: Format) {
    match format {
        Format::Json => print::result(&render::json(plan)),
        Format::Text => {
            let text = render::text(plan, &render::Preview::default());
            print::result(&format!("{text}{}", render::way_back(plan, forecast)));
        }
    }
}

/// Removes what a finished restore kept of the old data, once it was shown.
fn give_up(input: &Input, all: &Plan, options: &Options) -> Result<Exit, Exit> {
    let failed = |error: runtime::Error| {
        print::error(&error);
        Exit::from(&error)
    };
    let outfit = facts::outfit(input, observe::none())?;
    let database = options.database.as_deref();
    let old = runtime::run::old(all, &options.source, database, &outfit).map_err(failed)?;
    if old.is_empty() {
        print::failure("nothing-kept", &format!("no restore of `{}` keeps old data beside live data", options.source));
        print::help("A restore that was put back, or whose data was moved since, is not finished by this.");
        return Err(Exit::Failed);
    }
    for old in &old {
        let folders: Vec<String> = old.kept.folders.iter().map(|folder| format!("`{}`", folder.display())).collect();
        print::result(&format!("{}: {} in {}", old.kept.database, sized(old.size), folders.join(" and ")));
    }
    if !options.confirm {
        print::line("Nothing was removed. Add `--confirm` to remove it: it cannot be had back.");
        return Ok(Exit::Ok);
    }
    runtime::run::finish(all, &options.source, &old, &outfit, &input.state).map_err(failed)?;
    print::line("Removed. What was restored is what is live.");
    Ok(Exit::Ok)
}

fn request(options: &Options) -> RestoreRequest {
    RestoreRequest {
        source: options.source.clone(),
        database: options.database.clone(),
        from: options.from.clone(),
        artifact: options.artifact.clone(),
        at: options.at,
        transaction: options.transaction,
        into: options.into.clone(),
        files: options.files.clone(),
        query: options.query.clone(),
        // The old data stays under a name made of this: no two restores may share it.
        staging: jiff::Timestamp::now().strftime("%y%m%d%H%M%S%6f").to_string(),
    }
}

/// Whether a restore of the source keeps what was live before. A program that reads a backup in writes over it.
fn keeps_old(plan: &Plan, source: &str) -> bool {
    !plan.source(source).is_some_and(|source| matches!(source.engine, Engine::Command(_)))
}
