//! The steps of a plan as boxes and lines, few enough to be drawn: a lane a job, alike steps as one box where there are
//! many, and only needs that do not follow from others.

use crate::render::view::{Preview, alike, downtime, plural, subject};
use crate::render::{jobs, places, symbol, within};
use schema::plan::Plan;
use schema::step::When;
use std::collections::BTreeMap;

/// Most boxes; with more steps, those that are alike share one.
pub(super) const MOST: usize = 300;

/// The boxes of one job.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) boxes: Vec<Box>,
    pub(super) lines: Vec<Line>,
}

/// A step, or several.
#[derive(Debug)]
pub(super) struct Box {
    /// Symbol and kind.
    pub(super) head: String,
    pub(super) subject: String,
    /// For who points at it.
    pub(super) title: String,
    pub(super) count: usize,
    pub(super) down: bool,
}

/// A need. It goes from an earlier box to a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) when: When,
}

/// What can be drawn of a plan.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) lanes: Vec<Lane>,
    /// What is not drawn as it is in the plan.
    pub(super) note: Option<String>,
}

/// Steps of one job, each group by its places in the plan.
type Groups<'a> = (&'a str, Vec<Vec<usize>>);

pub(super) fn graph(plan: &Plan, preview: &Preview<'_>) -> Graph {
    let shown = preview.shown(plan);
    let mut by_job: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for ((at, step), _) in plan.steps.iter().enumerate().zip(&shown).filter(|(_, shown)| **shown) {
        by_job.entry(step.job.as_str()).or_default().push(at);
    }
    let listed: Vec<(&str, Vec<usize>)> =
        jobs(plan).into_iter().filter_map(|job| by_job.remove(job).map(|places| (job, places))).collect();
    let total: usize = listed.iter().map(|(_, places)| places.len()).sum();
    let fold = total > MOST;
    let mut groups: Vec<Groups<'_>> = listed
        .iter()
        .map(|(job, places)| (*job, alike(plan, places, fold).into_iter().map(|group| group.all).collect()))
        .collect();
    if boxes(&groups) > MOST {
        groups = listed.iter().map(|(job, places)| (*job, kinds(plan, places))).collect();
    }
    let all = groups.len();
    while boxes(&groups) > MOST {
        groups.pop();
    }
    let note = (fold || groups.len() < all).then(|| note(total, &groups, all));
    let down = downtime(plan);
    Graph { lanes: groups.into_iter().map(|(job, groups)| lane(plan, job, &groups, &down)).collect(), note }
}

fn note(total: usize, groups: &[Groups<'_>], jobs: usize) -> String {
    let left = jobs - groups.len();
    let left = if left == 0 { String::new() } else { format!("; {} are not drawn", plural(left, "job")) };
    format!("{} in {}: steps that are alike share one{left}", plural(total, "step"), plural(boxes(groups), "box"))
}

fn boxes(groups: &[Groups<'_>]) -> usize {
    groups.iter().map(|(_, groups)| groups.len()).sum()
}

/// Steps of one kind together.
fn kinds(plan: &Plan, places: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(char, Vec<usize>)> = Vec::new();
    for at in places {
        let Some(step) = plan.steps.get(*at) else { continue };
        let sign = symbol(&step.action);
        match groups.iter_mut().find(|(other, _)| *other == sign) {
            Some((_, group)) => group.push(*at),
            None => groups.push((sign, vec![*at])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn lane(plan: &Plan, job: &str, groups: &[Vec<usize>], down: &[bool]) -> Lane {
    let mut group_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut boxes = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        group_of.extend(group.iter().map(|at| (*at, number)));
        boxes.extend(group.first().and_then(|first| one(plan, job, *first, group.len(), down)));
    }
    let places = places(plan);
    let mut lines: Vec<Line> = Vec::new();
    for (at, to) in &group_of {
        for need in plan.steps.get(*at).into_iter().flat_map(|step| &step.needs) {
            let from = places.get(&need.step).and_then(|from| group_of.get(from));
            let Some(from) = from.filter(|from| *from < to) else { continue };
            lines.push(Line { from: *from, to: *to, when: need.when });
        }
    }
    lines.sort_by_key(|line| (line.to, line.from, line.when == When::Always));
    lines.dedup_by_key(|line| (line.to, line.from));
    Lane { name: job.to_owned(), lines: needed(&lines, boxes.len()), boxes }
}

fn one(plan: &Plan, job: &str, at: usize, count: usize, down: &[bool]) -> Option<Box> {
    let step = plan.steps.get(at)?;
    let address = within(step, job);
    let kind = step.action.kind();
    let (_, rest) = address.split_once('/').unwrap_or(("", address));
    let times = if count > 1 { format!(" × {count}") } else { String::new() };
    let (_, database) = subject(step);
    let many = if count > 1 && !database.is_empty() {
        rest.replace(database, &format!("{database}…"))
    } else {
        rest.to_owned()
    };
    Some(Box {
        head: format!("{} {kind}{times}", symbol(&step.action)),
        subject: many,
        title: format!("{}: {}", step.address, step.reason),
        count,
        down: down.get(at).copied().unwrap_or_default(),
    })
}

/// The lines without those that follow from others: a need of success from a way of such needs, any other need from any
/// way. Lines are sorted by where they go.
fn needed(lines: &[Line], count: usize) -> Vec<Line> {
    // For each box those that it follows: by needs of success alone, and by any.
    let mut strict: Vec<Vec<bool>> = Vec::with_capacity(count);
    let mut any: Vec<Vec<bool>> = Vec::with_capacity(count);
    let mut out = Vec::new();
    for to in 0..count {
        let into: Vec<&Line> = lines.iter().filter(|line| line.to == to).collect();
        let follows = |ways: &[Vec<bool>], of: &Line, wanted: &dyn Fn(&Line) -> bool| {
            let others = into.iter().filter(|other| other.from != of.from && wanted(other));
            others.filter_map(|other| ways.get(other.from)).any(|way| way.get(of.from) == Some(&true))
        };
        out.extend(
            into.iter()
                .copied()
                .filter(|line| !match line.when {
                    When::Success | When::Ok => follows(&strict, line, &|other| other.when != When::Always),
                    When::Always => follows(&any, line, &|_| true),
                })
                .cloned(),
        );
        let way = |ways: &[Vec<bool>], wanted: &dyn Fn(&Line) -> bool| {
            let mut all = vec![false; count];
            for line in into.iter().filter(|line| wanted(line)) {
                let before = ways.get(line.from).into_iter().flatten().enumerate().filter(|(_, is)| **is);
                for at in before.map(|(at, _)| at).chain([line.from]) {
                    if let Some(is) = all.get_mut(at) {
                        *is = true;
                    }
                }
            }
            all
        };
        let (one, other) = (way(&strict, &|line| line.when != When::Always), way(&any, &|_| true));
        strict.push(one);
        any.push(other);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Line, needed};
    use schema::step::When::{Always, Success};

    #[test]
    fn what_follows_is_not_drawn() {
        let line = |from, to, when| Line { from, to, when };
        let lines = [
            line(0, 1, Success),
            line(0, 2, Success),
            line(1, 2, Success),
            line(1, 3, Success),
            line(2, 3, Always),
            line(0, 4, Always),
            line(3, 4, Success),
        ];
        let kept = needed(&lines, 5);
        assert_eq!(
            kept,
            [line(0, 1, Success), line(1, 2, Success), line(1, 3, Success), line(2, 3, Always), line(3, 4, Success)]
        );
    }
}
