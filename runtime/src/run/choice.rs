//! Parts of a job that an operator leaves out, and what that comes to, told before anything runs. Pure.

use super::board::{Board, StepId};
use super::limits;
use super::scheduler::{Scheduler, Traits};
use crate::error::{Error, Result};
use globset::{GlobBuilder, GlobMatcher};
use schema::plan::Plan;
use schema::report::Outcome;
use schema::step::{Action, Address, ArtifactRef, Step};
use std::collections::{BTreeMap, BTreeSet};

/// What an operator wants of a run, beside what the plan says. The default is all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Globs over addresses, with the job or without; `*` is any characters. When there are some: only these steps, and
    /// what they need.
    pub only: Vec<String>,
    /// Globs likewise: not these steps, nor what cannot be done without them.
    pub skip: Vec<String>,
    /// The window is not asked.
    pub any_time: bool,
}

/// What a choice comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequences {
    /// Steps that are not done, in the order of the plan, each with why.
    pub left_out: Vec<(Address, String)>,
    /// What the plan promises and such a run does not give, a sentence fragment each. Not empty: the run ends degraded
    /// at best.
    pub weaker: Vec<String>,
}

impl Choice {
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty()
    }
}

/// What a run of a job leaves out. Fails when a glob names no step, when nothing is left, and when something would stay
/// down.
pub fn consequences(plan: &Plan, job: &str, choice: &Choice) -> Result<Consequences> {
    let steps: Vec<Step> = plan.steps.iter().filter(|step| step.job == job).cloned().collect();
    if choice.is_all() || steps.is_empty() {
        return Ok(Consequences::default());
    }
    let mut left = chosen(&steps, choice)?;
    let skipped = settle(plan, &steps, &mut left)?;
    if skipped.len() == steps.len() {
        return Err(Error::permanent("nothing-chosen", "nothing is left of the job")
            .help("`backstay plan --verbose` shows the addresses of its steps."));
    }
    let mut left_out = Vec::new();
    for (at, cause) in &skipped {
        let Some(step) = steps.get(*at) else { continue };
        let why = left.get(at).cloned().unwrap_or_else(|| {
            cause.as_ref().map_or_else(|| "nothing needs it".to_owned(), |cause| format!("it needs {cause}"))
        });
        left_out.push((step.address.clone(), why));
    }
    let weaker = skipped.keys().filter_map(|at| steps.get(*at)).filter_map(|step| loses(step, &steps, &skipped));
    Ok(Consequences { left_out, weaker: weaker.collect() })
}

/// Whether a run that leaves such a step out does not give what the plan promises.
pub(super) fn matters(action: &Action) -> bool {
    matches!(
        action,
        Action::Backup { .. }
            | Action::Copy { .. }
            | Action::Transfer { .. }
            | Action::Verify { .. }
            | Action::Restore { .. }
    )
}

/// Steps that are left out by what was asked for, each with why.
fn chosen(steps: &[Step], choice: &Choice) -> Result<BTreeMap<usize, String>> {
    let mut left = BTreeMap::new();
    if !choice.only.is_empty() {
        let mut wanted = BTreeSet::new();
        for glob in &choice.only {
            wanted.extend(named(steps, glob)?);
        }
        let wanted = with_needs(steps, wanted);
        left.extend((0..steps.len()).filter(|at| !wanted.contains(at)).map(|at| (at, "not among `--only`".to_owned())));
    }
    for glob in &choice.skip {
        left.extend(named(steps, glob)?.into_iter().map(|at| (at, format!("`--skip {glob}`"))));
    }
    Ok(left)
}

/// The steps that a glob names.
fn named(steps: &[Step], glob: &str) -> Result<Vec<usize>> {
    let wrong = |error: globset::Error| Error::permanent("glob-invalid", format!("`{glob}` is no glob: {error}"));
    let built: GlobMatcher = GlobBuilder::new(glob).literal_separator(false).build().map_err(wrong)?.compile_matcher();
    let is_named = |step: &Step| {
        let short = step.address.0.strip_prefix(&step.job).and_then(|rest| rest.strip_prefix('/'));
        built.is_match(&step.address.0) || short.is_some_and(|short| built.is_match(short))
    };
    let found: Vec<usize> = steps.iter().enumerate().filter(|(_, step)| is_named(step)).map(|(at, _)| at).collect();
    if found.is_empty() {
        return Err(Error::permanent("no-such-step", format!("no step of the job is named by `{glob}`"))
            .help("`backstay plan --verbose` shows the addresses; a `*` stands for any characters, slashes too."));
    }
    Ok(found)
}

