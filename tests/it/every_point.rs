//! Every point of a run, found by running: a recording run names the places that it comes by, then the process is killed
//! at each of them, the command is given again, and what stands in the stores, the source and the catalog is looked at.

use crate::receiver::Receiver;
use crate::space::{Space, ended, tree};
use crate::stand_in::StandIn;
use crate::stores::{audit, check_catalog};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Processes that are killed and resumed at once.
const AT_ONCE: usize = 2;

/// Places that a recording run came by, each with how often.
pub(crate) fn recorded(space: &Space, arguments: &str) -> BTreeMap<String, u32> {
    let log = space.path("places.log");
    ended(space.command(arguments).env("BACKSTAY_FAULT_LOG", &log)).expect(0);
    let mut places: BTreeMap<String, u32> = BTreeMap::new();
    for line in fs::read_to_string(log).unwrap().lines() {
        let (name, _) = line.rsplit_once('#').unwrap();
        *places.entry(name.to_owned()).or_default() += 1;
    }
    places
}

/// The passes that are tried: the first, the middle and the last. Of those that race when a store is set up only the first
/// is sure to come.
fn passes(places: &BTreeMap<String, u32>) -> Vec<String> {
    let mut chosen = Vec::new();
    for (name, count) in places {
        let raced = name.contains("/probe");
        let mut wanted = if raced { vec![1] } else { vec![1, count.div_ceil(2), *count] };
        wanted.dedup();
        chosen.extend(wanted.into_iter().map(|pass| format!("{name}#{pass}")));
    }
    chosen
}

