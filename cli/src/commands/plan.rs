//! `backstay plan`: what would run and why, or what a change does to it; nothing is touched.

use crate::args::{Place, Plan as Options, PlanFormat};
use crate::exit::Exit;
use crate::input::Input;
use crate::{against, facts, print};
use compiler::render::diff::DiffOptions;
use compiler::render::{self, Preview};
use compiler::{Facts, diff};
use schema::diff::{Approval, Diff};
use schema::fact::{Drift, StoredArtifact};
use schema::plan::Plan;
use schema::retain::Verdict;
use schema::step::Action;
use std::mem::ManuallyDrop;

pub(super) fn plan(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let invalid = if options.detailed_exitcode { Exit::Failed } else { Exit::Invalid };
    let downgrade = |exit| if exit == Exit::Invalid { invalid } else { exit };
    let place = place.with(options.file.as_ref());
    let as_json = options.format == PlanFormat::Json;
    let input = Input::read_telling(&place, as_json).map_err(downgrade)?;
    // The process ends behind this: to take a great plan apart before would be a seventh of its time.
    let seen = ManuallyDrop::new(see(&input, options.job.as_deref(), options.refresh).map_err(downgrade)?);
    if let Some(other) = &options.against {
        let before = against::plan(other, &place, &input, &seen.plan, &seen.facts).map_err(downgrade)?;
        let mut change = diff::diff(&before, &seen.plan);
        let at = options.at.unwrap_or_else(jiff::Timestamp::now);
        let verdicts = |plan| verdicts(plan, &seen.facts.artifacts, at);
        change.doomed = diff::doomed(&verdicts(&before), &verdicts(&seen.plan));
        return changes(&change, options);
    }
    if let Some(path) = &options.out {
        save(&seen.plan, path)?;
    }
    print::result(&shown(&seen, options)?);
    let changes = options.detailed_exitcode && !seen.plan.steps.is_empty();
    Ok(if changes { Exit::Changes } else { Exit::Ok })
}

/// A plan, and what is known beside it.
pub(super) struct Seen {
    pub(super) plan: Plan,
    pub(super) facts: Facts,
    drift: Vec<Drift>,
}

fn shown(seen: &Seen, options: &Options) -> Result<String, Exit> {
    let at = options.at.unwrap_or_else(jiff::Timestamp::now);
    let verdicts = verdicts(&seen.plan, &seen.facts.artifacts, at);
    let preview = Preview {
        at: Some(at),
        verdicts: &verdicts,
        drift: &seen.drift,
        verbose: options.verbose,
        only: options.only.as_deref(),
    };
    let plan = &seen.plan;
    if let Some(only) = preview.only.filter(|_| preview.misses(plan)) {
        print::failure("name-unknown", &format!("nothing in the plan belongs to `{only}`"));
        print::help(
            "Name a job, a source, a database, a store or the beginning of an address, as the plan shows them.",
        );
        return Err(Exit::Invalid);
    }
    Ok(match options.format {
        PlanFormat::Text => render::text(plan, &preview),
        PlanFormat::Json => render::json(plan),
        PlanFormat::Markdown => render::markdown(plan, &preview),
        PlanFormat::Html => render::html(plan, &preview),
        PlanFormat::Svg => render::svg(plan, &preview),
        PlanFormat::Mermaid => render::mermaid(plan),
        PlanFormat::Dot => render::dot(plan),
    })
}

/// What the prunes of a plan would make of what the stores hold.
fn verdicts(plan: &Plan, artifacts: &[StoredArtifact], at: jiff::Timestamp) -> Vec<Verdict> {
    let mut out: Vec<Verdict> = Vec::new();
    for step in &plan.steps {
        let Action::Prune { store, keep, .. } = &step.action else { continue };
        if out.iter().any(|verdict| verdict.store == *store) {
            continue;
        }
        let held: Vec<StoredArtifact> =
            artifacts.iter().filter(|it| it.store == *store && it.tombstone.is_none()).cloned().collect();
        out.extend(compiler::retain::retain(&held, keep, at));
    }
    out
}

