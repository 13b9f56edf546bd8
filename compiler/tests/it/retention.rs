//! Laws of retention over random histories, and the same answers as another program gives where the two should agree.

use compiler::retain::retain;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use schema::fact::StoredArtifact;
use schema::keep::Keep;
use schema::retain::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// 2020-01-01: the other program leaves out what is later than now.
const START: i64 = 1_577_836_800;

/// One artifact: seconds since the one before, whether it is a differential, verified, and days for which it is locked.
type Seed = (i64, bool, bool, Option<i64>);

fn history(seeds: &[Seed]) -> Vec<StoredArtifact> {
    let mut at = START;
    let mut out: Vec<StoredArtifact> = Vec::new();
    for (number, (gap, differential, verified, locked)) in seeds.iter().enumerate() {
        at += gap;
        let parent = out.last().filter(|_| *differential).map(|parent| parent.id.clone());
        let until = |days: i64| Timestamp::from_second(at + days * 86_400).unwrap().to_string();
        out.push(StoredArtifact {
            store: "vault".to_owned(),
            source: "graph".to_owned(),
            database: "orders".to_owned(),
            id: format!("{number:03}"),
            manifest: format!("blake3:{number}"),
            taken: Timestamp::from_second(at).unwrap().to_string(),
            size: 1,
            verified: *verified,
            damaged: false,
            parent,
            locked_until: locked.map(until),
            took: None,
            tombstone: None,
            moved: None,
            checked: None,
            inspected: None,
            drilled: None,
            transaction: None,
            engine: String::new(),
        });
    }
    out
}

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    let gap = prop_oneof![600..7_200_i64, 3_600..200_000_i64, 86_400..4_000_000_i64];
    let seed = (
        gap,
        proptest::bool::weighted(0.4),
        proptest::bool::weighted(0.8),
        proptest::option::weighted(0.1, 1..400_i64),
    );
    proptest::collection::vec(seed, 0..60)
}

fn keep() -> impl Strategy<Value = Keep> {
    let count = || proptest::option::weighted(0.4, 0..6_u32);
    let within = proptest::option::weighted(0.3, 1..8_000_000_u64);
    (count(), count(), count(), count(), count(), count(), within).prop_map(
        |(last, hourly, daily, weekly, monthly, yearly, within)| Keep {
            last,
            hourly,
            daily,
            weekly,
            monthly,
            yearly,
            within,
        },
    )
}

fn has_rules(keep: &Keep) -> bool {
    let counts = [keep.last, keep.hourly, keep.daily, keep.weekly, keep.monthly, keep.yearly];
    counts.into_iter().flatten().any(|count| count > 0) || keep.within.is_some()
}

/// At least as much by every rule.
fn more(keep: &Keep, by: &Keep) -> Keep {
    let sum = |one: Option<u32>, other: Option<u32>| match (one, other) {
        (None, other) => other,
        (Some(one), other) => Some(one + other.unwrap_or(0)),
    };
    Keep {
        last: sum(keep.last, by.last),
        hourly: sum(keep.hourly, by.hourly),
        daily: sum(keep.daily, by.daily),
        weekly: sum(keep.weekly, by.weekly),
        monthly: sum(keep.monthly, by.monthly),
        yearly: sum(keep.yearly, by.yearly),
        within: keep.within.max(by.within),
    }
}

fn kept(verdicts: &[Verdict]) -> BTreeSet<String> {
    verdicts.iter().filter(|verdict| verdict.keep).map(|verdict| verdict.id.clone()).collect()
}

/// Those that are verified with all of their chain, newest first.
fn good(artifacts: &[StoredArtifact]) -> Vec<&StoredArtifact> {
    let by_id: BTreeMap<&str, &StoredArtifact> = artifacts.iter().map(|it| (it.id.as_str(), it)).collect();
    let is_good = |artifact: &&StoredArtifact| {
        let mut at = *artifact;
        loop {
            match (&at.parent, at.verified) {
                (_, false) => return false,
                (None, true) => return true,
                (Some(parent), true) => match by_id.get(parent.as_str()) {
                    Some(parent) => at = parent,
                    None => return false,
                },
            }
        }
    };
    artifacts.iter().rev().filter(is_good).collect()
}

/// What one rule alone keeps, by its definition.
fn by_rule(artifacts: &[StoredArtifact], format: &str, count: Option<u32>) -> BTreeSet<String> {
    let (mut seen, mut out) = (Vec::new(), BTreeSet::new());
    for artifact in good(artifacts) {
        let time: Timestamp = artifact.taken.parse().unwrap();
        let stretch = time.to_zoned(TimeZone::UTC).strftime(format).to_string();
        if seen.len() < count.unwrap_or(0) as usize && !seen.contains(&stretch) {
            seen.push(stretch);
            out.insert(artifact.id.clone());
        }
    }
    out
}

