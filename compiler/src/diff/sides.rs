//! The two plans, indexed: what is compared is looked up by name, job and address, never searched for. A job that was
//! renamed has its new name on both sides.

use schema::plan::{Job, Plan, Schedule};
use schema::step::{Action, ArtifactRef, Extent, Origin, Step};
use std::collections::{BTreeMap, BTreeSet};

/// A plan and what is looked up in it.
pub(super) struct Side<'a> {
    pub(super) plan: &'a Plan,
    /// By job and the rest of the address.
    pub(super) steps: BTreeMap<(&'a str, &'a str), &'a Step>,
    pub(super) jobs: BTreeMap<&'a str, &'a Job>,
    /// By address as it stands in the plan.
    pub(super) keys: BTreeMap<&'a str, (&'a str, &'a str)>,
    /// The line of every statement, by job.
    lines: BTreeSet<(&'a str, &'a str)>,
}

pub(super) struct Sides<'a> {
    pub(super) before: Side<'a>,
    pub(super) after: Side<'a>,
    /// New names of jobs, by their old ones.
    pub(super) renamed: BTreeMap<&'a str, &'a str>,
}

/// What a step works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made<'a> {
    pub(super) source: &'a str,
    pub(super) database: &'a str,
    pub(super) extent: Option<Extent>,
}

impl<'a> Sides<'a> {
    pub(super) fn new(before: &'a Plan, after: &'a Plan) -> Self {
        let renamed = renamed(before, after);
        Self { before: Side::new(before, &renamed), after: Side::new(after, &BTreeMap::new()), renamed }
    }

    /// Whether the line that a step of the plan before came from is gone.
    pub(super) fn line_gone(&self, job: &str, step: &Step) -> bool {
        !self.after.lines.contains(&(job, step.origin.text.as_str()))
    }

    /// Whether the line that a step of the plan after comes from is new.
    pub(super) fn line_new(&self, job: &str, step: &Step) -> bool {
        !self.before.lines.contains(&(job, step.origin.text.as_str()))
    }

    /// Where something stands after the change, or stood before it; else the line of what holds it.
    pub(super) fn line(&self, path: &str) -> Option<&'a Origin> {
        let exactly = self.after.plan.lines.get(path).or_else(|| self.before.plan.lines.get(path));
        exactly.or_else(|| self.after.line(path)).or_else(|| self.before.line(path))
    }
}

impl<'a> Side<'a> {
    fn new(plan: &'a Plan, renamed: &BTreeMap<&'a str, &'a str>) -> Self {
        let called = |job: &'a str| renamed.get(job).copied().unwrap_or(job);
        let mut steps = BTreeMap::new();
        let mut keys = BTreeMap::new();
        let mut lines = BTreeSet::new();
        for step in &plan.steps {
            let key = (called(&step.job), rest(step));
            steps.insert(key, step);
            keys.insert(step.address.0.as_str(), key);
            lines.insert((key.0, step.origin.text.as_str()));
        }
        let jobs = plan.jobs.iter().map(|job| (called(&job.name), job)).collect();
        Self { plan, steps, jobs, keys, lines }
    }

    /// Where something stands: its own line, or that of what holds it.
    pub(super) fn line(&self, path: &str) -> Option<&'a Origin> {
        let mut path = path;
        loop {
            if let Some(origin) = self.plan.lines.get(path) {
                return Some(origin);
            }
            path = path.rsplit_once('/')?.0;
        }
    }

    /// What an artifact is of.
    pub(super) fn made(&self, artifact: &'a ArtifactRef) -> Option<Made<'a>> {
        match artifact {
            ArtifactRef::Step { step } => match &self.steps.get(self.keys.get(step.0.as_str())?)?.action {
                Action::Backup { source, database, extent, .. } => {
                    Some(Made { source, database, extent: Some(*extent) })
                }
                _ => None,
            },
            ArtifactRef::Stored { source, database, .. } | ArtifactRef::Newest { source, database, .. } => {
                Some(Made { source, database, extent: None })
            }
        }
    }
}

/// An address without its job.
fn rest(step: &Step) -> &str {
    let address = step.address.0.as_str();
    address.strip_prefix(step.job.as_str()).and_then(|rest| rest.strip_prefix('/')).unwrap_or(address)
}

/// Jobs of each plan that the other one has no job of the same name for, and that do the same.
fn renamed<'a>(before: &'a Plan, after: &'a Plan) -> BTreeMap<&'a str, &'a str> {
    let names = |plan: &'a Plan| plan.jobs.iter().map(|job| job.name.as_str()).collect::<BTreeSet<&str>>();
    let (old, new) = (names(before), names(after));
    let mut gone: BTreeSet<&str> = old.difference(&new).copied().collect();
    let mut come: BTreeSet<&str> = new.difference(&old).copied().collect();
    let mut out = BTreeMap::new();
    if gone.is_empty() || come.is_empty() {
        return out;
    }
    // At the same time first; then whatever does the same.
    for timed in [true, false] {
        let mut open: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for (name, does) in doings(before, &gone, timed) {
            open.entry(does).or_default().push(name);
        }
        for (name, does) in doings(after, &come, timed) {
            let waiting = open.get_mut(&does).filter(|waiting| !waiting.is_empty());
            if let Some(old) = waiting.map(|waiting| waiting.remove(0)) {
                out.insert(old, name);
            }
        }
        gone.retain(|name| !out.contains_key(name));
        let taken: BTreeSet<&str> = out.values().copied().collect();
        come.retain(|name| !taken.contains(name));
    }
    out
}

/// What a job does: its steps, and when, if that counts.
type Does<'a> = (Vec<&'a str>, Option<(&'a str, &'a str)>);

/// What each of these jobs does; one that does nothing is like no other.
fn doings<'a>(plan: &'a Plan, jobs: &BTreeSet<&'a str>, timed: bool) -> BTreeMap<&'a str, Does<'a>> {
    let mut out: BTreeMap<&str, Does<'_>> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| jobs.contains(step.job.as_str())) {
        out.entry(&step.job).or_default().0.push(rest(step));
    }
    let when = |schedule: &'a Schedule| (schedule.cron.as_str(), schedule.timezone.as_str());
    for job in plan.jobs.iter().filter(|_| timed) {
        if let Some(does) = out.get_mut(job.name.as_str()) {
            does.1 = job.schedule.as_ref().map(when);
        }
    }
    out.values_mut().for_each(|does| does.0.sort_unstable());
    out
}
