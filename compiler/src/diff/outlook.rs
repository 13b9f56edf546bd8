//! What the schedules come to, before and after: data that can be lost, time until service is back, room that is needed.
//! None of it is said anywhere; all of it follows.

use super::ledger::{Found, Ledger};
use super::sides::Sides;
use super::words;
use schema::diff::{Code, Kind};
use schema::forecast::{CopyOutlook, Domain, Forecast, Loss, Outlook, Sum};
use schema::step::Action;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let (Some(before), Some(after)) = (&sides.before.plan.forecast, &sides.after.plan.forecast) else { return };
    let known: BTreeMap<_, _> = before.databases.iter().map(|it| ((&it.source, &it.database), it)).collect();
    let same_rules = same_rules(sides);
    for new in &after.databases {
        if let Some(old) = known.get(&(&new.source, &new.database)) {
            Change { old, new }.tell(&same_rules, ledger);
        }
    }
    stores(before, after, ledger);
}

/// Stores whose rules stay: where these keep less, it follows from something else.
fn same_rules<'a>(sides: &Sides<'a>) -> BTreeSet<&'a str> {
    let rules = |steps: &BTreeMap<_, &'a schema::step::Step>| -> BTreeMap<&'a str, schema::keep::Keep> {
        let of = |step: &&'a schema::step::Step| match &step.action {
            Action::Prune { store, keep, .. } => Some((store.as_str(), *keep)),
            _ => None,
        };
        steps.values().filter_map(of).collect()
    };
    let (before, after) = (rules(&sides.before.steps), rules(&sides.after.steps));
    let same = after.into_iter().filter(|(store, keep)| before.get(store) == Some(keep));
    same.map(|(store, _)| store).collect()
}

struct Change<'a> {
    old: &'a Outlook,
    new: &'a Outlook,
}

/// Worse, better and what is said when there is no figure.
#[derive(Clone, Copy)]
struct Figure {
    worse: Code,
    better: Code,
    never: &'static str,
}

const RPO: Figure = Figure { worse: Code::RpoWorse, better: Code::RpoBetter, never: "everything" };
const RTO: Figure = Figure { worse: Code::RtoWorse, better: Code::RtoBetter, never: "never" };

/// Times that differ by less are the same: forecasts are not that sure of themselves. Seconds.
const LEAST: u64 = 60;
/// Amounts that differ by less than such a part are the same.
const LEAST_PART: u64 = 100;
/// The same for how far back restorable points go, which moves a little with every schedule.
const LEAST_PART_BACK: u64 = 20;

fn differ_by_time(one: Option<u64>, other: Option<u64>) -> bool {
    one.zip(other).map_or(one != other, |(one, other)| one.abs_diff(other) >= LEAST)
}

fn differ_by_part(one: u64, other: u64, part: u64) -> bool {
    one.abs_diff(other).saturating_mul(part) >= one.max(other).max(1)
}

/// Both times in words, as exact as it needs to see that they differ.
fn times(one: u64, other: u64) -> (String, String) {
    let (coarse, fine) =
        ((words::time(one), words::time(other)), (words::to_the_minute(one), words::to_the_minute(other)));
    if coarse.0 == coarse.1 { fine } else { coarse }
}

