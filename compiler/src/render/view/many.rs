//! Jobs that differ only in the names of what they work on become one, so that a plan of a thousand jobs can be read.

use super::job::JobView;
use super::only::subject;
use crate::lookup::Lookup;
use crate::render::{symbol, within};
use schema::plan::Plan;
use schema::step::{Action, When};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most jobs that are alike and are still told one by one.
const EACH: usize = 5;

/// The views with those that are alike as one each, in the place of the first. `places` are where the steps of each are.
pub(super) fn fold(plan: &Plan, views: Vec<JobView>, places: &BTreeMap<&str, Vec<usize>>) -> Vec<JobView> {
    if views.len() <= EACH {
        return views;
    }
    let mut groups: Vec<Vec<JobView>> = Vec::new();
    let mut known: Lookup<String, usize> = Lookup::default();
    for view in views {
        let steps = places.get(view.name.as_str()).map_or(&[][..], Vec::as_slice);
        // One without steps is shown, whatever it is like.
        let key = (!steps.is_empty()).then(|| key(plan, &view, steps));
        let known = key.map(|key| *known.entry(key).or_insert(groups.len()));
        match known.and_then(|at| groups.get_mut(at)) {
            Some(group) => group.push(view),
            None => groups.push(vec![view]),
        }
    }
    groups.into_iter().flat_map(one).collect()
}

fn one(group: Vec<JobView>) -> Vec<JobView> {
    if group.len() <= EACH {
        return group;
    }
    let more = group.len() - 1;
    let names: Vec<&str> = group.iter().skip(1).map(|view| view.name.as_str()).collect();
    let from = names.first().zip(names.last()).map(|(first, last)| format!(": {first} to {last}"));
    let words = format!("… and {more} more jobs like this{}", from.unwrap_or_default());
    let first = group.into_iter().next();
    first.into_iter().map(|first| JobView { more: Some(words.clone()), ..first }).collect()
}

/// What jobs that are alike have in common: when they are due, and their steps, with a number for each name by the order in
/// which names appear.
fn key(plan: &Plan, view: &JobView, steps: &[usize]) -> String {
    let mut out = String::new();
    // How long each takes differs with what it works on.
    for word in view.when.iter().filter(|word| !word.starts_with(super::job::ABOUT)) {
        let _ = writeln!(out, "{word}");
    }
    let mut numbers: Lookup<&str, usize> = Lookup::default();
    for step in steps.iter().filter_map(|at| plan.steps.get(*at)) {
        let _ = write!(out, "\n{} {}", symbol(&step.action), step.action.kind());
        let (source, database) = subject(step);
        let address = within(step, &step.job);
        for name in [source, database, &step.host].into_iter().chain(address.split('/').skip(2)) {
            let next = numbers.len();
            let _ = write!(out, " {}", numbers.entry(name).or_insert(next));
        }
        for word in step.reason.split(' ') {
            match numbers.get(word) {
                Some(number) => drop(write!(out, " {number}")),
                None => drop(write!(out, " {word}")),
            }
        }
        match &step.action {
            Action::Transfer { bandwidth, .. } => drop(write!(out, " {bandwidth:?}")),
            Action::Prune { keep, .. } => drop(write!(out, " {keep}")),
            _ => {}
        }
        for need in &step.needs {
            out.push(if need.when == When::Always { '~' } else { '-' });
            let address = need.step.0.strip_prefix(step.job.as_str()).unwrap_or(&need.step.0);
            let address = address.trim_start_matches('/');
            for (at, part) in address.split(['/', ':']).enumerate() {
                match numbers.get(part).filter(|_| at > 0) {
                    Some(number) => drop(write!(out, "/{number}")),
                    None => drop(write!(out, "/{part}")),
                }
            }
        }
    }
    out
}
