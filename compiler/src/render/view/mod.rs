//! What a preview of a plan shows, chosen, folded and put into words once; the files beside this folder only lay it out.

mod alike;
mod deletion;
mod forecast;
mod job;
mod many;
mod only;
mod place;
mod policy;

pub(super) use alike::{Alike, alike};
pub(super) use job::JobView;
pub(super) use only::subject;

use super::{jobs, meaning, symbol};
use jiff::Timestamp;
use only::Only;
use schema::fact::Drift;
use schema::plan::Plan;
use schema::retain::Verdict;
use schema::step::{Action, Check};
use serde::Serialize;

/// What is known beside the plan, and how much of it is to be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preview<'a> {
    /// Shows the next runs of each job after this time.
    pub at: Option<Timestamp>,
    /// What the rules make of the artifacts that stores hold.
    pub verdicts: &'a [Verdict],
    /// Where stores and the catalog differ.
    pub drift: &'a [Drift],
    /// Nothing is folded, and what is kept is shown as well.
    pub verbose: bool,
    /// Shows only what belongs to this: a job, a source, a database, `source:database`, a store or the beginning of an address.
    /// `*` is any characters, `?` is one.
    pub only: Option<&'a str>,
}

impl Preview<'_> {
    /// Whether `only` is said, and nothing of the plan belongs to it.
    #[must_use]
    pub fn misses(&self, plan: &Plan) -> bool {
        self.only.is_some() && !self.shown(plan).contains(&true)
    }

    /// Which steps a reader wants to see, by their places in the plan.
    pub(super) fn shown(&self, plan: &Plan) -> Vec<bool> {
        let only = Only::new(plan, self.only);
        plan.steps.iter().map(|step| only.step(step)).collect()
    }
}

/// A plan as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) strategy: String,
    pub(super) environment: String,
    pub(super) runner: Option<String>,
    /// What is not shown, and why.
    pub(super) hidden: Option<String>,
    /// Whether nothing would happen.
    pub(super) unchanged: bool,
    pub(super) legend: Vec<Sign>,
    pub(super) deletions: Option<Part>,
    pub(super) jobs: Vec<JobView>,
    pub(super) parts: Vec<Part>,
    /// How to see what was folded, if anything was.
    pub(super) folded: Option<&'static str>,
    pub(super) totals: String,
}

/// A symbol and what it stands for.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sign {
    pub(super) symbol: char,
    pub(super) meaning: &'static str,
}

/// A section that is a table.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) title: &'static str,
    pub(super) style: Style,
    pub(super) head: Vec<&'static str>,
    /// As many cells as the head has.
    pub(super) rows: Vec<Vec<String>>,
    /// What is to be said below.
    pub(super) note: Option<String>,
}

/// How a table is laid out where there are no columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Style {
    /// Columns with a head.
    Headed,
    /// Columns that need none.
    Columns,
    /// A name, and all else behind it.
    Named,
    /// A level, a code, a message and a place.
    Finding,
}

impl Part {
    /// `None` when there are no rows.
    fn new(title: &'static str, style: Style, head: &[&'static str], rows: Vec<Vec<String>>) -> Option<Self> {
        (!rows.is_empty()).then(|| Self { title, style, head: head.to_vec(), rows, note: None })
    }
}

