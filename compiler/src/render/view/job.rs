//! One job of a plan: when it is due, how long it takes, and a line a step.

use super::{Alike, Preview, alike, more};
use crate::amount;
use crate::render::{symbol, within};
use crate::structure::schedule;
use schema::plan::{Closing, Job, LeftOut, Outside, Overlap, Plan, Window};
use schema::step::{Action, Step, When};
use serde::Serialize;

/// How many next runs are shown.
const RUNS: usize = 3;
/// How many needs of a step are named.
const NEEDS: usize = 5;

/// What stands before how long a job takes.
pub(super) const ABOUT: &str = "about ";

/// A job as it is shown.
#[derive(Debug, Serialize)]
pub(in crate::render) struct JobView {
    pub(in crate::render) name: String,
    /// When it is due, within which time, how long it takes.
    pub(in crate::render) when: Vec<String>,
    pub(in crate::render) next: Vec<String>,
    /// Whether something is down during a part of it.
    pub(in crate::render) down: bool,
    pub(in crate::render) rows: Vec<Row>,
    /// How many steps the rows stand for.
    pub(in crate::render) steps: usize,
    /// Which jobs are like it and not shown.
    pub(in crate::render) more: Option<String>,
}

/// A step, or several that are alike.
#[derive(Debug, Serialize)]
pub(in crate::render) struct Row {
    pub(in crate::render) symbol: char,
    /// Without the job.
    pub(in crate::render) address: String,
    /// `┐` where a downtime begins, `│` within, `┘` where it ends, a space beside it.
    pub(in crate::render) bar: char,
    /// How long it takes by itself; a range where there are several that differ.
    pub(in crate::render) takes: Option<String>,
    pub(in crate::render) reason: String,
    pub(in crate::render) needs: Option<String>,
    pub(in crate::render) more: Option<String>,
}

pub(super) fn job(plan: &Plan, name: &str, places: &[usize], down: &[bool], preview: &Preview<'_>) -> JobView {
    let job = plan.jobs.iter().find(|job| job.name == name);
    let is_down = |at: usize| down.get(at).copied().unwrap_or_default();
    let mut rows = Vec::new();
    let mut before: Option<&Step> = None;
    for Alike { first, all } in alike(plan, places, !preview.verbose) {
        let Some(step) = plan.steps.get(first) else { continue };
        rows.push(Row {
            symbol: symbol(&step.action),
            address: within(step, name).to_owned(),
            bar: bar(step, is_down(first)),
            takes: takes(plan, &all),
            reason: reason(plan, step),
            needs: needs(step, name, before, is_down(first), preview.verbose),
            more: (all.len() > 1).then(|| more(all.len() - 1)),
        });
        before = Some(step);
    }
    let down = places.iter().any(|at| is_down(*at));
    JobView {
        name: name.to_owned(),
        when: when(plan, job, name),
        next: next(job, preview),
        down,
        rows,
        steps: places.len(),
        more: None,
    }
}

fn when(plan: &Plan, job: Option<&Job>, name: &str) -> Vec<String> {
    let schedule = job.and_then(|job| job.schedule.as_ref());
    let mut out = vec![match (job, schedule) {
        (None, _) => "now".to_owned(),
        (Some(_), None) => "when asked for".to_owned(),
        (Some(_), Some(schedule)) => format!("{} {}", schedule.cron, schedule.timezone),
    }];
    let window = job.and_then(|job| job.window.as_ref());
    out.extend(window.map(kept));
    out.extend(job.filter(|job| job.on_overlap == Overlap::Wait).map(|_| "waits for its turn".to_owned()));
    out.extend(limits(plan, name));
    let load = plan.forecast.as_ref().and_then(|forecast| forecast.jobs.iter().find(|load| load.job == name));
    let duration = load.map(|load| load.duration.total).filter(|total| *total > 0);
    out.extend(duration.map(|total| format!("{ABOUT}{}", amount::time(total))));
    out
}

/// How many steps at once the sources of a job allow, where they say so.
fn limits<'a>(plan: &'a Plan, job: &'a str) -> impl Iterator<Item = String> + 'a {
    let limited = plan.sources.iter().filter_map(|source| Some((&source.name, source.parallel?)));
    let uses = move |name: &str| {
        let of = |step: &Step| matches!(&step.action, Action::Backup { source, .. } | Action::Copy { source, .. } if source == name);
        plan.steps.iter().any(|step| step.job == job && of(step))
    };
    let used = limited.filter(move |(name, _)| uses(name));
    used.map(|(name, most)| format!("`{name}` at most {most} at once"))
}

