//! What the schedules come to, before and after: data that can be lost, time until service is back, room that is needed.
//! None of it is said anywhere; all of it follows.

use super::ledger::{Found, Ledger};
use super::sides::Sides;
use super::words;
use schema::diff::{Code, Kind};
use schema::forecast::{CopyOutlook, Domain, Forecast, Loss, Outlook, Sum};
use schema::step::Action;
use std::cmp::Ordering;
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
            Action::Prune { store, keep } => Some((store.as_str(), *keep)),
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

const RPO: Figure = Figure { worse: Code::RpoWorse, better: Code::RpoBetter, never: "without an end" };
const RTO: Figure = Figure { worse: Code::RtoWorse, better: Code::RtoBetter, never: "never" };

impl<'a> Change<'a> {
    fn found(&self, code: Code) -> Found<'a> {
        Found::new(code, Kind::Database, &self.new.database).of(&self.new.source)
    }

    fn tell(&self, same_rules: &BTreeSet<&str>, ledger: &mut Ledger<'a>) {
        let (old, new) = (self.old, self.new);
        self.figure(RPO, old.rpo.as_ref(), new.rpo.as_ref(), None, ledger);
        self.figure(RTO, old.rto.as_ref(), new.rto.as_ref(), None, ledger);
        let (was, is) = (old.backup_downtime.total, new.backup_downtime.total);
        if was != is {
            let code = if is > was { Code::DowntimeWorse } else { Code::DowntimeBetter };
            let values = (Some(words::time(was)), Some(words::time(is)));
            ledger.add(self.found(code).values(values.0, values.1).marked(is > was));
        }
        for copy in &new.copies {
            let Some(before) = old.copies.iter().find(|before| before.store == copy.store) else { continue };
            self.copy(before, copy, same_rules.contains(copy.store.as_str()), ledger);
        }
        for loss in &new.losses {
            let same = |before: &&Loss| (before.domain, &before.name) == (loss.domain, &loss.name);
            if let Some(before) = old.losses.iter().find(same) {
                self.loss(before, loss, ledger);
            }
        }
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
        let total = |sum: Option<&Sum>| sum.map_or(u64::MAX, |sum| sum.total);
        let code = match total(new).cmp(&total(old)) {
            Ordering::Equal => return,
            Ordering::Greater => figure.worse,
            Ordering::Less => figure.better,
        };
        let shown = |sum: Option<&Sum>| sum.map_or_else(|| figure.never.to_owned(), |sum| words::time(sum.total));
        let found = self.found(code).values(Some(shown(old)), Some(shown(new))).breaking(code == figure.worse);
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
        if same_rules && old.reach != new.reach {
            let farthest = |reach: Option<u64>| reach.unwrap_or(u64::MAX);
            let shorter = farthest(new.reach) < farthest(old.reach);
            let code = if shorter { Code::RetentionShorter } else { Code::RetentionLonger };
            let shown =
                |reach: Option<u64>| reach.map_or_else(|| "all".to_owned(), |it| format!("{} back", words::time(it)));
            let found = self.found(code).within(&new.store).values(Some(shown(old.reach)), Some(shown(new.reach)));
            ledger.add(found.breaking(shorter));
        }
    }

    fn loss(&self, old: &'a Loss, new: &'a Loss, ledger: &mut Ledger<'a>) {
        let code = match (&old.rpo, &new.rpo) {
            (Some(_), None) => Code::LossTotal,
            (None, Some(_)) => Code::LossSurvived,
            _ => return,
        };
        let left = |loss: &Loss| {
            let left = if loss.left.is_empty() { "nothing".to_owned() } else { loss.left.join(", ") };
            Some(format!("{} {} lost: {left} left", domain(loss.domain), loss.name))
        };
        ledger.add(self.found(code).values(left(old), left(new)).breaking(code == Code::LossTotal));
    }
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

/// How stores fill up, where it can be seen in the figures that are shown.
fn stores<'a>(before: &'a Forecast, after: &'a Forecast, ledger: &mut Ledger<'a>) {
    let known: BTreeMap<&str, u64> = before.stores.iter().map(|fill| (fill.store.as_str(), fill.year)).collect();
    for fill in &after.stores {
        let Some(was) = known.get(fill.store.as_str()) else { continue };
        let (old, new) = (words::size(*was), words::size(fill.year));
        if old == new {
            continue;
        }
        let code = if fill.year > *was { Code::StorageMore } else { Code::StorageLess };
        let values = (Some(format!("{old} after a year")), Some(format!("{new} after a year")));
        ledger.add(Found::new(code, Kind::Store, &fill.store).values(values.0, values.1));
    }
}
