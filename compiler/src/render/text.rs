//! The plan for people: what would happen, in which order, why, and what it may touch. Plain text, no colour.

use super::{jobs, steps_of, symbol, within};
use crate::plan::downtime;
use crate::structure::schedule;
use jiff::Timestamp;
use schema::plan::{Job, Level, Overlap, Plan};
use schema::step::{Action, Check, Extent, Step, When};
use schema::store::{PluginUse, Store};
use schema::target::TargetEngine;
use std::fmt::Write;

/// How a plan is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextOptions {
    /// Shows the next runs of each job after this time.
    pub at: Option<Timestamp>,
}

/// How many next runs are shown.
const RUNS: usize = 3;

/// The whole plan.
#[must_use]
pub fn text(plan: &Plan, options: &TextOptions) -> String {
    let mut out = format!("Plan of `{}` ({})\n", plan.strategy, plan.environment);
    if let Some(runner) = &plan.runner {
        let site = runner.site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
        let _ = writeln!(out, "Runs on `{}` ({}){site}", runner.name, runner.host);
    }
    if plan.steps.is_empty() {
        out.push_str("\nNo steps: there is nothing to do.\n");
    } else {
        legend(plan, &mut out);
    }
    let down = downtime(plan);
    for job in jobs(plan) {
        heading(plan.jobs.iter().find(|known| known.name == job), job, options, &mut out);
        steps(plan, job, &down, &mut out);
    }
    plugins(plan, &mut out);
    exceptions(plan, &mut out);
    findings(plan, &mut out);
    let _ = writeln!(out, "\n{}", totals(plan, &down));
    out
}

/// Only the symbols that this plan uses.
fn legend(plan: &Plan, out: &mut String) {
    let meaning = |action: &Action| match action {
        Action::Preflight { .. } => "look first",
        Action::Stop { .. } => "stop",
        Action::Start { .. } => "start",
        Action::Backup { extent: Extent::Differential, .. } => "what changed",
        Action::Backup { .. } => "new artifact",
        Action::Transfer { .. } => "another copy",
        Action::Verify { .. } | Action::Inspect { .. } => "check",
        Action::Stage { .. } => "fetch aside",
        Action::Swap { .. } => "exchange",
        Action::Settle { .. } => "settle",
        Action::Place { .. } => "new name",
        Action::Copy { .. } => "second database",
        Action::Aggregate { .. } => "one of a chain",
        Action::Restore { .. } => "drill",
        Action::Prune { .. } => "remove",
    };
    let mut shown: Vec<String> = Vec::new();
    for step in &plan.steps {
        let entry = format!("{} {}", symbol(&step.action), meaning(&step.action));
        if !shown.contains(&entry) {
            shown.push(entry);
        }
    }
    let _ = writeln!(out, "  {}", shown.join("   "));
}

fn heading(job: Option<&Job>, name: &str, options: &TextOptions, out: &mut String) {
    let schedule = job.and_then(|job| job.schedule.as_ref());
    let when = match (job, schedule) {
        (None, _) => "now".to_owned(),
        (Some(_), None) => "when asked for".to_owned(),
        (Some(_), Some(schedule)) => format!("{} {}", schedule.cron, schedule.timezone),
    };
    let window = job.and_then(|job| job.window.as_ref());
    let window = window.map(|window| format!(" · only {} to {}", window.from, window.to)).unwrap_or_default();
    let waits = job.is_some_and(|job| job.on_overlap == Overlap::Wait);
    let waits = if waits { " · waits for its turn" } else { "" };
    let _ = writeln!(out, "\n{name} · {when}{window}{waits}");
    if let (Some(at), Some(schedule)) = (options.at, schedule) {
        let runs = schedule::next(&schedule.cron, &schedule.timezone, at, RUNS);
        let runs: Vec<String> = runs.iter().map(|run| run.strftime("%a %Y-%m-%d %H:%M %:z").to_string()).collect();
        let _ = writeln!(out, "  next: {}", runs.join(", "));
    }
}