fn at(artifacts: &[StoredArtifact], later: i64) -> Timestamp {
    let last = artifacts.last().map_or(START, |last| last.taken.parse::<Timestamp>().unwrap().as_second());
    Timestamp::from_second(last + later).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_a_rule_keeps_is_kept(seeds in seeds(), keep in keep(), later in 0..3_000_000_i64) {
        let artifacts = history(&seeds);
        let now = at(&artifacts, later);
        let kept = kept(&retain(&artifacts, &keep, now));
        let good = good(&artifacts);
        let rules = [("%Y-%m-%d %H", keep.hourly), ("%Y-%m-%d", keep.daily), ("%G %V", keep.weekly), ("%Y-%m", keep.monthly), ("%Y", keep.yearly)];
        for (format, count) in rules {
            let wanted = by_rule(&artifacts, format, count);
            prop_assert!(wanted.is_subset(&kept), "{format}: {wanted:?} of {kept:?}");
        }
        for artifact in good.iter().take(keep.last.unwrap_or(0) as usize) {
            prop_assert!(kept.contains(&artifact.id), "last");
        }
        for artifact in &good {
            let age = now.as_second() - artifact.taken.parse::<Timestamp>().unwrap().as_second();
            prop_assert!(age >= i64::try_from(keep.within.unwrap_or(0)).unwrap() || kept.contains(&artifact.id), "within");
        }
    }

    #[test]
    fn chains_are_whole_and_the_newest_good_one_and_locked_ones_stay(seeds in seeds(), keep in keep(), later in 0..3_000_000_i64) {
        let artifacts = history(&seeds);
        let now = at(&artifacts, later);
        let verdicts = retain(&artifacts, &keep, now);
        let kept = kept(&verdicts);
        prop_assert_eq!(verdicts.len(), artifacts.len());
        prop_assert!(verdicts.iter().all(|verdict| !verdict.reasons.is_empty()));
        for artifact in &artifacts {
            if let Some(parent) = artifact.parent.as_ref().filter(|_| kept.contains(&artifact.id)) {
                prop_assert!(kept.contains(parent), "{} needs {parent}", artifact.id);
            }
            let locked = artifact.locked_until.as_ref().is_some_and(|until| until.parse::<Timestamp>().unwrap() > now);
            prop_assert!(!locked || kept.contains(&artifact.id), "{} is locked", artifact.id);
        }
        let good = good(&artifacts);
        if let Some(newest) = good.first() {
            prop_assert!(kept.contains(&newest.id), "the newest good one");
        }
        // What was never checked goes only when something better that is older stays.
        let oldest = good.iter().filter(|it| kept.contains(&it.id)).map(|it| it.taken.clone()).min();
        let is_good: BTreeSet<&str> = good.iter().map(|it| it.id.as_str()).collect();
        for artifact in artifacts.iter().filter(|it| !kept.contains(&it.id) && !is_good.contains(it.id.as_str())) {
            prop_assert!(oldest.as_ref().is_some_and(|oldest| artifact.taken < *oldest), "{}", artifact.id);
        }
    }

    #[test]
    fn another_rule_never_deletes_more(seeds in seeds(), keep in keep(), by in keep(), later in 0..3_000_000_i64) {
        prop_assume!(has_rules(&keep));
        let artifacts = history(&seeds);
        let now = at(&artifacts, later);
        let few = kept(&retain(&artifacts, &keep, now));
        let many = kept(&retain(&artifacts, &more(&keep, &by), now));
        prop_assert!(few.is_subset(&many), "{few:?} is more than {many:?}");
    }

    #[test]
    fn what_is_kept_is_kept_again(seeds in seeds(), keep in keep(), later in 0..3_000_000_i64) {
        let artifacts = history(&seeds);
        let now = at(&artifacts, later);
        let once = kept(&retain(&artifacts, &keep, now));
        let left: Vec<StoredArtifact> = artifacts.into_iter().filter(|it| once.contains(&it.id)).collect();
        prop_assert_eq!(kept(&retain(&left, &keep, now)), once);
    }
}

mod restic {
    //! `restic forget --dry-run` on the same histories. Where the two differ on purpose is told in `docs/retention.md`.
    #![expect(clippy::disallowed_types, reason = "the other program has to be started")]

    use super::{START, history, kept};
    use compiler::retain::retain;
    use jiff::Timestamp;
    use schema::keep::Keep;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    const MISSING: &str = "restic is not there. This test compares with it: install it, on Debian by \
        `apt-get install -y --no-install-recommends restic`.";