/// The view of a plan.
pub(super) fn view(plan: &Plan, preview: &Preview<'_>) -> View {
    let only = Only::new(plan, preview.only);
    let down = downtime(plan);
    let shown = preview.shown(plan);
    let (deletions, hidden_deletions) = deletion::deletions(preview, &only);
    let hidden_steps = shown.iter().filter(|shown| !**shown).count();
    let all = jobs(plan);
    let mut by_job: std::collections::BTreeMap<&str, Vec<usize>> = std::collections::BTreeMap::new();
    for ((at, step), _) in plan.steps.iter().enumerate().zip(&shown).filter(|(_, shown)| **shown) {
        by_job.entry(step.job.as_str()).or_default().push(at);
    }
    let listed = all.into_iter().filter(|name| preview.only.is_none() || by_job.contains_key(name));
    let view = |name| job::job(plan, name, by_job.get(name).map_or(&[], Vec::as_slice), &down, preview);
    let views: Vec<JobView> = listed.map(view).collect();
    let views = if preview.verbose { views } else { many::fold(plan, views, &by_job) };
    let folded = views.iter().any(|job| job.more.is_some());
    let folded = folded || views.iter().flat_map(|job| &job.rows).any(|row| row.more.is_some());
    View {
        strategy: plan.strategy.clone(),
        environment: plan.environment.clone(),
        runner: plan.runner.as_ref().map(|runner| {
            let site = runner.site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
            format!("Runs on `{}` ({}){site}", runner.name, runner.host)
        }),
        hidden: preview.only.map(|only| hidden(only, plan.steps.len(), hidden_steps, hidden_deletions)),
        unchanged: plan.steps.is_empty()
            && preview.verdicts.iter().all(|verdict| verdict.keep)
            && preview.drift.is_empty(),
        legend: legend(plan, &shown),
        deletions,
        jobs: views,
        folded: folded.then_some(FOLDED),
        parts: parts(plan, preview, &only),
        totals: totals(plan, &down, preview.verdicts),
    }
}

fn parts(plan: &Plan, preview: &Preview<'_>, only: &Only<'_>) -> Vec<Part> {
    [
        forecast::chains(plan, preview, only),
        forecast::promises(plan, preview, only),
        forecast::fill(plan, preview),
        place::stores(plan),
        place::targets(plan),
        place::notifiers(plan),
        policy::results(plan),
        deletion::drift(preview, only),
        deletion::kept(preview, only),
        forecast::assumptions(plan, preview),
        policy::findings(plan, preview),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn hidden(only: &str, all: usize, hidden: usize, deletions: usize) -> String {
    let deletions = if deletions == 0 { String::new() } else { format!(", {}", plural(deletions, "deletion")) };
    format!("Only what belongs to `{only}` (hidden: {hidden} of {}{deletions})", plural(all, "step"))
}

/// Whether something is down while a step runs, by its place in the plan.
pub(super) fn downtime(plan: &Plan) -> Vec<bool> {
    let mut down = vec![false; plan.steps.len()];
    for at in crate::plan::downtime(plan) {
        if let Some(down) = down.get_mut(at) {
            *down = true;
        }
    }
    down
}

/// Only the symbols that are used.
fn legend(plan: &Plan, shown: &[bool]) -> Vec<Sign> {
    let mut legend: Vec<Sign> = Vec::new();
    for (step, _) in plan.steps.iter().zip(shown).filter(|(_, shown)| **shown) {
        let sign = Sign { symbol: symbol(&step.action), meaning: meaning(&step.action) };
        if !legend.contains(&sign) {
            legend.push(sign);
        }
    }
    legend
}

fn totals(plan: &Plan, down: &[bool], verdicts: &[Verdict]) -> String {
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
        (verdicts.iter().filter(|verdict| !verdict.keep).count(), "deletion"),
    ];
    let parts: Vec<String> =
        counts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| plural(number, what)).collect();
    let what = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let downtime = if down.contains(&true) { "with downtime" } else { "no downtime" };
    format!("{}{what}; {downtime}.", plural(plan.steps.len(), "step"))
}

/// `1 step`, `2 copies`.
pub(super) fn plural(number: usize, what: &str) -> String {
    match what {
        _ if number == 1 => format!("1 {what}"),
        "copy" => format!("{number} copies"),
        "box" => format!("{number} boxes"),
        _ => format!("{number} {what}s"),
    }
}

/// How to see what was folded.
const FOLDED: &str = "With --verbose each step has its line; --only shows one database, source or job";

/// The words on what was folded.
pub(super) fn more(count: usize) -> String {
    format!("… and {count} more like this")
}