/// Tries all points, some at once, and fails with everything that went wrong.
pub(crate) fn at_each(what: &str, places: &BTreeMap<String, u32>, one: impl Fn(&str) + Sync) {
    let points = passes(places);
    let passed: u32 = places.values().sum();
    println!("{what}: {} points ({passed} passes), killed at {}", places.len(), points.len());
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| one(point)));
                    if let Err(panic) = tried {
                        let text = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "panicked".to_owned());
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push(format!("at {point}: {text}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(wrong.is_empty(), "{what}: {} of {} points\n{}", wrong.len(), points.len(), wrong.join("\n\n"));
}

/// A run killed at `point`, and the same command after it, unless it had ended: then it would be another run.
fn killed_and_again(space: &Space, point: &str) {
    space.run_until(point, "run").expect(137);
    let ended = point.starts_with("journal/run-ended/after");
    space.run(if ended { "run --resume" } else { "run" }).expect(i32::from(ended));
}

fn small_tree(space: &Space) {
    space.write("data/one.txt", b"one\n");
    space.write("data/two/three.bin", &crate::space::noise(40_000));
    space.write("data/empty", b"");
    std::os::unix::fs::symlink("one.txt", space.path("data/link")).unwrap();
}

/// Files in store A, verified, brought to store B, verified there, and a webhook told.
fn two_stores(receiver: &Receiver) -> Space {
    let space = Space::example("01-quickstart");
    small_tree(&space);
    let notify = format!(
        "notify \"ops\" plugin=\"webhook\" on=\"success degraded failure\" {{\n\
         url \"http://127.0.0.1:{}/hook\"\nprivate #true\n}}\n",
        receiver.port
    );
    space.edit("    job \"nightly\"", &format!("{notify}    job \"nightly\""));
    space
}

#[test]
fn a_backup_with_its_copy_and_its_notice() {
    let receiver = Receiver::new();
    let recording = two_stores(&receiver);
    let places = recorded(&recording, "run");
    at_each("backup, verify, transfer, verify, notify", &places, |point| {
        let receiver = Receiver::new();
        let space = two_stores(&receiver);
        killed_and_again(&space, point);
        for store in ["backups/local", "backups/offsite"] {
            let audit = audit(&space.path(store));
            assert_eq!(audit.artifacts.len(), 1, "{store}: {audit:?}");
            assert!(audit.faults.is_empty(), "{store}: {:#?}", audit.faults);
            assert_eq!(audit.facts, 1, "one check, one fact in {store}: {:#?}", space.files(store));
        }
        check_catalog(&space);
        let told = receiver.told();
        let again = told.len() == 2 && told_before_its_record(point);
        assert!(told.len() == 1 || again, "{} notices", told.len());
        assert!(told.iter().all(|body| body.contains("\"outcome\":\"ok\"")), "{told:?}");
        space.run("restore notes --into back --confirm").expect(0);
        assert_eq!(tree(&space.path("back")), tree(&space.path("data")));
        assert!(!scratch_left(&space), "{point}");
    });
}

/// Between a webhook's answer and the record of it nobody can know that it was told: it is told again, of the same run.
fn told_before_its_record(point: &str) -> bool {
    ["notify/tell/after", "journal/notified/before", "journal/write"].iter().any(|place| point.starts_with(place))
}

/// Whether an attempt left its private directory.
fn scratch_left(space: &Space) -> bool {
    fs::read_dir(space.path(".backstay/scratch")).unwrap().next().is_some()
}

#[test]
fn a_restore_in_place() {
    let receiver = Receiver::new();
    let prepared = || {
        let space = two_stores(&receiver);
        space.run("run").expect(0);
        fs::write(space.path("data/one.txt"), b"damaged").unwrap();
        space
    };
    let restore = "restore notes --confirm";
    let recording = prepared();
    let places = recorded(&recording, restore);
    at_each("restore of files in place", &places, |point| {
        let space = prepared();
        let damaged = tree(&space.path("data"));
        space.run_until(point, restore).expect(137);
        // At every moment the live tree is whole: the old one or the new one.
        let live = tree(&space.path("data"));
        let healed = fs::read(space.path("data/one.txt")).unwrap() == b"one\n";
        assert!(healed || live == damaged, "half a tree: {live:?}");
        space.run(restore).expect(0);
        assert_eq!(fs::read(space.path("data/one.txt")).unwrap(), b"one\n");
        assert_eq!(tree(&space.path("data")).len(), damaged.len());
        for store in ["backups/local", "backups/offsite"] {
            let audit = audit(&space.path(store));
            assert!(audit.artifacts.len() == 1 && audit.faults.is_empty(), "{store}: {audit:?}");
        }
        assert!(!scratch_left(&space), "{point}");
    });
}

#[test]
fn a_server_that_is_stopped_is_started() {
    let recording = StandIn::new();
    let places = recorded(&recording.space, "run");
    at_each("stop, dump, start of a server", &places, |point| {
        let server = StandIn::new();
        server.space.run_until(point, "run").expect(137);
        // The guard starts what was stopped soon after the death, whoever comes or does not come.
        crate::faults::wait_for(|| server.is_up());
        let ended = point.starts_with("journal/run-ended/after");
        server.space.run(if ended { "run --resume" } else { "run" }).expect(i32::from(ended));
        assert!(server.is_up(), "{point}");
        let audit = audit(&server.space.path("backups/vault"));
        assert_eq!(audit.artifacts.len(), 1, "{audit:?}");
        assert!(audit.faults.is_empty(), "{:#?}", audit.faults);
        check_catalog(&server.space);
        assert!(!scratch_left(&server.space), "{point}");
    });
}

/// A guard that died as well, as in a power cut: the run that is gone on with, or another job of the source, starts it.
#[test]
fn a_start_that_nobody_made_is_made_by_the_next_run_of_any_job() {
    for job in ["nightly", "weekly"] {
        let server = StandIn::with_weekly();
        let mut run = server.space.command("run --job nightly").env("BACKSTAY_FAULT", "after-stop").spawn().unwrap();
        run.wait().unwrap();
        server.go_down_for_good();
        let ran = server.space.run(&format!("run --job {job}")).expect(0);
        assert!(server.is_up(), "{job}: {}", ran.err);
        if job == "weekly" {
            assert!(ran.err.contains("owes the start of `graph`"), "{}", ran.err);
        }
    }
}

#[test]
fn a_debug_build_alone_has_places() {
    // What a release build has is what `fault.rs` compiles to without `debug_assertions`: empty functions.
    let text = fs::read_to_string(crate::space::top().join("runtime/src/fault.rs")).unwrap();
    let armed = text.matches("#[cfg(debug_assertions)]").count();
    assert_eq!((armed, text.matches("#[cfg(not(debug_assertions))]").count()), (2, 4));
    assert!(Path::new(crate::space::BACKSTAY).exists());
}