/// Tells a change. One that breaks a promise needs a note where the policy asks for that.
fn changes(diff: &Diff, options: &Options) -> Result<Exit, Exit> {
    let notes: Vec<&str> = options.approve.iter().map(String::as_str).collect();
    let told = DiffOptions { approved: &notes };
    print::result(&match options.format {
        PlanFormat::Text => render::diff::text(diff, &told),
        PlanFormat::Json => render::diff::json(diff),
        PlanFormat::Markdown => render::diff::markdown(diff, &told),
        _ => {
            print::failure("format-unknown", "a change is printed as text, json or markdown");
            return Err(Exit::Invalid);
        }
    });
    if let Approval::Missing(count) = diff.approval(&notes) {
        let message =
            format!("{} breaking changes, and the policy wants {count} more notes of approval", diff.breaking);
        print::failure("approval-missing", &message);
        print::help("Say why they are wanted with `--approve NOTE`.");
        return Err(Exit::Denied);
    }
    let any = options.detailed_exitcode && !diff.is_empty();
    Ok(if any { Exit::Changes } else { Exit::Ok })
}

/// What is to be run by a plan that is compiled.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ran<'a> {
    /// Nothing: it is only compared with.
    Never,
    /// This job, or the only one: what its prunes decide by is asked for.
    Now(Option<&'a str>),
}

/// Compiles the strategy, if the plan that needs nobody's answer is acceptable. With `refresh`, sources whose databases are
/// globs are asked which they have, and stores that are pruned what they hold.
pub(super) fn compile_if(
    input: &Input,
    job: Option<&str>,
    ran: Ran<'_>,
    refresh: bool,
    accepts: impl FnOnce(&Plan) -> Result<(), Exit>,
) -> Result<Plan, Exit> {
    let mut facts = facts::of(input);
    let checked = input.check(&facts)?;
    let offline = input.accept(compiler::plan(&checked, &facts, job))?;
    accepts(&offline)?;
    let (globs, prunes) = (has_globs(&offline), matches!(ran, Ran::Now(job) if prunes(&offline, job)));
    if !refresh || !(globs || prunes) {
        return Ok(offline);
    }
    if globs {
        facts.inventory = super::run::block_on(facts::inventory(&offline, input))?;
    }
    if let Ran::Now(job) = ran
        && prunes
    {
        facts.now = Some(jiff::Timestamp::now());
        facts.artifacts = super::run::block_on(facts::pruned(&offline, job, None, input))?;
    }
    input.accept(compiler::plan(&checked, &facts, job))
}

/// Whether a job of the plan, or any, decides by what the stores hold.
fn prunes(plan: &Plan, job: Option<&str>) -> bool {
    let of = |step: &&schema::step::Step| job.is_none_or(|job| step.job == job);
    plan.steps.iter().filter(of).any(|step| matches!(step.action, Action::Prune { .. }))
}

/// Whether something is known only when a source has been asked.
fn has_globs(plan: &Plan) -> bool {
    plan.findings.iter().any(|finding| finding.code == "known-at-run-time")
}

/// Compiles the strategy. With `refresh`, the sources are asked which databases they have, and the stores what they hold:
/// both count for what is found and forecast, so the strategy is checked again, and what is found then is told.
pub(super) fn see(input: &Input, job: Option<&str>, refresh: bool) -> Result<Seen, Exit> {
    let mut facts = facts::of(input);
    let mut drift = Vec::new();
    let mut compiled = compiler::check(&input.texts, &facts);
    let first = compiled.value.as_ref().filter(|_| refresh);
    if let Some(plan) = first.and_then(|checked| compiler::plan(checked, &facts, None).value) {
        facts.inventory = super::run::block_on(facts::inventory(&plan, input))?;
        (facts.artifacts, drift) = super::run::block_on(facts::drift(&plan, input))?;
        // What goes is decided by the time that it is, whatever time the preview is of.
        facts.now = Some(jiff::Timestamp::now());
        compiled = compiler::check(&input.texts, &facts);
    }
    let checked = input.accept(compiled)?;
    let compiled = match job {
        None => checked.into_plan(),
        Some(_) => compiler::plan(&checked, &facts, job),
    };
    let plan = input.accept(compiled)?;
    Ok(Seen { plan, facts, drift })
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