/// These steps, all that they need, and what puts back what those change.
fn with_needs(steps: &[Step], mut wanted: BTreeSet<usize>) -> BTreeSet<usize> {
    let places: BTreeMap<&Address, usize> = steps.iter().enumerate().map(|(at, step)| (&step.address, at)).collect();
    let mut open: Vec<usize> = wanted.iter().copied().collect();
    while let Some(step) = open.pop().and_then(|at| steps.get(at)) {
        let needs = step.needs.iter().filter(|need| need.when == schema::step::When::Success);
        let needs = needs.filter_map(|need| places.get(&need.step).copied());
        let back = steps.iter().enumerate().filter(|(_, other)| puts_back(other, step)).map(|(at, _)| at);
        open.extend(needs.chain(back).filter(|at| wanted.insert(*at)));
    }
    wanted
}

fn puts_back(back: &Step, change: &Step) -> bool {
    match (&back.action, &change.action) {
        (Action::Start { source, database }, Action::Stop { source: stopped, database: one }) => {
            source == stopped && database == one
        }
        _ => false,
    }
}

/// Plays the job as if all went well: the steps that do not run, each with the need that it lacks. Looks and downtimes
/// that nothing is left for are added to `left`.
fn settle(plan: &Plan, steps: &[Step], left: &mut BTreeMap<usize, String>) -> Result<BTreeMap<usize, Option<Address>>> {
    let needless = "nothing is left that it is for";
    loop {
        let (traits, _) = limits::limits(plan, steps, 1);
        let (scheduler, skipped) = played(steps, traits, left)?;
        let mut more = BTreeSet::new();
        for (change, back) in limits::pairs(&scheduler, steps) {
            let (change_at, back_at) = (Board::index(change), Board::index(back));
            let idle = scheduler.between(change, back).iter().all(|id| skipped.contains_key(&Board::index(*id)));
            if idle || skipped.contains_key(&change_at) {
                more.extend([change_at, back_at]);
            } else if left.contains_key(&back_at) {
                let name = scheduler.board().address(back).map(ToString::to_string).unwrap_or_default();
                return Err(Error::permanent("would-stay-down", format!("without `{name}` it would be left down"))
                    .help("Leave out what needs it stopped as well, or keep that step."));
            }
        }
        for id in scheduler.board().ids() {
            let is_look = steps.get(Board::index(id)).is_some_and(|it| matches!(it.action, Action::Preflight { .. }));
            let users = scheduler.board().needed_by(id);
            if is_look && !users.is_empty() && users.iter().all(|user| skipped.contains_key(&Board::index(*user))) {
                more.insert(Board::index(id));
            }
        }
        let known = left.len();
        more.into_iter().for_each(|at| {
            left.entry(at).or_insert_with(|| needless.to_owned());
        });
        if left.len() == known {
            return Ok(skipped);
        }
    }
}

/// A run without these steps in which all others end ok: what was skipped, and because of what.
fn played(
    steps: &[Step],
    traits: Vec<Traits>,
    left: &BTreeMap<usize, String>,
) -> Result<(Scheduler, BTreeMap<usize, Option<Address>>)> {
    let mut scheduler = Scheduler::new(steps, traits, usize::MAX).map_err(|need| {
        Error::permanent("plan-incomplete", format!("a step needs `{need}`, which is not in the plan"))
    })?;
    limits::order(&mut scheduler, steps);
    for id in scheduler.board().ids().filter(|id| left.contains_key(&Board::index(*id))) {
        scheduler.leave_out(id);
    }
    loop {
        let started = scheduler.start();
        if started.is_empty() {
            break;
        }
        started.into_iter().for_each(|id| scheduler.end(id, Outcome::Ok));
    }
    let skipped = |id: &StepId| scheduler.board().state(*id).outcome() == Some(Outcome::Skipped);
    let skipped = scheduler.board().ids().filter(skipped);
    let skipped = skipped.map(|id| (Board::index(id), scheduler.cause(id).cloned())).collect();
    Ok((scheduler, skipped))
}

