//! A plan's forecast for people: a short table of what it comes to, and for one subject every figure with its terms and
//! the objective beside it. Plain text, no colour.

use crate::amount::{bytes, exactly, time};
use schema::forecast::{CopyOutlook, Domain, Fill, Forecast, Load, Loss, Objectives, Outlook, Sum};
use schema::plan::Plan;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// How many databases with one outlook are named.
const NAMED: usize = 3;

/// The table `What it comes to`: a line for all databases of a source that are alike. Empty when there is no forecast.
#[must_use]
pub fn forecast_table(plan: &Plan) -> String {
    let databases = plan.forecast.iter().flat_map(|forecast| &forecast.databases);
    if databases.count() == 0 {
        return String::new();
    }
    let rows = std::iter::once(PROMISE.map(str::to_owned)).chain(promises(plan, |_| true));
    format!("What it comes to\n{}", aligned(&rows.collect::<Vec<_>>()))
}

/// What the columns of [`promises`] are.
pub(super) const PROMISE: [&str; 5] = ["database", "worst loss", "restore", "copies", "when a site is lost"];

/// What is promised for the databases that are wanted, one row for all of a source that are alike.
pub(super) fn promises(plan: &Plan, wanted: impl Fn(&Outlook) -> bool) -> Vec<[String; 5]> {
    let databases = plan.forecast.iter().flat_map(|forecast| &forecast.databases);
    let mut rows: Vec<(&str, Vec<&str>, [String; 4])> = Vec::new();
    let mut before: Option<(&Outlook, usize)> = None;
    for outlook in databases.filter(|outlook| wanted(outlook)) {
        // Most are like the one before: to see that takes less than to put them into words.
        let same = before.filter(|(before, _)| alike(before, outlook));
        if let Some((_, names, _)) = same.and_then(|(_, row)| rows.get_mut(row)) {
            names.push(&outlook.database);
            continue;
        }
        let cells = cells(outlook, &plan.objectives);
        let known = rows.iter().position(|(source, _, known)| *source == outlook.source && *known == cells);
        before = Some((outlook, known.unwrap_or(rows.len())));
        match known.and_then(|known| rows.get_mut(known)) {
            Some((_, names, _)) => names.push(&outlook.database),
            None => rows.push((&outlook.source, vec![&outlook.database], cells)),
        }
    }
    let row = |(source, names, [loss, restore, copies, site]): (&str, Vec<&str>, [String; 4])| {
        [named(source, &names), loss, restore, copies, site]
    };
    rows.into_iter().map(row).collect()
}

/// Whether nothing that the cells are made from differs.
fn alike(one: &Outlook, other: &Outlook) -> bool {
    let total = |sum: &Option<Sum>| sum.as_ref().map(|sum| sum.total);
    let stores = |outlook: &'_ Outlook, other: &Outlook| {
        outlook.copies.len() == other.copies.len()
            && outlook.copies.iter().zip(&other.copies).all(|(one, other)| one.store == other.store)
    };
    let losses = |one: &Loss, other: &Loss| {
        (one.domain, total(&one.rpo)) == (other.domain, total(&other.rpo))
            && (one.domain != Domain::Site || (&one.name, &one.left) == (&other.name, &other.left))
    };
    one.source == other.source
        && total(&one.rpo) == total(&other.rpo)
        && total(&one.rto) == total(&other.rto)
        && stores(one, other)
        && one.losses.len() == other.losses.len()
        && one.losses.iter().zip(&other.losses).all(|(one, other)| losses(one, other))
}

fn named(source: &str, names: &[&str]) -> String {
    match names {
        ["files" | "command"] => source.to_owned(),
        names if names.len() <= NAMED => format!("{source}:{}", names.join(", ")),
        [first, rest @ ..] => format!("{source}:{first} and {} more like it", rest.len()),
        [] => source.to_owned(),
    }
}

