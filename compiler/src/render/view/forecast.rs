//! What the strategy comes to, by database: chains, worst losses, times to restore, copies, and how stores fill up.

use super::only::{Only, subject};
use super::{Part, Preview, Style, more, plural};
use crate::amount;
use crate::lookup::Lookup;
use crate::render::forecast::{PROMISE, promises as promised};
use schema::plan::Plan;
use schema::step::{Action, Extent};
use std::collections::BTreeMap;

/// Most databases with the same figures that have a line each.
const EACH: usize = 5;

/// Chains that differentials make: by database and store, which jobs add to them, and how long they grow.
pub(super) fn chains(plan: &Plan, preview: &Preview<'_>, only: &Only<'_>) -> Option<Part> {
    let mut homes: Lookup<(&str, &str, &str), [Vec<&str>; 2]> = Lookup::default();
    let mut order = Vec::new();
    for step in &plan.steps {
        let Action::Backup { source, database, extent, store, .. } = &step.action else { continue };
        let key = (source.as_str(), database.as_str(), store.as_str());
        let [full, differential] = homes.entry(key).or_insert_with(|| {
            order.push((key, subject(step)));
            Default::default()
        });
        let jobs = if *extent == Extent::Differential { differential } else { full };
        if !jobs.contains(&step.job.as_str()) {
            jobs.push(&step.job);
        }
    }
    let lengths = lengths(plan);
    let mut rows = Vec::new();
    for (key, (source, name)) in order {
        let Some([full, differential]) = homes.get(&key).filter(|[_, differential]| !differential.is_empty()) else {
            continue;
        };
        if !only.database(key.0, key.1) {
            continue;
        }
        let database = if name.is_empty() { source.to_owned() } else { format!("{source}:{name}") };
        let length = lengths.get(&key).map(|length| usize::try_from(*length).unwrap_or(usize::MAX));
        let length = length.map_or_else(|| "unknown".to_owned(), |length| plural(length, "artifact"));
        rows.push(vec![database, key.2.to_owned(), cadence(plan, full), cadence(plan, differential), length]);
    }
    Part::new(
        "Chains",
        Style::Headed,
        &["database", "store", "full", "differential", "longest"],
        folded(rows, preview.verbose),
    )
}

/// When the jobs of that name are due.
fn cadence(plan: &Plan, jobs: &[&str]) -> String {
    if jobs.is_empty() {
        return "not in this plan".to_owned();
    }
    let when = |name: &&str| {
        let job = plan.jobs.iter().find(|job| job.name == **name);
        let schedule = job.and_then(|job| job.schedule.as_ref());
        schedule.map_or_else(|| format!("{name} when asked for"), |it| format!("{name} {}", it.cron))
    };
    jobs.iter().map(when).collect::<Vec<_>>().join(" and ")
}

/// The longest chain by source, database and store.
fn lengths(plan: &Plan) -> Lookup<(&str, &str, &str), u64> {
    let outlooks = plan.forecast.iter().flat_map(|forecast| &forecast.databases);
    let copies = outlooks.flat_map(|it| {
        let name = (it.source.as_str(), it.database.as_str());
        it.copies.iter().map(move |copy| ((name.0, name.1, copy.store.as_str()), copy.chain))
    });
    copies.collect()
}

/// The promise for each database. Without a schedule there is none.
pub(super) fn promises(plan: &Plan, preview: &Preview<'_>, only: &Only<'_>) -> Option<Part> {
    plan.jobs.iter().find(|job| job.schedule.is_some())?;
    let rows = promised(plan, |it| only.database(&it.source, &it.database));
    let rows = folded(rows.into_iter().map(Vec::from).collect(), preview.verbose);
    let part = Part::new("What it comes to", Style::Headed, &PROMISE, rows)?;
    let assumed = plan
        .forecast
        .as_ref()
        .map(|forecast| forecast.assumptions.len())
        .filter(|count| *count > 0 && !preview.verbose);
    let note = assumed.map(|count| format!("Reckoned with {}; --verbose shows them", plural(count, "assumption")));
    Some(Part { note, ..part })
}

/// How the stores fill up: by what the strategy says of its data, or where much is asked for.
pub(super) fn fill(plan: &Plan, preview: &Preview<'_>) -> Option<Part> {
    if plan.workload.size.is_none() && !preview.verbose {
        return None;
    }
    let stores = plan.forecast.iter().flat_map(|forecast| &forecast.stores).filter(|fill| fill.peak > 0);
    let rows = stores.map(|fill| {
        vec![fill.store.clone(), amount::bytes(fill.month), amount::bytes(fill.year), amount::bytes(fill.peak)]
    });
    Part::new("Storage", Style::Headed, &["store", "after a month", "after a year", "at most"], rows.collect())
}

/// What was taken for granted.
pub(super) fn assumptions(plan: &Plan, preview: &Preview<'_>) -> Option<Part> {
    let all = plan.forecast.iter().filter(|_| preview.verbose).flat_map(|forecast| &forecast.assumptions);
    let rows = all.map(|it| vec![it.what.clone(), it.value.clone(), it.instead.clone()]);
    Part::new("Assumed", Style::Headed, &["what", "figure", "instead"], rows.collect())
}

/// Rows with the same cells behind the first one as one row, where they are many.
fn folded(rows: Vec<Vec<String>>, verbose: bool) -> Vec<Vec<String>> {
    if verbose {
        return rows;
    }
    let mut groups: Vec<Vec<Vec<String>>> = Vec::new();
    let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for row in rows {
        let key = row.iter().skip(1).cloned().collect();
        let group = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    let fold = |group: Vec<Vec<String>>| {
        let many = group.len();
        if many <= EACH {
            return group;
        }
        let mut first: Vec<Vec<String>> = group.into_iter().take(1).collect();
        if let Some(cell) = first.first_mut().and_then(|row| row.first_mut()) {
            *cell = format!("{cell} {}", more(many - 1));
        }
        first
    };
    groups.into_iter().flat_map(fold).collect()
}