/// What is lost when a step is not done.
fn loses(step: &Step, steps: &[Step], skipped: &BTreeMap<usize, Option<Address>>) -> Option<String> {
    let subject = |artifact: &ArtifactRef| match artifact {
        ArtifactRef::Stored { source, database, .. } | ArtifactRef::Newest { source, database, .. } => {
            Some(format!("`{source}` ({database})"))
        }
        ArtifactRef::Step { step } => {
            let at = steps.iter().position(|other| other.address == *step)?;
            match &steps.get(at)?.action {
                // Without the artifact there is nothing more to lose.
                Action::Backup { source, database, .. } if !skipped.contains_key(&at) => {
                    Some(format!("`{source}` ({database})"))
                }
                _ => None,
            }
        }
    };
    match &step.action {
        Action::Backup { source, database, store, .. } => {
            Some(format!("`{source}` ({database}) gets no new artifact in `{store}`"))
        }
        Action::Copy { database, into, .. } => Some(format!("`{database}` is not copied into `{into}`")),
        Action::Transfer { artifact, to, .. } => Some(format!("{} gets no copy in `{to}`", subject(artifact)?)),
        Action::Verify { artifact, store, .. } => {
            let of = subject(artifact)?;
            // A copy that is not made is told of by its transfer.
            let copies = |other: &Step| matches!(&other.action, Action::Transfer { artifact: same, to, .. } if same == artifact && to == store);
            if steps.iter().enumerate().any(|(at, other)| copies(other) && skipped.contains_key(&at)) {
                return None;
            }
            Some(format!("the artifact of {of} in `{store}` is not verified, and does not count for `keep`"))
        }
        Action::Restore { store, target, .. } => {
            Some(format!("nothing shows that copies in `{store}` can be restored into `{target}`"))
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]
mod tests {
    use super::*;
    use schema::step::{Check, Extent, Method, Need, Origin, When};

    fn step(address: &str, action: Action, needs: &[(&str, When)]) -> Step {
        let needs = needs.iter().map(|(need, when)| Need { step: Address(format!("night/{need}")), when: *when });
        Step {
            address: Address(format!("night/{address}")),
            job: "night".to_owned(),
            action,
            needs: needs.collect(),
            reason: String::new(),
            origin: Origin { input: String::new(), line: 1, column: 1, text: String::new() },
            host: "local".to_owned(),
            timeout: None,
            estimate: None,
        }
    }

    /// Dumps of two databases in one downtime, each checked and moved on, and a prune.
    fn plan() -> Plan {
        let (source, database) = (|| "graph".to_owned(), None);
        let backup = |name: &str| Action::Backup {
            source: source(),
            database: name.to_owned(),
            method: Method::Dump,
            extent: Extent::Full,
            store: "vault".to_owned(),
        };
        let made = |name: &str| ArtifactRef::Step { step: Address(format!("night/backup/{name}")) };
        let check =
            |name: &str| Action::Verify { artifact: made(name), store: "vault".to_owned(), with: Check::Digest };
        let (ok, always) = (When::Success, When::Always);
        let keep = schema::keep::Keep::default();
        let prune = Action::Prune {
            store: "vault".to_owned(),
            keep,
            deletes: Vec::new(),
            safety_age: schema::step::SAFETY_AGE,
        };
        Plan {
            steps: vec![
                step("preflight/graph", Action::Preflight { source: source(), databases: Vec::new() }, &[]),
                step(
                    "stop/graph",
                    Action::Stop { source: source(), database: database.clone() },
                    &[("preflight/graph", ok)],
                ),
                step("backup/one", backup("one"), &[("stop/graph", ok)]),
                step("backup/two", backup("two"), &[("stop/graph", ok)]),
                step(
                    "start/graph",
                    Action::Start { source: source(), database },
                    &[("stop/graph", always), ("backup/one", always), ("backup/two", always)],
                ),
                step("verify/one", check("one"), &[("backup/one", ok), ("start/graph", always)]),
                step("verify/two", check("two"), &[("backup/two", ok), ("start/graph", always)]),
                step("prune/vault", prune, &[("verify/one", ok), ("verify/two", ok)]),
            ],
            ..Plan::default()
        }
    }

    fn come_to(only: &[&str], skip: &[&str]) -> Result<(Vec<String>, usize)> {
        let all = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        let choice = Choice { only: all(only), skip: all(skip), any_time: false };
        let come = consequences(&plan(), "night", &choice)?;
        let left = come.left_out.into_iter().map(|(address, _)| address.0.replace("night/", "")).collect();
        Ok((left, come.weaker.len()))
    }

    fn left(only: &[&str], skip: &[&str]) -> (Vec<String>, usize) {
        come_to(only, skip).unwrap()
    }

    #[test]
    fn only_takes_its_needs_along_and_what_puts_things_back() {
        let (left, weaker) = left(&["verify/one"], &[]);
        assert_eq!(left, ["backup/two", "verify/two", "prune/vault"]);
        assert_eq!(weaker, 1, "the check of what is not made is no loss of its own");
    }

    #[test]
    fn skip_takes_what_depends_on_it_along() {
        assert_eq!(left(&[], &["*/verify/two"]), (vec!["verify/two".to_owned(), "prune/vault".to_owned()], 1));
        assert_eq!(left(&[], &["prune/*"]), (vec!["prune/vault".to_owned()], 0));
    }

    #[test]
    fn nothing_is_stopped_for_nothing() {
        let error = come_to(&[], &["backup/*"]).unwrap_err();
        assert_eq!(error.code, "nothing-chosen");
        let error = come_to(&[], &["stop/*"]).unwrap_err();
        assert_eq!(error.code, "nothing-chosen");
    }

    #[test]
    fn what_would_stay_down_and_what_is_not_there_are_refused() {
        assert_eq!(come_to(&[], &["start/*"]).unwrap_err().code, "would-stay-down");
        assert_eq!(come_to(&[], &["verify/three"]).unwrap_err().code, "no-such-step");
        assert_eq!(come_to(&["a[", "b"], &[]).unwrap_err().code, "glob-invalid");
    }
}