fn cells(outlook: &Outlook, objectives: &Objectives) -> [String; 4] {
    let figure = |sum: Option<&Sum>, objective: Option<u64>, none: &str| match (sum, objective) {
        (None, _) => none.to_owned(),
        (Some(sum), Some(objective)) if sum.total > objective => {
            format!("{} (more than {})", time(sum.total), time(objective))
        }
        (Some(sum), _) => time(sum.total),
    };
    let copies: Vec<&str> = outlook.copies.iter().map(|copy| copy.store.as_str()).collect();
    let copies = if copies.is_empty() { "none on a schedule".to_owned() } else { copies.join(", ") };
    [
        figure(outlook.rpo.as_ref(), objectives.rpo, "everything: no schedule makes a copy"),
        figure(outlook.rto.as_ref(), objectives.rto, "–"),
        copies,
        when_a_site_is_lost(outlook),
    ]
}

/// The worst of all sites.
fn when_a_site_is_lost(outlook: &Outlook) -> String {
    let sites = outlook.losses.iter().filter(|loss| loss.domain == Domain::Site);
    let worst = sites.max_by_key(|loss| loss.rpo.as_ref().map_or(u64::MAX, |rpo| rpo.total));
    match worst {
        None => "no site is said".to_owned(),
        Some(Loss { name, rpo: None, .. }) => format!("everything, with {name}"),
        Some(Loss { name, rpo: Some(rpo), left, .. }) => {
            format!("{}, with {name}; left: {}", time(rpo.total), left.join(", "))
        }
    }
}

/// Rows of cells below one another, indented.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        format!("  {}", cells.collect::<Vec<_>>().join("   ")).trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// All figures of a subject with their terms: a source, `source:database`, a job, or a store. `None`: there is none of
/// that name, or the plan has no forecast.
#[must_use]
pub fn forecast_of(plan: &Plan, subject: &str) -> Option<String> {
    let forecast = plan.forecast.as_ref()?;
    let mut out = String::new();
    let is =
        |outlook: &&Outlook| outlook.source == subject || format!("{}:{}", outlook.source, outlook.database) == subject;
    for outlook in forecast.databases.iter().filter(is) {
        database(outlook, &plan.objectives, &mut out);
    }
    for load in forecast.jobs.iter().filter(|load| load.job == subject) {
        job(load, &mut out);
    }
    for fill in forecast.stores.iter().filter(|fill| fill.store == subject) {
        store(fill, forecast, &mut out);
    }
    if out.is_empty() {
        return None;
    }
    assumptions(forecast, &mut out);
    Some(out)
}

fn database(outlook: &Outlook, objectives: &Objectives, out: &mut String) {
    let _ = writeln!(out, "{}:{}", outlook.source, outlook.database);
    match &outlook.rpo {
        None => out.push_str("\n  Nothing is promised: no job with a schedule makes a copy of it.\n"),
        Some(rpo) => figure("Most that can be lost when no copy is", rpo, objectives.rpo, out),
    }
    if let Some(rto) = &outlook.rto {
        figure("Longest time until service is back", rto, objectives.rto, out);
    }
    if let Some(downtime) = &outlook.restore_downtime {
        figure("Of that with what still serves down", downtime, objectives.restore_downtime, out);
    }
    figure("Longest downtime of one backup", &outlook.backup_downtime, objectives.backup_downtime, out);
    if outlook.downtime_a_month > 0 {
        let _ = writeln!(out, "\n  Downtime for backups in 30 days: {}", exactly(outlook.downtime_a_month));
    }
    for copy in &outlook.copies {
        copied(copy, out);
    }
    if !outlook.losses.is_empty() {
        out.push_str("\n  When a place is lost\n");
        let rows: Vec<[String; 5]> = outlook.losses.iter().map(lost).collect();
        out.push_str(&aligned(&rows).lines().map(|line| format!("  {line}\n")).collect::<String>());
    }
    out.push('\n');
}

