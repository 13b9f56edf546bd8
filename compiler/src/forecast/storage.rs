//! How stores fill up over the year: bytes of all copies, day by day. A full copy is as large as its database was when it
//! was taken; a differential holds what changed since its parent. What one database needs is reckoned in full copies of
//! today and in seconds of change, so that all that are treated alike are reckoned once.

use super::DAY;
use super::history::{History, NEVER};
use super::size::{ONE, Size, Sizes};
use super::world::World;
use schema::forecast::{Fill, Term};
use std::collections::BTreeMap;

/// What stores hold on each day, by store: at its end, and at most.
#[derive(Debug)]
pub(super) struct Ledger {
    ends: Vec<Vec<u128>>,
    peaks: Vec<Vec<u128>>,
    /// At the year's end, by store and source.
    of_source: BTreeMap<(usize, usize), u128>,
    days: usize,
}

/// How much of one database is in a store: billionths of a full copy of today, and seconds of change.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    fulls: i128,
    seconds: i128,
}

impl Ledger {
    /// For so many stores and days.
    pub(super) fn new(stores: usize, days: usize) -> Self {
        let empty = || vec![vec![0; days]; stores];
        Self { ends: empty(), peaks: empty(), of_source: BTreeMap::new(), days }
    }

    /// Adds databases that share a history, each with its source.
    pub(super) fn add(&mut self, history: &History, start: i64, sizes: &Sizes, units: &[(usize, Size)]) {
        let all = |of: fn(&Size) -> u64| units.iter().map(|(_, size)| i128::from(of(size))).sum::<i128>();
        let (full, change) = (all(|size| size.full), all(|size| size.change));
        let bytes = |held: &Held, full: i128, change: i128| {
            let changed = held.seconds.saturating_mul(change);
            let bytes = (held.fulls.saturating_mul(full) / i128::from(ONE)).saturating_add(changed);
            bytes.unsigned_abs()
        };
        for (store, (ends, peaks)) in self.ends.iter_mut().zip(&mut self.peaks).enumerate() {
            if history.copies.get(store).is_none_or(Vec::is_empty) {
                continue;
            }
            let (at_end, at_most) = days(history, store, start, sizes, self.days);
            for (sum, held) in ends.iter_mut().zip(&at_end).chain(peaks.iter_mut().zip(&at_most)) {
                *sum = sum.saturating_add(bytes(held, full, change));
            }
            let Some(last) = at_end.get(self.days.saturating_sub(1)) else { continue };
            for (source, size) in units {
                let amount = bytes(last, i128::from(size.full), i128::from(size.change));
                if amount > 0 {
                    let sum = self.of_source.entry((store, *source)).or_default();
                    *sum = sum.saturating_add(amount);
                }
            }
        }
    }

    /// Bytes of a store at the end of each day.
    pub(super) fn level(&self, store: usize) -> Vec<u64> {
        let days = self.ends.get(store).into_iter().flatten();
        days.map(|bytes| u64::try_from(*bytes).unwrap_or(u64::MAX)).collect()
    }

    /// What that comes to, by store.
    pub(super) fn fills(&self, world: &World<'_>) -> Vec<Fill> {
        let number = |bytes: u128| u64::try_from(bytes).unwrap_or(u64::MAX);
        let stores = world.plan.stores.iter().enumerate();
        let fill = |(at, store): (usize, &schema::store::Store)| {
            let on = |day: usize| self.ends.get(at).and_then(|days| days.get(day)).copied().unwrap_or_default();
            let peak = self.peaks.get(at).and_then(|days| days.iter().max()).copied();
            let of_source = self.of_source.range((at, 0)..(at + 1, 0)).map(|((_, source), bytes)| {
                let source = world.plan.sources.get(*source).map_or("", |source| source.name.as_str());
                Term { amount: number(*bytes), what: format!("copies of `{source}`") }
            });
            let by: Vec<Term> = of_source.collect();
            // Rounded by source, so that the terms add up.
            let year = by.iter().map(|term| term.amount).fold(0, u64::saturating_add);
            let peak = number(peak.unwrap_or_default()).max(year);
            Fill { store: store.name.clone(), month: number(on(29)), year, peak, by }
        };
        stores.map(fill).collect()
    }
}

/// What is held of one database on each day: at its end, and at most. What goes on a day is still counted at most.
fn days(history: &History, store: usize, start: i64, sizes: &Sizes, count: usize) -> (Vec<Held>, Vec<Held>) {
    let (mut ends, mut peaks) = (vec![Held::default(); count + 1], vec![Held::default(); count + 1]);
    let end = start.saturating_add(i64::try_from(count).unwrap_or(0).saturating_mul(DAY));
    let copies = history.copies.get(store).into_iter().flatten();
    let day = |at: i64| usize::try_from((at - start).div_euclid(DAY)).unwrap_or(0).min(count);
    let mut grown: Option<(i64, u64)> = None;
    for (artifact, copy) in history.artifacts.iter().zip(copies).filter(|(_, copy)| copy.present < NEVER) {
        if copy.present >= end {
            continue;
        }
        let held = match artifact.parent.and_then(|parent| history.artifacts.get(parent)) {
            Some(parent) if artifact.differential => {
                Held { fulls: 0, seconds: i128::from((artifact.taken - parent.taken).max(0)) }
            }
            _ => {
                let on = (artifact.taken - start).div_euclid(DAY);
                let factor = match grown {
                    Some((known, factor)) if known == on => factor,
                    _ => sizes.grown((on + 1) * DAY),
                };
                grown = Some((on, factor));
                Held { fulls: i128::from(factor), seconds: 0 }
            }
        };
        let (from, to) = (day(copy.present), day(copy.gone));
        change(&mut ends, from, to, held);
        change(&mut peaks, from, (to + 1).min(count), held);
    }
    (run(ends), run(peaks))
}

/// From a day on, and before another one.
fn change(days: &mut [Held], from: usize, to: usize, by: Held) {
    if let Some(day) = days.get_mut(from) {
        *day = Held { fulls: day.fulls + by.fulls, seconds: day.seconds + by.seconds };
    }
    if let Some(day) = days.get_mut(to) {
        *day = Held { fulls: day.fulls - by.fulls, seconds: day.seconds - by.seconds };
    }
}

/// Changes to what there is.
fn run(changes: Vec<Held>) -> Vec<Held> {
    let mut sum = Held::default();
    let add = |change: Held| {
        sum = Held { fulls: sum.fulls + change.fulls, seconds: sum.seconds + change.seconds };
        sum
    };
    changes.into_iter().map(add).collect()
}
