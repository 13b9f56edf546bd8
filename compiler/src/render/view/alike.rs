//! Steps of a job that differ only in the database become one line, so that a plan of a thousand databases can be read.

use super::only::subject;
use crate::render::{symbol, within};
use schema::plan::Plan;
use schema::step::{Step, When};
use std::collections::BTreeMap;

/// Most steps that are alike and still have a line each.
const EACH: usize = 5;

/// Steps that are shown as one, by their places in the plan.
#[derive(Debug)]
pub(in crate::render) struct Alike {
    /// The one that is shown.
    pub(in crate::render) first: usize,
    /// All of them, in the order of the plan.
    pub(in crate::render) all: Vec<usize>,
}

/// The steps at these places as groups, in the order of their first one.
pub(in crate::render) fn alike(plan: &Plan, places: &[usize], fold: bool) -> Vec<Alike> {
    let mut groups: Vec<Alike> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for at in places.iter().copied() {
        let Some(step) = plan.steps.get(at) else { continue };
        let group = if fold { key(step).map(|key| *known.entry(key).or_insert(groups.len())) } else { None };
        match group.and_then(|group| groups.get_mut(group)) {
            Some(group) => group.all.push(at),
            None => groups.push(Alike { first: at, all: vec![at] }),
        }
    }
    let few = |group: Alike| -> Vec<Alike> {
        if group.all.len() > EACH {
            return vec![group];
        }
        group.all.into_iter().map(|at| Alike { first: at, all: vec![at] }).collect()
    };
    let mut out: Vec<Alike> = groups.into_iter().flat_map(few).collect();
    out.sort_by_key(|group| group.first);
    out
}

/// What steps that are alike have in common; `None` for one that has no database of its own.
fn key(step: &Step) -> Option<String> {
    let (source, database) = subject(step);
    if database.is_empty() {
        return None;
    }
    let own = format!("{source}:{database}");
    let address = general(within(step, &step.job), &own);
    let mut key = format!("{}\n{source}\n{}\n{address}\n", symbol(&step.action), step.reason);
    key.push_str(if step.host == database { "*" } else { &step.host });
    let mut needs: Vec<String> = step
        .needs
        .iter()
        .map(|need| {
            let when = match need.when {
                When::Always => '~',
                When::Success => '-',
                When::Ok => '!',
            };
            let address = need.step.0.strip_prefix(step.job.as_str()).unwrap_or(&need.step.0);
            format!("\n{when}{}", general(address.trim_start_matches('/'), &own))
        })
        .collect();
    needs.sort();
    needs.dedup();
    key.extend(needs);
    Some(key)
}

/// An address with signs for databases: its own, or another one.
fn general(address: &str, own: &str) -> String {
    let mut parts: Vec<String> = address.split('/').map(str::to_owned).collect();
    if let Some(subject) = parts.get_mut(1) {
        if subject == own {
            *subject = "*".to_owned();
        } else if let Some((source, _)) = subject.split_once(':') {
            *subject = format!("{source}:†");
        }
    }
    parts.join("/")
}