fn steps(plan: &Plan, job: &str, down: &[usize], out: &mut String) {
    let width = steps_of(plan, job).map(|(_, step)| within(step, job).chars().count()).max().unwrap_or_default();
    let any_down = steps_of(plan, job).any(|(at, _)| down.contains(&at));
    let mut before: Option<&Step> = None;
    for (at, step) in steps_of(plan, job) {
        let bar = match &step.action {
            _ if !any_down => "",
            Action::Stop { .. } => " ┐",
            Action::Start { .. } => " ┘",
            _ if down.contains(&at) => " │",
            _ => "  ",
        };
        let address = within(step, job);
        let needs = needs(step, job, before, down.contains(&at)).map(|needs| format!("; {needs}")).unwrap_or_default();
        let usual = step.host == "local" || plan.runner.as_ref().is_some_and(|runner| runner.name == step.host);
        let host = if usual { String::new() } else { format!(", on {}", step.host) };
        let _ = writeln!(out, "  {} {address:width$}{bar}  {}{host}{needs}", symbol(&step.action), reason(step));
        before = Some(step);
    }
}

/// The reason, with what the action alone says.
fn reason(step: &Step) -> String {
    match &step.action {
        Action::Transfer { bandwidth: Some(rate), .. } => format!("{}, at most {}/s", step.reason, size(*rate)),
        _ => step.reason.clone(),
    }
}