fn copied(copy: &CopyOutlook, out: &mut String) {
    let chain = match copy.chain {
        0 => "nothing in it can be restored".to_owned(),
        1 => "full copies".to_owned(),
        chain => format!("chains of up to {chain}"),
    };
    let reach =
        copy.reach.map_or_else(|| "nothing is removed".to_owned(), |reach| format!("reaches back {}", time(reach)));
    let checked = if copy.verified { "checked in each run" } else { "not checked by its jobs" };
    let _ = writeln!(out, "\n  In `{}`: {chain}, {reach}, {checked}", copy.store);
    if let Some(rpo) = &copy.rpo {
        figure("  Most that can be lost when only this is left", rpo, None, out);
    }
    if let Some(rto) = &copy.rto {
        figure("  Longest time until service is back from it", rto, None, out);
    }
}

fn lost(loss: &Loss) -> [String; 5] {
    let domain = super::simulation::domain(loss.domain);
    let left =
        if loss.left.is_empty() { "nothing is left".to_owned() } else { format!("left: {}", loss.left.join(", ")) };
    let figure = |sum: &Option<Sum>, what: &str| match sum {
        None => String::new(),
        Some(sum) => format!("{what} {}", exactly(sum.total)),
    };
    let lost = if loss.rpo.is_none() { "everything is lost".to_owned() } else { figure(&loss.rpo, "loses") };
    [domain.to_owned(), loss.name.clone(), lost, figure(&loss.rto, "back in"), left]
}

/// A figure, its objective, and its terms below one another.
fn figure(title: &str, sum: &Sum, objective: Option<u64>, out: &mut String) {
    let met = objective.map(|objective| {
        let met = if sum.total <= objective { "met" } else { "not met" };
        format!("   objective {}: {met}", time(objective))
    });
    let _ = writeln!(out, "\n  {title}: {}{}", exactly(sum.total), met.unwrap_or_default());
    terms(sum, exactly, out);
}

fn terms(sum: &Sum, say: fn(u64) -> String, out: &mut String) {
    let width = sum.terms.iter().map(|term| say(term.amount).width()).max().unwrap_or_default();
    for term in &sum.terms {
        let _ = writeln!(out, "    {:>width$}  {}", say(term.amount), term.what);
    }
}

fn job(load: &Load, out: &mut String) {
    let _ = writeln!(out, "job {}", load.job);
    figure("Time from its start to its end", &load.duration, None, out);
    if let (Some(shortest), Some(longest)) = (load.shortest_gap, load.longest_gap) {
        let _ = writeln!(out, "\n  Due every {} to {}", exactly(shortest), exactly(longest));
    }
    if let Some(window) = load.window {
        let fits = if load.duration.total <= window { "long enough" } else { "not long enough" };
        let _ = writeln!(out, "\n  Window of {}: {fits}", exactly(window));
    }
    let _ = writeln!(out, "\n  Runs in a year: {}; left out: {}", load.runs, load.skipped);
    for overlap in &load.overlaps {
        let _ = writeln!(out, "  Meets `{}` on `{}` {} times a year", overlap.job, overlap.source, overlap.times);
    }
    out.push('\n');
}

fn store(fill: &Fill, forecast: &Forecast, out: &mut String) {
    let _ = writeln!(out, "store {}\n", fill.store);
    let _ = writeln!(out, "  After a month: {}", bytes(fill.month));
    let _ = writeln!(out, "  After a year: {}", bytes(fill.year));
    let sum = Sum { total: fill.year, terms: fill.by.clone() };
    terms(&sum, bytes, out);
    let _ = writeln!(out, "  At most: {}", bytes(fill.peak));
    let held = forecast.databases.iter().filter(|outlook| outlook.copies.iter().any(|copy| copy.store == fill.store));
    let _ = writeln!(out, "  Databases with copies in it: {}", held.count());
    out.push('\n');
}

fn assumptions(forecast: &Forecast, out: &mut String) {
    if forecast.assumptions.is_empty() {
        return;
    }
    out.push_str("Assumed\n");
    let rows =
        forecast.assumptions.iter().map(|it| [it.what.clone(), it.value.clone(), format!("instead: {}", it.instead)]);
    out.push_str(&aligned(&rows.collect::<Vec<_>>()));
}
