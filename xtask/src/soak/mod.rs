//! Random strategies, killed at random places and gone on with, for as long as is wished; then the stores are looked at.
//! Everything random comes of one number, so that what went wrong once can be had again.

mod audit;
mod dice;
mod place_of_work;

use crate::{place, shell};
use audit::{Audit, audit};
use dice::Dice;
use place_of_work::{Manifests, Place};
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

/// What was done so far.
#[derive(Debug, Default)]
struct Tally {
    strategies: u32,
    runs: u32,
    kills: u32,
    places: BTreeSet<String>,
    not_reached: u32,
    artifacts: usize,
    facts: usize,
    restores: u32,
    prunes: u32,
    /// Prunes that were killed.
    cut: u32,
    removed: usize,
}

/// Soaks for `minutes`, beginning with the random number `seed`, or with one of the clock's.
///
/// # Errors
/// The first thing that is not as it must be; its folder is kept.
pub(crate) fn run(minutes: u64, seed: Option<u64>) -> Result<(), String> {
    let clock = std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
    let seed = seed.unwrap_or(clock);
    // Places are only in a debug build.
    shell::run(&mut shell::cargo(&["build", "--quiet", "--locked", "--package", "backstay"]))?;
    let work = place::fresh("soak")?;
    let (begun, length) = (Instant::now(), Duration::from_secs(minutes * 60));
    let mut tally = Tally::default();
    for round in 0.. {
        if begun.elapsed() >= length && round > 0 {
            break;
        }
        let own = seed.wrapping_add(round);
        let folder = work.join(format!("round-{own}"));
        one(&folder, own, &mut tally).map_err(|error| {
            format!("round {own} (kept in `{}`; again: `cargo xtask soak --seed {own}`): {error}", folder.display())
        })?;
        fs::remove_dir_all(&folder).map_err(|error| format!("cannot remove `{}`: {error}", folder.display()))?;
    }
    summary(&tally, seed, begun.elapsed());
    Ok(())
}

fn summary(tally: &Tally, seed: u64, length: Duration) {
    println!(
        "soaked for {:.1} minutes from seed {seed}; every look at the stores was as it must be",
        length.as_secs_f64() / 60.0
    );
    println!("{:>7} random strategies", tally.strategies);
    println!("{:>7} runs", tally.runs);
    println!("{:>7} kills, at {} places of different names", tally.kills, tally.places.len());
    println!("{:>7} runs that ended before their place came", tally.not_reached);
    println!("{:>7} artifacts looked at, each with its bytes read and its digest made again", tally.artifacts);
    println!("{:>7} checks found beside them", tally.facts);
    println!("{:>7} trees restored and compared", tally.restores);
    println!("{:>7} prunes, {} of them killed; {} copies went", tally.prunes, tally.cut, tally.removed);
}

/// One strategy, from its first run to the last look.
fn one(folder: &std::path::Path, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let place = Place::new(folder, &mut dice)?;
    tally.strategies += 1;
    let mut places = Vec::new();
    for job in &place.jobs {
        places.extend(place.recorded(&format!("run --job {job}"))?);
        tally.runs += 1;
    }
    places.sort();
    places.dedup();
    let mut acknowledged = place.manifests()?;
    // Places that prunes have come by.
    let mut pruning = Vec::new();
    for _ in 0..dice.between(3, 8) {
        place.change(&mut dice)?;
        let job = dice.pick(&place.jobs).clone();
        for _ in 0..dice.between(0, 3) {
            let point = dice.pick(&places).clone();
            tally.runs += 1;
            if place.killed(&format!("run --job {job}"), &point)? {
                tally.kills += 1;
                tally.places.insert(point.rsplit_once('#').map_or(point.as_str(), |(name, _)| name).to_owned());
            } else {
                tally.not_reached += 1;
            }
        }
        place.ended(&job)?;
        tally.runs += 1;
        let now = place.manifests()?;
        if let Some((path, _)) = acknowledged.iter().find(|(path, text)| now.get(*path) != Some(*text)) {
            return Err(format!("an acknowledged artifact is gone or another: `{}`", path.display()));
        }
        acknowledged = now;
        if dice.once_in(2) {
            acknowledged = prune(&place, &mut dice, &mut pruning, acknowledged, tally)?;
        }
    }
    // A run of each job clears up after a dead one.
    for job in &place.jobs {
        place.ended(job)?;
        tally.runs += 1;
    }
    look(&place, tally)
}

/// Prunes until one ends; what it leaves is what was there, and something of everything.
fn prune(
    place: &Place,
    dice: &mut Dice,
    places: &mut Vec<String>,
    before: Manifests,
    tally: &mut Tally,
) -> Result<Manifests, String> {
    const PRUNE: &str = "prune --confirm --safety-age 0s";
    for _ in 0..dice.between(0, 2) {
        let Some(point) = (!places.is_empty()).then(|| dice.pick(places).clone()) else { break };
        tally.prunes += 1;
        if place.killed(PRUNE, &point)? {
            tally.cut += 1;
            tally.kills += 1;
            tally.places.insert(point.rsplit_once('#').map_or(point.as_str(), |(name, _)| name).to_owned());
        } else {
            tally.not_reached += 1;
        }
    }
    places.extend(place.recorded(PRUNE)?);
    places.sort();
    places.dedup();
    tally.prunes += 1;
    let now = place.manifests()?;
    if let Some(path) = now.iter().find(|(path, text)| before.get(*path) != Some(*text)).map(|(path, _)| path) {
        return Err(format!("a prune made or changed `{}`", path.display()));
    }
    let databases = |manifests: &Manifests| -> BTreeSet<_> {
        manifests.keys().filter_map(|path| path.parent()?.parent().map(std::path::Path::to_owned)).collect()
    };
    if let Some(path) = databases(&before).difference(&databases(&now)).next() {
        return Err(format!("nothing is left in `{}`", path.display()));
    }
    tally.removed += before.len() - now.len();
    Ok(now)
}

/// What must hold when nothing runs any more.
fn look(place: &Place, tally: &mut Tally) -> Result<(), String> {
    for store in &place.stores {
        let Audit { artifacts, facts, faults } = audit(&place.folder.join(store))?;
        if !faults.is_empty() {
            return Err(format!("store `{store}`:\n  {}", faults.join("\n  ")));
        }
        tally.artifacts += artifacts;
        tally.facts += facts;
    }
    let before = place.said("catalog list --format json")?;
    place.said("catalog rebuild")?;
    let after = place.said("catalog list --format json")?;
    if before != after {
        return Err(format!("the catalog is not what a rebuild makes of it:\n{before}\n{after}"));
    }
    for source in &place.sources {
        place.restored(source)?;
        tally.restores += 1;
    }
    Ok(())
}