/// What a step waits for, when neither the line above it nor the mark of the downtime says so.
fn needs(step: &Step, job: &str, before: Option<&Step>, in_downtime: bool) -> Option<String> {
    let above = before.map(|step| &step.address);
    if matches!(step.needs.as_slice(), [one] if Some(&one.step) == above && one.when == When::Success) {
        return None;
    }
    let marked = |address: &str| match &step.action {
        Action::Start { .. } => true,
        Action::Backup { .. } | Action::Copy { .. } | Action::Swap { .. } => {
            address.starts_with(&format!("{job}/stop/"))
        }
        _ => false,
    };
    let prefix = format!("{job}/");
    let list = |when: When| -> Vec<&str> {
        let needs = step.needs.iter().filter(|need| need.when == when);
        let needs = needs.filter(|need| !(in_downtime && marked(&need.step.0)));
        needs.map(|need| need.step.0.strip_prefix(&prefix).unwrap_or(&need.step.0)).collect()
    };
    let (success, always) = (list(When::Success), list(When::Always));
    let mut parts = Vec::new();
    if !success.is_empty() {
        parts.push(format!("after {}", success.join(", ")));
    }
    if !always.is_empty() {
        parts.push(format!("once ended: {}", always.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn plugins(plan: &Plan, out: &mut String) {
    let rows: Vec<(&str, String, &PluginUse)> =
        plan.stores.iter().map(|store| (store.name.as_str(), place(store), &store.plugin)).collect();
    section("Stores", &rows, out);
    targets(plan, out);
    let rows: Vec<(&str, String, &PluginUse)> = plan
        .notifiers
        .iter()
        .map(|notifier| {
            let on: Vec<String> = notifier.on.iter().map(ToString::to_string).collect();
            (notifier.name.as_str(), format!("when {}; ", on.join(" or ")), &notifier.plugin)
        })
        .collect();
    section("Notifiers", &rows, out);
}

/// Where a store is, and what becomes of copies in it.
fn place(store: &Store) -> String {
    let zone = store.zone.as_ref().map(|zone| format!("/{zone}")).unwrap_or_default();
    let site = store.site.as_ref().map(|site| format!("{site}{zone}"));
    let at = [store.media.clone(), site].into_iter().flatten().collect::<Vec<_>>().join(" at ");
    let owner = [&store.provider, &store.account].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let said = [
        at,
        owner,
        store.host.as_ref().map(|host| format!("on {host}")).unwrap_or_default(),
        store.class.as_ref().map(|class| format!("class {class}")).unwrap_or_default(),
        store.immutable.map(|time| format!("locked for {}", schema::keep::span(time))).unwrap_or_default(),
        if store.encrypt.is_empty() { String::new() } else { "encrypted".to_owned() },
    ];
    let said: Vec<String> = said.into_iter().filter(|part| !part.is_empty()).collect();
    if said.is_empty() { String::new() } else { format!("{}; ", said.join(", ")) }
}

fn targets(plan: &Plan, out: &mut String) {
    if plan.targets.is_empty() {
        return;
    }
    let width = plan.targets.iter().map(|target| target.name.chars().count()).max().unwrap_or_default();
    out.push_str("\nTargets\n");
    for target in &plan.targets {
        let what = match &target.engine {
            TargetEngine::Files { directory } => format!("files in {directory}"),
            TargetEngine::Neo4j { home, edition, version, .. } => format!("neo4j {version} {edition} in {home}"),
        };
        let _ = writeln!(out, "  {:width$}  {what}", target.name);
    }
}

fn section(title: &str, rows: &[(&str, String, &PluginUse)], out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let width = rows.iter().map(|(name, _, _)| name.chars().count()).max().unwrap_or_default();
    let _ = writeln!(out, "\n{title}");
    for (name, note, plugin) in rows {
        let grants: Vec<String> = plugin.grants.iter().map(ToString::to_string).collect();
        let grants = if grants.is_empty() { "may touch nothing".to_owned() } else { grants.join("; ") };
        let _ = writeln!(out, "  {name:width$}  {note}{} {grants}", plugin.name);
    }
}

fn exceptions(plan: &Plan, out: &mut String) {
    if plan.exceptions.is_empty() {
        return;
    }
    out.push_str("\nExceptions\n");
    for exception in &plan.exceptions {
        let _ = writeln!(out, "  {} until {}: {}", exception.what, exception.until, exception.reason);
    }
}

fn findings(plan: &Plan, out: &mut String) {
    if plan.findings.is_empty() {
        return;
    }
    out.push_str("\nFindings\n");
    for finding in &plan.findings {
        let level = match finding.level {
            Level::Info => "info",
            Level::Warn => "warning",
            Level::Error => "error",
        };
        let _ = writeln!(out, "  {level} {}: {} ({})", finding.code, finding.message, finding.origin);
    }
}

fn totals(plan: &Plan, down: &[usize]) -> String {
    let count = |is: fn(&Action) -> bool| plan.steps.iter().filter(|step| is(&step.action)).count();
    let counts = [
        (count(|action| matches!(action, Action::Backup { .. })), "new artifact"),
        (count(|action| matches!(action, Action::Copy { .. })), "second database"),
        (count(|action| matches!(action, Action::Transfer { .. })), "copy"),
        (count(|action| matches!(action, Action::Stage { .. })), "restore"),
        (count(|action| matches!(action, Action::Swap { .. })), "exchange"),
        (count(|action| matches!(action, Action::Verify { with: Check::Digest, .. })), "digest check"),
        (count(|action| matches!(action, Action::Verify { with: Check::Consistency, .. })), "consistency check"),
        (count(|action| matches!(action, Action::Restore { .. })), "drill"),
        (count(|action| matches!(action, Action::Prune { .. })), "prune"),
    ];
    let parts: Vec<String> =
        counts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| plural(number, what)).collect();
    let what = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let downtime = if down.is_empty() { "no downtime" } else { "with downtime" };
    format!("{}{what}; {downtime}.", plural(plan.steps.len(), "step"))
}

fn plural(number: usize, what: &str) -> String {
    match (number, what.strip_suffix("copy")) {
        (1, _) => format!("1 {what}"),
        (_, Some(_)) => format!("{number} copies"),
        _ => format!("{number} {what}s"),
    }
}

/// Bytes in the largest unit that divides them.
fn size(bytes: u64) -> String {
    let units = [(1_u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = units.into_iter().find(|(worth, _)| bytes >= *worth && bytes.is_multiple_of(*worth));
    fits.map_or_else(|| format!("{bytes} B"), |(worth, unit)| format!("{}{unit}", bytes / worth))
}
