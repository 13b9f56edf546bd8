//! Jobs as such: which there are, what they are called, and when they run.

use super::ledger::{Found, Ledger};
use super::sides::{Side, Sides};
use schema::diff::{Code, Kind};
use schema::plan::{Closing, Job, LeftOut, Outside, Overlap, Schedule, Window};
use schema::step::Origin;

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    for (old, new) in &sides.renamed {
        let line = sides.after.line(&format!("job/{new}"));
        let found =
            Found::new(Code::JobRenamed, Kind::Job, new).values(Some((*old).to_owned()), Some((*new).to_owned()));
        ledger.add(found.direct(true).at(line));
    }
    for (name, before) in &sides.before.jobs {
        match sides.after.jobs.get(name) {
            Some(after) => {
                schedule(name, before, after, sides, ledger);
                window(name, before, after, sides, ledger);
                overlap(name, before, after, ledger);
            }
            None => {
                let found = Found::new(Code::JobRemoved, Kind::Job, name).values(Some(when(before)), None);
                ledger.add(found.direct(true).at(Some(&before.origin)));
            }
        }
    }
    for (name, after) in sides.after.jobs.iter().filter(|(name, _)| !sides.before.jobs.contains_key(*name)) {
        let found = Found::new(Code::JobAdded, Kind::Job, name).values(None, Some(when(after)));
        ledger.add(found.direct(true).at(Some(&after.origin)));
    }
}

fn when(job: &Job) -> String {
    job.schedule.as_ref().map_or_else(|| "when asked for".to_owned(), time)
}

fn time(schedule: &Schedule) -> String {
    format!("{} {}", schedule.cron, schedule.timezone)
}

fn schedule<'a>(name: &'a str, before: &'a Job, after: &'a Job, sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    if before.schedule == after.schedule {
        return;
    }
    let code = match (&before.schedule, &after.schedule) {
        (Some(_), None) => Code::ScheduleRemoved,
        (None, _) => Code::ScheduleAdded,
        _ => Code::ScheduleChanged,
    };
    let line = line(sides, before, after, "schedule");
    let values = (before.schedule.as_ref().map(time), after.schedule.as_ref().map(time));
    let found = Found::new(code, Kind::Job, name).values(values.0, values.1).direct(true).at(line);
    ledger.add(found.breaking(code == Code::ScheduleRemoved));
}

fn window<'a>(name: &'a str, before: &'a Job, after: &'a Job, sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    // Its zone is that of the schedule, which is compared there.
    let shown = |window: &Option<Window>| window.as_ref().map(kept);
    let (old, new) = (shown(&before.window), shown(&after.window));
    let code = match (&old, &new) {
        (old, new) if old == new => return,
        (Some(_), None) => Code::WindowRemoved,
        (None, _) => Code::WindowAdded,
        _ => Code::WindowChanged,
    };
    let line = line(sides, before, after, "window");
    ledger.add(Found::new(code, Kind::Job, name).values(old, new).direct(true).at(line));
}

/// What is said of a window, without what holds when nothing is said.
fn kept(window: &Window) -> String {
    let mut out = format!("{} to {}", window.from, window.to);
    let said = [
        (window.outside == Outside::Wait, ", outside=wait"),
        (window.closing == Closing::Stop, ", closing=stop"),
        (window.left_out == LeftOut::Degrade, ", left-out=degrade"),
    ];
    said.iter().filter(|(is_said, _)| *is_said).for_each(|(_, text)| out.push_str(text));
    out
}

fn overlap<'a>(name: &'a str, before: &'a Job, after: &'a Job, ledger: &mut Ledger<'a>) {
    if before.on_overlap == after.on_overlap {
        return;
    }
    let shown = |overlap| match overlap {
        Overlap::Skip => "left out",
        Overlap::Wait => "waits",
    };
    let (old, new) = (shown(before.on_overlap).to_owned(), shown(after.on_overlap).to_owned());
    let found = Found::new(Code::OverlapChanged, Kind::Job, name).values(Some(old), Some(new));
    ledger.add(found.direct(true).at(Some(&after.origin)));
}

/// Where a node of a job stands, or where it stood.
fn line<'a>(sides: &Sides<'a>, before: &Job, after: &Job, node: &str) -> Option<&'a Origin> {
    let of = |side: &Side<'a>, job: &Job| side.plan.lines.get(&format!("job/{}/{node}", job.name));
    of(&sides.after, after).or_else(|| of(&sides.before, before))
}
