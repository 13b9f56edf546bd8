//! Steps of a job that differ only in the database become one line, so that a plan of a thousand databases can be read.

use super::only::subject;
use crate::lookup::Lookup;
use crate::render::{symbol, within};
use schema::plan::Plan;
use schema::step::{Need, Step, When};

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
    let mut known: Lookup<String, usize> = Lookup::default();
    let mut key = String::new();
    for at in places.iter().copied() {
        let Some(step) = plan.steps.get(at) else { continue };
        let group = match fold && write_key(step, &mut key) {
            false => None,
            true => known.get(key.as_str()).copied().or_else(|| {
                known.insert(key.clone(), groups.len());
                None
            }),
        };
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

/// What steps that are alike have in common; nothing for one that has no database of its own.
fn write_key(step: &Step, key: &mut String) -> bool {
    let own = subject(step);
    let (source, database) = own;
    key.clear();
    if database.is_empty() {
        return false;
    }
    key.push(symbol(&step.action));
    for part in ["\n", source, "\n", &step.reason, "\n"] {
        key.push_str(part);
    }
    general(within(step, &step.job), own, key);
    key.push('\n');
    key.push_str(if step.host == database { "*" } else { &step.host });
    let need = |need: &Need, key: &mut String| {
        key.push_str(match need.when {
            When::Always => "\n~",
            When::Success => "\n-",
            When::Ok => "\n!",
        });
        let address = need.step.0.strip_prefix(step.job.as_str()).unwrap_or(&need.step.0);
        general(address.trim_start_matches('/'), own, key);
    };
    if let [only] = step.needs.as_slice() {
        need(only, key);
        return true;
    }
    let mut needs: Vec<String> = Vec::with_capacity(step.needs.len());
    for of in &step.needs {
        let mut text = String::new();
        need(of, &mut text);
        needs.push(text);
    }
    needs.sort();
    needs.dedup();
    key.extend(needs);
    true
}

/// Writes an address with signs for databases: its own, or another one.
fn general(address: &str, own: (&str, &str), out: &mut String) {
    for (at, part) in address.split('/').enumerate() {
        if at > 0 {
            out.push('/');
        }
        match part.split_once(':').filter(|_| at == 1) {
            Some(subject) if subject == own => out.push('*'),
            Some((source, _)) => {
                out.push_str(source);
                out.push_str(":†");
            }
            None => out.push_str(part),
        }
    }
}
