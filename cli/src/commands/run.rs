//! `backstay run`: probe, compile, run. A saved plan runs exactly as it is, or not at all.

use super::plan::{Ran, compile_if};
use crate::args::{Format, LogFormat, Place, Run as Options};
use crate::exit::Exit;
use crate::facts;
use crate::input::Input;
use crate::observe;
use crate::{print, saved};
use compiler::render;
use runtime::artifact::blake3_of;
use runtime::run::choice::consequences;
use runtime::run::{Cancel, Choice, Outfit, Request, Resume, Said, run_part};
use runtime::store::survey::Looked;
use schema::plan::{InputKind, Plan};
use schema::report::Report;
use std::path::Path;

pub(super) fn run(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    let plan = match &options.plan {
        Some(path) => unmoved(path, &input, options.job.as_deref())?,
        None => {
            let wanted = options.job.as_deref();
            compile_if(&input, None, Ran::Now(wanted), true, |plan| runs(&input, plan, &job(plan, wanted)?))?
        }
    };
    let job = job(&plan, options.job.as_deref())?;
    let said = Some(input.said());
    let choice = Choice { only: options.only.clone(), skip: options.skip.clone(), any_time: options.any_time };
    agreed(&plan, &job, &choice, options.confirm)?;
    let resume = if options.resume { Resume::Required } else { Resume::WhenSame };
    super::status::tell_missed(&input, &plan, jiff::Timestamp::now());
    let part = Part { choice, said, ..Part::whole(&job, options.parallel.into()) };
    let report = block_on(perform_part(place, &input, &plan, part, resume))?;
    Ok(finish(&report, options.format))
}

/// Shows what a choice leaves out and what that means. What makes the run weaker than its plan has to be confirmed.
fn agreed(plan: &Plan, job: &str, choice: &Choice, confirmed: bool) -> Result<(), Exit> {
    let comes_to = consequences(plan, job, choice).map_err(|error| {
        print::error(&error);
        Exit::Invalid
    })?;
    if comes_to.left_out.is_empty() {
        return Ok(());
    }
    print::line("left out of this run");
    for (address, why) in &comes_to.left_out {
        print::line(&format!("  {address}: {why}"));
    }
    if comes_to.weaker.is_empty() {
        return Ok(());
    }
    print::line("what that means: the run ends degraded at best");
    comes_to.weaker.iter().for_each(|sentence| print::line(&format!("  {sentence}")));
    if confirmed {
        return Ok(());
    }
    print::failure("not-confirmed", "such a run is weaker than its plan; nothing was touched");
    print::help("Add `--confirm` to run it all the same.");
    Err(Exit::Invalid)
}

/// What of a plan is run.
pub(super) struct Part<'a> {
    job: &'a str,
    choice: Choice,
    /// Steps at once.
    limit: usize,
    /// What is kept of the strategy in the stores of a job; not of what an operator does beside them.
    said: Option<Said>,
    /// What stores held when it was planned.
    looked: Option<Looked>,
}

impl<'a> Part<'a> {
    /// All of a job.
    pub(super) fn whole(job: &'a str, limit: usize) -> Self {
        Self { job, choice: Choice::default(), limit, said: None, looked: None }
    }

    /// With the looks at stores that it was planned by.
    pub(super) fn looked(self, looked: Looked) -> Self {
        Self { looked: Some(looked), ..self }
    }
}

/// Whether the job can be run at all: asked before any source is.
fn runs(input: &Input, plan: &Plan, job: &str) -> Result<(), Exit> {
    let outfit = facts::outfit(input, observe::none())?;
    runtime::run::refuse(plan, job, &outfit.host).map_err(|error| {
        print::error(&error);
        Exit::from(&error)
    })
}

/// Prints a report and says how the process ends.
pub(super) fn finish(report: &Report, format: Format) -> Exit {
    match format {
        Format::Text => print::result(&print::report(report)),
        Format::Json => print::result(&serde_json::to_string_pretty(report).unwrap_or_default()),
    }
    Exit::from(report.outcome)
}