/// A window, and what is done about it where that is not the usual.
fn kept(window: &Window) -> String {
    let mut out = format!("only {} to {}", window.from, window.to);
    if window.outside == Outside::Wait {
        out.push_str(", waits for it");
    }
    if window.closing == Closing::Stop {
        out.push_str(", stops when it closes");
    }
    if window.left_out == LeftOut::Degrade {
        out.push_str(", degraded when it was too short");
    }
    out
}

fn next(job: Option<&Job>, preview: &Preview<'_>) -> Vec<String> {
    let schedule = job.and_then(|job| job.schedule.as_ref());
    let Some((at, schedule)) = preview.at.zip(schedule) else { return Vec::new() };
    let runs = schedule::next(&schedule.cron, &schedule.timezone, at, RUNS);
    runs.iter().map(|run| run.strftime("%a %Y-%m-%d %H:%M %:z").to_string()).collect()
}

fn bar(step: &Step, down: bool) -> char {
    match &step.action {
        Action::Stop { .. } => '┐',
        Action::Start { .. } => '┘',
        _ if down => '│',
        _ => ' ',
    }
}

/// How long each of these steps takes by itself.
fn takes(plan: &Plan, places: &[usize]) -> Option<String> {
    let known = || places.iter().filter_map(|at| plan.steps.get(*at)?.estimate);
    let (least, most) = (amount::time(known().min()?), amount::time(known().max()?));
    Some(if least == most { format!("~{least}") } else { format!("~{least} to {most}") })
}

/// The reason, with what the action alone says, and the machine where it is not the usual one.
fn reason(plan: &Plan, step: &Step) -> String {
    let usual = step.host == "local" || plan.runner.as_ref().is_some_and(|runner| runner.name == step.host);
    let host = if usual { String::new() } else { format!(", on {}", step.host) };
    let timeout = step.timeout.map(|time| format!(", stopped after {}", amount::time(time))).unwrap_or_default();
    match &step.action {
        Action::Transfer { bandwidth: Some(rate), .. } => {
            format!("{}, at most {}/s{timeout}{host}", step.reason, amount::whole(*rate))
        }
        _ => format!("{}{timeout}{host}", step.reason),
    }
}

/// What a step waits for, when neither the line above it nor the mark of the downtime says so.
fn needs(step: &Step, job: &str, before: Option<&Step>, in_downtime: bool, verbose: bool) -> Option<String> {
    let above = before.map(|step| &step.address);
    if matches!(step.needs.as_slice(), [one] if Some(&one.step) == above && one.when == When::Success) {
        return None;
    }
    let marked = |address: &str| match &step.action {
        Action::Start { .. } => true,
        Action::Backup { .. } | Action::Copy { .. } | Action::Swap { .. } => {
            address.strip_prefix(job).is_some_and(|rest| rest.starts_with("/stop/"))
        }
        _ => false,
    };
    let most = if verbose { usize::MAX } else { NEEDS };
    let list = |when: When| -> String {
        let needs = step.needs.iter().filter(|need| need.when == when);
        let needs = needs.filter(|need| !(in_downtime && marked(&need.step.0)));
        let all: Vec<&str> = needs.map(|need| shorter(&need.step.0, job)).collect();
        let named = all.iter().take(most).copied().collect::<Vec<_>>().join(", ");
        match all.len().saturating_sub(most) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    };
    let (success, ok, always) = (list(When::Success), list(When::Ok), list(When::Always));
    let mut parts = Vec::new();
    if !success.is_empty() {
        parts.push(format!("after {success}"));
    }
    if !ok.is_empty() {
        parts.push(format!("if wholly ok: {ok}"));
    }
    if !always.is_empty() {
        parts.push(format!("once ended: {always}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// An address without the job, if it is of that.
fn shorter<'a>(address: &'a str, job: &str) -> &'a str {
    address.strip_prefix(job).and_then(|rest| rest.strip_prefix('/')).unwrap_or(address)
}
