//! `backstay plan`: what would run, and why; nothing is touched.

use crate::args::{Place, Plan as Options, PlanFormat};
use crate::exit::Exit;
use crate::facts;
use crate::input::Input;
use crate::print;
use compiler::render;
use schema::plan::Plan;

pub(super) fn plan(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let invalid = if options.detailed_exitcode { Exit::Failed } else { Exit::Invalid };
    let downgrade = |exit| if exit == Exit::Invalid { invalid } else { exit };
    let as_json = options.format == PlanFormat::Json;
    let input = Input::read_telling(&place.with(options.file.as_ref()), as_json).map_err(downgrade)?;
    let plan = compile(&input, options.job.as_deref(), options.refresh).map_err(downgrade)?;
    if let Some(path) = &options.out {
        save(&plan, path)?;
    }
    let at = Some(options.at.unwrap_or_else(jiff::Timestamp::now));
    print::result(&match options.format {
        PlanFormat::Text => render::text(&plan, &render::Preview { at, ..render::Preview::default() }),
        PlanFormat::Json => render::json(&plan),
        PlanFormat::Mermaid => render::mermaid(&plan),
        PlanFormat::Dot => render::dot(&plan),
    });
    let changes = options.detailed_exitcode && !plan.steps.is_empty();
    Ok(if changes { Exit::Changes } else { Exit::Ok })
}

/// Compiles the strategy. With `refresh`, sources whose databases are globs are asked which they have.
pub(super) fn compile(input: &Input, job: Option<&str>, refresh: bool) -> Result<Plan, Exit> {
    compile_if(input, job, refresh, |_| Ok(()))
}

/// The same, if the plan that needs nobody's answer is acceptable.
pub(super) fn compile_if(
    input: &Input,
    job: Option<&str>,
    refresh: bool,
    accepts: impl FnOnce(&Plan) -> Result<(), Exit>,
) -> Result<Plan, Exit> {
    let mut facts = facts::of(input);
    let checked = input.check(&facts)?;
    let offline = input.accept(compiler::plan(&checked, &facts, job))?;
    accepts(&offline)?;
    if !refresh || !offline.findings.iter().any(|finding| finding.code == "known-at-run-time") {
        return Ok(offline);
    }
    facts.inventory = super::run::block_on(facts::inventory(&offline, input))?;
    input.accept(compiler::plan(&checked, &facts, job))
}

/// Writes the plan beside its final name first, so that no half of it is ever there.
fn save(plan: &Plan, path: &std::path::Path) -> Result<(), Exit> {
    let failed = |error: &std::io::Error| {
        print::failure("io", &format!("cannot write `{}`: {error}", path.display()));
        Exit::Failed
    };
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    std::fs::write(&name, render::json(plan)).map_err(|error| failed(&error))?;
    std::fs::rename(&name, path).map_err(|error| failed(&error))
}