impl<'a> Change<'a> {
    fn found(&self, code: Code) -> Found<'a> {
        Found::new(code, Kind::Database, &self.new.database).of(&self.new.source)
    }

    fn tell(&self, same_rules: &BTreeSet<&str>, ledger: &mut Ledger<'a>) {
        let (old, new) = (self.old, self.new);
        self.figure(RPO, old.rpo.as_ref(), new.rpo.as_ref(), None, ledger);
        self.figure(RTO, old.rto.as_ref(), new.rto.as_ref(), None, ledger);
        let (was, is) = (old.backup_downtime.total, new.backup_downtime.total);
        if differ_by_time(Some(was), Some(is)) {
            let code = if is > was { Code::DowntimeWorse } else { Code::DowntimeBetter };
            let (before, after) = times(was, is);
            ledger.add(self.found(code).values(Some(before), Some(after)).marked(is > was));
        }
        for copy in &new.copies {
            let Some(before) = old.copies.iter().find(|before| before.store == copy.store) else { continue };
            self.copy(before, copy, same_rules.contains(copy.store.as_str()), ledger);
        }
        self.losses(ledger);
    }

    /// A time that is best when it is short; no time at all is the worst.
    fn figure(
        &self,
        figure: Figure,
        old: Option<&'a Sum>,
        new: Option<&'a Sum>,
        store: Option<&'a str>,
        ledger: &mut Ledger<'a>,
    ) {
        let (was, is) = (old.map(|sum| sum.total), new.map(|sum| sum.total));
        if !differ_by_time(was, is) {
            return;
        }
        let longest = |time: Option<u64>| time.unwrap_or(u64::MAX);
        let code = if longest(is) > longest(was) { figure.worse } else { figure.better };
        let shown = |time: Option<u64>| time.map_or_else(|| figure.never.to_owned(), words::time);
        let (before, after) = was.zip(is).map_or_else(|| (shown(was), shown(is)), |(was, is)| times(was, is));
        let found = self.found(code).values(Some(before), Some(after)).breaking(code == figure.worse);
        ledger.add(store.map_or(found.clone(), |store| found.within(store)));
    }

    /// A copy, where it does not say what is said of the database already.
    fn copy(&self, old: &'a CopyOutlook, new: &'a CopyOutlook, same_rules: bool, ledger: &mut Ledger<'a>) {
        let total = |sum: &Option<Sum>| sum.as_ref().map(|sum| sum.total);
        let store = Some(new.store.as_str());
        let told = (total(&self.old.rpo), total(&self.new.rpo));
        if (total(&old.rpo), total(&new.rpo)) != told {
            self.figure(RPO, old.rpo.as_ref(), new.rpo.as_ref(), store, ledger);
        }
        let told = (total(&self.old.rto), total(&self.new.rto));
        if (total(&old.rto), total(&new.rto)) != told {
            self.figure(RTO, old.rto.as_ref(), new.rto.as_ref(), store, ledger);
        }
        let moved = match (old.reach, new.reach) {
            (Some(was), Some(is)) => differ_by_part(was, is, LEAST_PART_BACK),
            (was, is) => was != is,
        };
        if same_rules && moved {
            let farthest = |reach: Option<u64>| reach.unwrap_or(u64::MAX);
            let shorter = farthest(new.reach) < farthest(old.reach);
            let code = if shorter { Code::RetentionShorter } else { Code::RetentionLonger };
            let shown =
                |reach: Option<u64>| reach.map_or_else(|| "all".to_owned(), |it| format!("{} back", words::time(it)));
            let found = self.found(code).within(&new.store).values(Some(shown(old.reach)), Some(shown(new.reach)));
            ledger.add(found.breaking(shorter));
        }
    }

    /// Places with which everything is lost now, and those with which it was.
    fn losses(&self, ledger: &mut Ledger<'a>) {
        let known: BTreeMap<_, _> = self.old.losses.iter().map(|loss| ((loss.domain, &loss.name), loss)).collect();
        let (mut total, mut survived) = (Vec::new(), Vec::new());
        for loss in &self.new.losses {
            let Some(before) = known.get(&(loss.domain, &loss.name)) else { continue };
            match (&before.rpo, &loss.rpo) {
                (Some(_), None) => total.push(place(loss)),
                (None, Some(_)) => survived.push(place(loss)),
                _ => {}
            }
        }
        for (code, places) in [(Code::LossTotal, total), (Code::LossSurvived, survived)] {
            if places.is_empty() {
                continue;
            }
            let (something, nothing) = ("something".to_owned(), format!("nothing without {}", places.join(" or ")));
            let gone = code == Code::LossTotal;
            let (before, after) = if gone { (something, nothing) } else { (nothing, something) };
            ledger.add(self.found(code).values(Some(before), Some(after)).breaking(gone));
        }
    }
}

fn place(loss: &Loss) -> String {
    format!("{} {}", domain(loss.domain), loss.name)
}

fn domain(domain: Domain) -> &'static str {
    match domain {
        Domain::Host => "host",
        Domain::Zone => "zone",
        Domain::Site => "site",
        Domain::Provider => "provider",
        Domain::Account => "account",
        Domain::Store => "store",
    }
}

/// How stores fill up.
fn stores<'a>(before: &'a Forecast, after: &'a Forecast, ledger: &mut Ledger<'a>) {
    let known: BTreeMap<&str, u64> = before.stores.iter().map(|fill| (fill.store.as_str(), fill.year)).collect();
    for fill in &after.stores {
        let Some(was) = known.get(fill.store.as_str()) else { continue };
        if !differ_by_part(*was, fill.year, LEAST_PART) {
            continue;
        }
        let (old, new) = (words::size(*was), words::size(fill.year));
        let code = if fill.year > *was { Code::StorageMore } else { Code::StorageLess };
        let values = (Some(format!("{old} after a year")), Some(format!("{new} after a year")));
        ledger.add(Found::new(code, Kind::Store, &fill.store).values(values.0, values.1));
    }
}