/// The job that is asked for, or the only one.
fn job(plan: &Plan, wanted: Option<&str>) -> Result<String, Exit> {
    let names: Vec<&str> = plan.jobs.iter().map(|job| job.name.as_str()).collect();
    match (wanted, names.as_slice()) {
        (Some(wanted), names) if names.contains(&wanted) => Ok(wanted.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (wanted, names) => {
            match wanted {
                Some(wanted) => print::failure("job-unknown", &format!("there is no job `{wanted}`")),
                None => print::failure("job-ambiguous", "the strategy has more than one job"),
            }
            print::help(&format!("Name one with `--job`: {}.", names.join(", ")));
            Err(Exit::Invalid)
        }
    }
}

/// Reads a saved plan and compares all that it was made from with what is there now.
fn unmoved(path: &Path, input: &Input, wanted: Option<&str>) -> Result<Plan, Exit> {
    let plan = saved::plan(path)?;
    let now = compile_if(input, None, Ran::Never, true, |_| runs(input, &plan, &job(&plan, wanted)?))?;
    let moved = moved(&plan, &now);
    if moved.is_empty() {
        return Ok(plan);
    }
    print::failure("plan-stale", &format!("the plan `{}` is stale", path.display()));
    for line in moved {
        print::line(&format!("  {line}"));
    }
    print::help("Make it again with `backstay plan --out FILE`, and read what changed.");
    Err(Exit::Stale)
}

/// What moved since `plan` was made, a line each.
fn moved(plan: &Plan, now: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for then in &plan.inputs {
        let name = format!("{} `{}`", kind(then), then.name);
        match now.inputs.iter().find(|input| input.kind == then.kind && input.name == then.name) {
            None => lines.push(format!("{name} is gone")),
            Some(input) if input.digest != then.digest => {
                lines.push(format!("{name} was {}, is {}", then.digest, input.digest));
            }
            Some(_) => {}
        }
    }
    // A new artifact or a server's new database is what runs are for; a new text or value is another strategy.
    let was =
        |input: &schema::plan::Input| plan.inputs.iter().any(|then| then.kind == input.kind && then.name == input.name);
    let new = now.inputs.iter().filter(|input| matches!(input.kind, InputKind::Text | InputKind::Variable));
    lines.extend(new.filter(|input| !was(input)).map(|input| format!("{} `{}` is new", kind(input), input.name)));
    lines
}

/// What an input is, in the word of the plan's file.
fn kind(input: &schema::plan::Input) -> String {
    let kind = serde_json::to_value(input.kind).map(|kind| kind.as_str().unwrap_or_default().to_owned());
    kind.unwrap_or_default()
}

/// Runs one job, with signals and observers joined to it.
pub(super) async fn perform(
    place: &Place,
    input: &Input,
    plan: &Plan,
    job: &str,
    resume: Resume,
    limit: usize,
) -> Result<Report, Exit> {
    perform_part(place, input, plan, Part::whole(job, limit), resume).await
}

/// The same, but for what is left out.
pub(super) async fn perform_part(
    place: &Place,
    input: &Input,
    plan: &Plan,
    part: Part<'_>,
    resume: Resume,
) -> Result<Report, Exit> {
    let cancel = Cancel::new();
    let listening = tokio::spawn(listen(cancel.clone()));
    let outfit =
        Outfit { texts: part.said, looked: part.looked, ..facts::outfit(input, observe::wanted(place.log_format))? };
    let request = Request {
        plan,
        plan_digest: digest(plan, &part.choice),
        job: part.job,
        resume,
        state: input.state.clone(),
        limit: part.limit,
    };
    let ended = run_part(request, part.choice, outfit, &cancel).await;
    listening.abort();
    ended.map_err(|error| {
        if place.log_format == LogFormat::Text || error.code != "cancelled" {
            print::error(&error);
        }
        Exit::from(&error)
    })
}

/// What must be the same for a run to be gone on with: the plan, and what is left out of it.
fn digest(plan: &Plan, choice: &Choice) -> String {
    let mut text = render::json(&plan.lasting());
    if *choice != Choice::default() {
        text.push_str(&format!("{choice:?}"));
    }
    blake3_of(text.as_bytes())
}

/// Each Ctrl-C, or termination signal, is the next stronger request to stop.
async fn listen(cancel: Cancel) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => cancel.request(),
            _ = terminate.recv() => cancel.request(),
        }
    }
}

/// The one place where the asynchronous half begins.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Exit>>) -> Result<T, Exit> {
    runtime::process::no_huge_pages();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        print::failure("io", &format!("cannot start: {error}"));
        Exit::Failed
    })?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}