    struct Repository(PathBuf);

    impl Repository {
        fn new() -> Self {
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("restic-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(folder.join("tree")).unwrap();
            let new = Self(folder);
            new.run(&["init"]);
            new
        }

        fn run(&self, arguments: &[&str]) -> String {
            let mut command = Command::new("restic");
            command.args(arguments).current_dir(&self.0).env("TZ", "UTC").env("RESTIC_PASSWORD", "x");
            let place = |name: &str| self.0.join(name);
            command.env("RESTIC_REPOSITORY", place("repository")).env("RESTIC_CACHE_DIR", place("cache"));
            let done = command.output().unwrap_or_else(|error| panic!("{MISSING} ({error})"));
            assert!(done.status.success(), "restic {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).unwrap()
        }
    }

    impl Drop for Repository {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(Path::new(&self.0));
        }
    }

    /// Gaps in seconds: several a day, some days, and weeks to years.
    const HISTORIES: [&[i64]; 3] = [
        &[0, 1_800, 1_800, 5_000, 40_000, 3_600, 3_600, 3_600, 90_000, 100, 86_400, 86_400, 43_200],
        &[80_000, 86_400, 86_400, 86_400, 86_400, 86_400, 86_400, 86_400, 86_400, 86_400, 200_000, 604_800, 604_800],
        &[
            5_000, 604_800, 2_600_000, 2_700_000, 2_500_000, 9_000_000, 17_000_000, 20_000_000, 40_000_000, 1_000_000,
            90_000,
        ],
    ];

    fn rules() -> Vec<Keep> {
        let none = Keep::default();
        vec![
            Keep { last: Some(3), ..none },
            Keep { hourly: Some(4), ..none },
            Keep { daily: Some(3), ..none },
            Keep { weekly: Some(2), ..none },
            Keep { monthly: Some(5), ..none },
            Keep { yearly: Some(2), ..none },
            Keep { within: Some(3 * 86_400), ..none },
            Keep {
                last: Some(1),
                hourly: Some(2),
                daily: Some(4),
                weekly: Some(3),
                monthly: Some(2),
                yearly: Some(9),
                ..none
            },
            Keep { last: Some(20), ..none },
            Keep { daily: Some(2), within: Some(40 * 86_400), ..none },
        ]
    }

    fn flags(keep: &Keep) -> Vec<String> {
        let counts = [
            ("last", keep.last),
            ("hourly", keep.hourly),
            ("daily", keep.daily),
            ("weekly", keep.weekly),
            ("monthly", keep.monthly),
            ("yearly", keep.yearly),
        ];
        let counts = counts.iter().filter_map(|(name, count)| Some(format!("--keep-{name}={}", (*count)?)));
        counts.chain(keep.within.map(|seconds| format!("--keep-within={}h", seconds / 3_600))).collect()
    }

    #[test]
    fn restic_keeps_the_same() {
        let repository = Repository::new();
        let take = |history: usize| {
            let mut at = START;
            for gap in HISTORIES[history] {
                at += gap;
                let time = Timestamp::from_second(at).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
                repository.run(&["backup", "-q", "--host", &history.to_string(), "--time", &time, "tree"]);
            }
        };
        std::thread::scope(|scope| {
            for history in 0..HISTORIES.len() {
                scope.spawn(move || take(history));
            }
        });
        let mut compared = 0;
        for keep in rules() {
            let flags = flags(&keep);
            let mut arguments = vec!["forget", "--dry-run", "--json", "--group-by", "host"];
            arguments.extend(flags.iter().map(String::as_str));
            let told: serde_json::Value = serde_json::from_str(&repository.run(&arguments)).unwrap();
            for group in told.as_array().unwrap() {
                let number: usize = group["host"].as_str().unwrap().parse().unwrap();
                let times = group["keep"].as_array().unwrap().iter().map(|it| it["time"].as_str().unwrap().to_owned());
                let theirs: BTreeSet<String> = times.collect();
                let seeds: Vec<_> = HISTORIES[number].iter().map(|gap| (*gap, false, true, None)).collect();
                let artifacts = history(&seeds);
                // There, `within` counts from the newest one.
                let newest = artifacts.last().unwrap().taken.parse().unwrap();
                let ids = kept(&retain(&artifacts, &keep, newest));
                let ours = artifacts.iter().filter(|it| ids.contains(&it.id)).map(|it| it.taken.clone());
                assert_eq!(ours.collect::<BTreeSet<String>>(), theirs, "{keep} on history {number}");
                compared += 1;
            }
        }
        assert_eq!(compared, rules().len() * HISTORIES.len());
    }
}
