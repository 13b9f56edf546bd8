//! The truth: random strategies, and a walk through every minute of their year that knows nothing of the forecast's code.

use compiler::forecast::{REFERENCE, YEAR};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

const DAY: i64 = 86_400;
const MIB: u64 = 1 << 20;
/// As far as a forecast looks.
pub(crate) const END: i64 = REFERENCE + YEAR + 70 * DAY;

const ZONES: [&str; 5] = ["UTC", "Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];

/// When a job is due, in local time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// Every so many minutes of the hour.
    Minutes(i64),
    /// At a minute, every so many hours.
    Hours(i64, i64),
    /// Hour and minute.
    Daily(i64, i64),
    /// Day from Sunday, hour and minute.
    Weekly(i64, i64, i64),
    /// Day, hour and minute.
    Monthly(i64, i64, i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Work {
    when: When,
    zone: usize,
    /// Minutes after midnight.
    window: Option<(i64, i64)>,
    waits: bool,
    verify: bool,
    transfer: bool,
    verify_copy: bool,
    /// MiB per second.
    bandwidth: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// MiB, MiB a day, MiB a second.
    size: u64,
    change: u64,
    network: u64,
    full: Work,
    diff: Option<Work>,
    /// Hour of a daily prune, with counts of last, hourly, daily, weekly, monthly, yearly, and days within.
    tidy: Option<(i64, [u64; 7])>,
}

fn when(often: bool) -> BoxedStrategy<When> {
    let minute = || prop_oneof![Just(0_i64), 0..60_i64];
    let daily = (0..24_i64, minute()).prop_map(|(hour, minute)| When::Daily(hour, minute));
    let hours = (minute(), prop_oneof![Just(1_i64), Just(2), Just(3), Just(6), Just(5)]);
    let hours = hours.prop_map(|(minute, every)| When::Hours(minute, every));
    if often {
        let minutes = prop_oneof![Just(30_i64), Just(20), Just(25)].prop_map(When::Minutes);
        return prop_oneof![minutes, hours, daily].boxed();
    }
    let weekly = (0..7_i64, 0..24_i64, minute()).prop_map(|(day, hour, minute)| When::Weekly(day, hour, minute));
    let monthly = (1..29_i64, 0..24_i64, minute()).prop_map(|(day, hour, minute)| When::Monthly(day, hour, minute));
    prop_oneof![3 => daily, 3 => weekly, 1 => monthly, 1 => hours].boxed()
}

fn work(often: bool) -> impl Strategy<Value = Work> {
    let window = proptest::option::weighted(0.25, (0..48_i64, 8..47_i64));
    let window = window.prop_map(|it| it.map(|(from, long)| (from * 30, (from + long) * 30 % 1_440)));
    let flags = (any::<bool>(), proptest::bool::weighted(0.8), proptest::bool::weighted(0.7), any::<bool>());
    let bandwidth = proptest::option::weighted(0.3, 1..40_u64);
    (when(often), 0..ZONES.len(), window, flags, bandwidth).prop_map(|(when, zone, window, flags, bandwidth)| {
        let (waits, verify, transfer, verify_copy) = flags;
        Work { when, zone, window, waits, verify, transfer, verify_copy, bandwidth }
    })
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let count = || prop_oneof![2 => Just(0_u64), 1 => 1..8_u64];
    let counts = [
        count().boxed(),
        count().boxed(),
        count().boxed(),
        count().boxed(),
        count().boxed(),
        count().boxed(),
        count().boxed(),
    ];
    let tidy = proptest::option::weighted(0.8, (0..24_i64, counts));
    let diff = proptest::option::weighted(0.7, work(true));
    let sizes = (1..400_000_u64, 1..100_000_u64, 5..300_u64);
    (sizes, work(false), diff, tidy).prop_map(|((size, change, network), full, diff, tidy)| {
        let tidy = tidy.filter(|(_, counts)| counts.iter().any(|count| *count > 0));
        Case { size, change, network, full, diff, tidy }
    })
}

/// One that has everything.
pub(crate) fn sample() -> Case {
    let full = Work {
        when: When::Weekly(0, 1, 0),
        zone: 1,
        window: None,
        waits: true,
        verify: true,
        transfer: true,
        verify_copy: true,
        bandwidth: Some(20),
    };
    let diff = Work { when: When::Minutes(30), ..full.clone() };
    Case { size: 10_000, change: 1_000, network: 100, full, diff: Some(diff), tidy: Some((12, [2, 0, 7, 4, 0, 0, 0])) }
}

impl When {
    fn cron(self) -> String {
        match self {
            Self::Minutes(every) => format!("*/{every} * * * *"),
            Self::Hours(minute, every) => format!("{minute} */{every} * * *"),
            Self::Daily(hour, minute) => format!("{minute} {hour} * * *"),
            Self::Weekly(day, hour, minute) => format!("{minute} {hour} * * {day}"),
            Self::Monthly(day, hour, minute) => format!("{minute} {hour} {day} * *"),
        }
    }

    /// Whether it is due at a local time: minute of the day, day of the week and of the month.
    fn is(self, minute: i64, week: i64, month: i64) -> bool {
        match self {
            Self::Minutes(every) => (minute % 60) % every == 0,
            Self::Hours(at, every) => minute % 60 == at && (minute / 60) % every == 0,
            Self::Daily(hour, at) => minute == hour * 60 + at,
            Self::Weekly(day, hour, at) => week == day && minute == hour * 60 + at,
            Self::Monthly(day, hour, at) => month == day && minute == hour * 60 + at,
        }
    }

    /// One time of day: it runs when that time is skipped, and once when it comes twice.
    fn is_fixed(self) -> bool {
        matches!(self, Self::Daily(..) | Self::Weekly(..) | Self::Monthly(..))
    }
}

impl Case {
    pub(crate) fn names(&self) -> Vec<&'static str> {
        if self.diff.is_some() { vec!["full", "diff"] } else { vec!["full"] }
    }

    fn works(&self) -> Vec<&Work> {
        std::iter::once(&self.full).chain(&self.diff).collect()
    }

    /// The strategy.
    pub(crate) fn text(&self) -> String {
        let Self { size, change, network, .. } = self;
        let mut out = format!(
            "strategy \"random\" {{
    environment \"development\"
    workload {{ size \"{size}MiB\"; change-rate \"{change}MiB/day\"; }}
    resources {{ network \"{network}MiB/s\"; }}
    source \"graph\" engine=\"neo4j\" {{
        edition \"enterprise\"; version \"2026.09\"; admin \"/x/a\"; databases \"orders\"; work \"/w\"
        server \"core-1\" backup=\"g1:6362\"
    }}
    store \"vault\" plugin=\"fs\" {{ path \"a\"; }}
    store \"cloud\" plugin=\"fs\" {{ path \"b\"; host \"nas\"; }}\n"
        );
        for (name, work) in self.names().into_iter().zip(self.works()) {
            let kind = if name == "full" { "full" } else { "differential" };
            let zone = ZONES[work.zone];
            out += &format!("    job \"{name}\" {{\n        schedule \"{}\" timezone=\"{zone}\"\n", work.when.cron());
            if let Some((from, to)) = work.window {
                let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
                out += &format!("        window \"{}\" \"{}\"\n", time(from), time(to));
            }
            out += &format!("        on-overlap \"{}\"\n", if work.waits { "wait" } else { "skip" });
            out += &format!("        backup \"graph\" type=\"{kind}\" to=\"vault\"\n");
            if work.verify {
                out += "        verify \"vault\"\n";
            }
            if work.transfer {
                let limit = work.bandwidth.map(|it| format!(" bandwidth=\"{it}MiB/s\"")).unwrap_or_default();
                out += &format!("        transfer from=\"vault\" to=\"cloud\"{limit}\n");
                if work.verify_copy {
                    out += "        verify \"cloud\"\n";
                }
            }
            out += "    }\n";
        }
        if let Some((hour, counts)) = &self.tidy {
            let names = ["last", "hourly", "daily", "weekly", "monthly", "yearly"];
            let rules = names.iter().zip(counts).filter(|(_, count)| **count > 0);
            let mut rules: Vec<String> = rules.map(|(name, count)| format!("{name} {count}")).collect();
            if counts[6] > 0 {
                rules.push(format!("within \"{}d\"", counts[6]));
            }
            let rules = rules.join("; ");
            out += &format!("    job \"tidy\" {{ schedule \"0 {hour} * * *\"; prune \"vault\"; prune \"cloud\"; }}\n");
            out += &format!("    keep in=\"vault\" {{ {rules}; }}\n    keep in=\"cloud\" {{ {rules}; }}\n");
        }
        out + "}\n"
    }
}

/// Store, taken, present, restorable, gone.
type Copied = (u32, i64, i64, Option<i64>, Option<i64>);
/// Minute of the day, days of the week and of the month.
type Minutes = Rc<Vec<(i16, i8, i8)>>;
/// Runs that begin and that are left out, by job.
type Counts = Vec<(u64, u64)>;
/// Present, good, gone.
type There = (i64, Option<i64>, Option<i64>);

/// What really happens.
pub(crate) struct Truth {
    /// In the vault, in the cloud, and in either.
    pub(crate) worst: [Option<i64>; 3],
    /// After 30 days and after the year, by store.
    pub(crate) bytes: [(u64, u64); 2],
    /// Runs that begin and that are left out within the year, by job.
    pub(crate) runs: Vec<(u64, u64)>,
    /// Store, taken, present, restorable, gone; sorted.
    pub(crate) copies: Vec<Copied>,
}

/// Minute of the day, days of the week and of the month, for every minute until the end, and a minute before.
fn local(zone: usize) -> Minutes {
    thread_local! { static KNOWN: RefCell<BTreeMap<usize, Minutes>> = const { RefCell::new(BTreeMap::new()) }; }
    KNOWN.with_borrow_mut(|known| {
        let made = known.entry(zone).or_insert_with(|| {
            let zone: TimeZone = TimeZoneDatabase::bundled().get(ZONES[zone]).unwrap();
            let minutes = (REFERENCE - 60..END).step_by(60).map(|at| {
                let time = zone.to_datetime(Timestamp::from_second(at).unwrap());
                let minute = i16::from(time.hour()) * 60 + i16::from(time.minute());
                (minute, time.weekday().to_sunday_zero_offset(), time.day())
            });
            Rc::new(minutes.collect())
        });
        Rc::clone(made)
    })
}

/// Every minute at which a job is due, as seconds.
fn due(work: &Work) -> Vec<i64> {
    let local = local(work.zone);
    let mut out: Vec<i64> = Vec::new();
    // Local times of the last hours, to know one that comes again.
    let mut repeats_until = 0;
    for (number, pair) in local.windows(2).enumerate() {
        let at = REFERENCE + i64::try_from(number).unwrap() * 60;
        let (before, (minute, week, month)) = (i64::from(pair[0].0), pair[1]);
        let (minute, week, month) = (i64::from(minute), i64::from(week), i64::from(month));
        let jump = (minute - before).rem_euclid(1_440);
        if jump != 1 && jump > 720 {
            repeats_until = at + (1_440 - jump + 1) * 60;
        }
        let skipped = jump != 1 && jump <= 720;
        let missed = skipped && work.when.is_fixed() && (1..jump).any(|by| work.when.is(before + by, week, month));
        let again = work.when.is_fixed() && at < repeats_until;
        if missed || (work.when.is(minute, week, month) && !again) {
            out.push(at);
        }
    }
    out
}

fn open(work: &Work, at: i64) -> bool {
    let Some((from, to)) = work.window else { return true };
    let number = usize::try_from((at - REFERENCE).div_euclid(60) + 1).unwrap();
    let Some((minute, ..)) = local(work.zone).get(number).copied() else {
        // Beyond the end: asked of the zone itself.
        let zone = TimeZoneDatabase::bundled().get(ZONES[work.zone]).unwrap();
        let time = zone.to_datetime(Timestamp::from_second(at).unwrap());
        return within(i64::from(time.hour()) * 60 + i64::from(time.minute()), from, to);
    };
    within(i64::from(minute), from, to)
}

fn within(minute: i64, from: i64, to: i64) -> bool {
    if from < to { from <= minute && minute < to } else { minute >= from || minute < to }
}

/// Seconds from the start of a run: taken, in the vault, good there, in the cloud, good there, end.
struct Times {
    taken: i64,
    vault: (i64, i64),
    cloud: Option<(i64, i64)>,
    end: i64,
}

fn times(work: &Work, bytes: u64, network: u64) -> Times {
    let disk = 150 * MIB;
    let remote = disk.min(network);
    let step = |rate: u64| i64::try_from(bytes.div_ceil(rate)).unwrap() + 5;
    let taken = 5;
    let mut at = taken + step((80 * MIB).min(network).min(disk));
    let mut vault = (at, at);
    if work.verify {
        at += step(disk);
        vault.1 = at;
    }
    let cloud = work.transfer.then(|| {
        at += step(remote.min(work.bandwidth.map_or(u64::MAX, |it| it * MIB)));
        let present = at;
        if work.verify_copy {
            at += step(remote);
        }
        (present, at)
    });
    Times { taken, vault, cloud, end: at }
}

struct Art {
    job: usize,
    taken: i64,
    parent: Option<usize>,
    bytes: u64,
    /// By store: present, good, gone.
    copies: [Option<There>; 2],
    /// Hour, day, week, month and year in UTC.
    stretches: [i64; 5],
}

fn stretches(at: i64) -> [i64; 5] {
    let time = Timestamp::from_second(at).unwrap().to_zoned(TimeZone::UTC);
    let week = time.date().iso_week_date();
    let year = i64::from(time.year());
    let week = i64::from(week.year()) * 100 + i64::from(week.week());
    [at / 3_600, at / DAY, week, year * 12 + i64::from(time.month()), year]
}

pub(crate) fn truth(case: &Case, change: u64) -> Truth {
    let works = case.works();
    let dues: Vec<Vec<i64>> = works.iter().map(|work| due(work)).collect();
    let full = case.size * MIB;
    let longest = |due: &[i64]| due.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    let bytes = |job: usize| match job {
        0 => full,
        _ => (change * 2 * u64::try_from(longest(&dues[1])).unwrap()).min(full.max(change)),
    };
    let spent: Vec<Times> =
        works.iter().enumerate().map(|(job, work)| times(work, bytes(job), case.network * MIB)).collect();
    let (runs, starts) = walk(&works, &dues, &spent);
    let mut arts: Vec<Art> = Vec::new();
    for (start, job) in starts {
        let Times { taken, vault, cloud, .. } = &spent[job];
        let parent = arts.len().checked_sub(1);
        if job == 1 && parent.is_none() {
            continue;
        }
        let parent = parent.filter(|_| job == 1);
        let taken = start + taken;
        let copy = |store: usize, times: Option<&(i64, i64)>, arts: &[Art]| {
            let (present, good) = times?;
            let good = start + good;
            let good = match parent {
                None => Some(good),
                Some(parent) => arts[parent].copies[store].and_then(|(_, of_parent, _)| Some(of_parent?.max(good))),
            };
            Some((start + present, good, None))
        };
        let copies = [copy(0, Some(vault), &arts), copy(1, cloud.as_ref(), &arts)];
        let bytes = parent.map_or(full, |parent| change * u64::try_from(taken - arts[parent].taken).unwrap());
        arts.push(Art { job, taken, parent, bytes, copies, stretches: stretches(taken) });
    }
    if let Some((hour, counts)) = &case.tidy {
        // Those that were taken by then and are not removed.
        let (mut left, mut next) = ([Vec::new(), Vec::new()], 0);
        for at in (REFERENCE + hour * 3_600..END).step_by(86_400) {
            while arts.get(next).is_some_and(|art| art.taken <= at + 60) {
                left.iter_mut().for_each(|left| left.push(next));
                next += 1;
            }
            for (store, left) in left.iter_mut().enumerate() {
                prune(&works, &mut arts, store, at + 60, counts, left);
            }
        }
    }
    let worst = [worst(&arts, &[0]), worst(&arts, &[1]), worst(&arts, &[0, 1])];
    let held = |store: usize, days: i64| {
        let end = REFERENCE + days * DAY;
        let there = arts.iter().filter(|art| {
            art.copies[store].is_some_and(|(present, _, gone)| present < end && gone.is_none_or(|gone| gone >= end))
        });
        there.map(|art| art.bytes).sum::<u64>()
    };
    let bytes = [0, 1].map(|store| (held(store, 30), held(store, 366)));
    Truth { worst, bytes, runs, copies: copies(&arts) }
}

/// All copies that are there before the end, sorted.
fn copies(arts: &[Art]) -> Vec<Copied> {
    let before_end = |at: Option<i64>| at.filter(|at| *at < END);
    let mut copies = Vec::new();
    for art in arts {
        for (store, copy) in (0..).zip(&art.copies) {
            if let Some((present, good, gone)) = copy.filter(|(present, ..)| *present < END) {
                let good = before_end(good).filter(|good| gone.is_none_or(|gone| *good < gone));
                copies.push((store, art.taken, present, good, before_end(gone)));
            }
        }
    }
    copies.sort_unstable();
    copies
}

/// Minute by minute: what begins, what waits, what is left out. Starts with their jobs, in order.
fn walk(works: &[&Work], dues: &[Vec<i64>], spent: &[Times]) -> (Counts, Vec<(i64, usize)>) {
    let mut counts = vec![(0_u64, 0_u64); works.len()];
    let mut starts = Vec::new();
    let mut running: Option<i64> = None;
    // When it was due, and the job.
    let mut waiting: Vec<(i64, usize)> = Vec::new();
    let mut minute = REFERENCE;
    let year = REFERENCE + YEAR;
    let mut next = vec![0; works.len()];
    while minute < END || running.is_some() {
        while let Some(end) = running.filter(|end| *end <= minute) {
            running = None;
            waiting.sort_unstable();
            while running.is_none() && !waiting.is_empty() {
                let (due, job) = waiting.remove(0);
                let began = open(works[job], end);
                if began {
                    running = Some(end + spent[job].end);
                    starts.push((end, job));
                }
                if due < year {
                    if began { counts[job].0 += 1 } else { counts[job].1 += 1 }
                }
            }
        }
        for job in 0..works.len() {
            if dues[job].get(next[job]) != Some(&minute) {
                continue;
            }
            next[job] += 1;
            let begins = open(works[job], minute) && running.is_none();
            if begins {
                running = Some(minute + spent[job].end);
                starts.push((minute, job));
            } else if open(works[job], minute) && works[job].waits && !waiting.iter().any(|(_, other)| *other == job) {
                waiting.push((minute, job));
                continue;
            }
            if minute < year {
                if begins { counts[job].0 += 1 } else { counts[job].1 += 1 }
            }
        }
        // Nothing happens before the next time at which one is due or ends.
        let due = (0..works.len()).filter_map(|job| dues[job].get(next[job]).copied()).min();
        let soon = [due, running].into_iter().flatten().min().unwrap_or(END);
        minute = (minute + 60).max(REFERENCE + (soon - REFERENCE + 59).div_euclid(60) * 60);
    }
    (counts, starts)
}

/// Rule by rule, by its definition.
fn prune(works: &[&Work], arts: &mut [Art], store: usize, now: i64, counts: &[u64; 7], left: &mut Vec<usize>) {
    let there = |art: &Art| art.copies[store].is_some_and(|(present, _, gone)| present <= now && gone.is_none());
    let checks = |art: &Art| if store == 0 { works[art.job].verify } else { works[art.job].verify_copy };
    let all: Vec<usize> = left.iter().copied().filter(|at| there(&arts[*at])).collect();
    let mut good = vec![false; arts.len()];
    for at in all.iter().copied() {
        let checked = checks(&arts[at]) && arts[at].copies[store].unwrap().1.is_some_and(|good| good <= now);
        good[at] = checked && arts[at].parent.is_none_or(|parent| good[parent]);
    }
    let newest: Vec<usize> = all.iter().copied().rev().filter(|at| good[*at]).collect();
    let mut keep = vec![false; arts.len()];
    newest.iter().take(usize::try_from(counts[0]).unwrap().max(1)).for_each(|at| keep[*at] = true);
    for stretch in 0..5 {
        let mut seen: Vec<i64> = Vec::new();
        for at in &newest {
            let here = arts[*at].stretches[stretch];
            if seen.last() != Some(&here) {
                seen.push(here);
                if seen.len() > usize::try_from(counts[stretch + 1]).unwrap() {
                    break;
                }
                keep[*at] = true;
            }
        }
    }
    for at in &newest {
        if counts[6] > 0 && now - arts[*at].taken < i64::try_from(counts[6]).unwrap() * DAY {
            keep[*at] = true;
        }
    }
    let with_chains = |keep: &mut Vec<bool>| {
        for at in all.iter().copied().rev() {
            if let Some(parent) = arts[at].parent.filter(|_| keep[at]) {
                keep[parent] = true;
            }
        }
    };
    with_chains(&mut keep);
    let oldest = all.iter().copied().filter(|at| keep[*at] && good[*at]).map(|at| arts[at].taken).min();
    for at in all.iter().copied() {
        keep[at] |= !good[at] && oldest.is_none_or(|oldest| arts[at].taken >= oldest);
    }
    with_chains(&mut keep);
    let removed: Vec<usize> = all.iter().copied().filter(|at| !keep[*at]).collect();
    for at in &removed {
        arts[*at].copies[store].as_mut().unwrap().2 = Some(now);
    }
    left.retain(|at| removed.binary_search(at).is_err());
}

/// The most that is lost at any minute between the first copy that can be relied on and the last.
fn worst(arts: &[Art], stores: &[usize]) -> Option<i64> {
    let good = |art: &Art| stores.iter().filter_map(|store| art.copies[*store]?.1).min();
    let mut goods: Vec<(i64, i64)> = arts.iter().filter_map(|art| Some((good(art)?, art.taken))).collect();
    goods.sort_unstable();
    let (first, mut newest) = *goods.first()?;
    let mut worst = None;
    for (good, taken) in goods {
        // The last minute before a newer one is there loses most.
        if taken > newest && good > first {
            let minute = REFERENCE + (good - REFERENCE).div_euclid(60) * 60;
            worst = worst.max(Some(minute - newest));
        }
        newest = newest.max(taken);
    }
    worst
}
