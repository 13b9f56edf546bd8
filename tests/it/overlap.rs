//! Two at once: runs of one job, and two attempts of one step that are both alive. One manifest comes of it, whoever is
//! second looks at what the first made and takes its own away, and a clock that jumps back loses nothing.

use crate::faults::wait_for;
use crate::space::{Ran, Space, ended};
use crate::stores::{audit, check_catalog};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A run that stands still at a place, as a machine that swaps or a paused one would.
pub(crate) struct Frozen(Option<Child>);

impl Frozen {
    pub(crate) fn at(space: &Space, place: &str) -> Self {
        Self::of(space, "run", place)
    }

    pub(crate) fn of(space: &Space, words: &str, place: &str) -> Self {
        let mut command = space.command(words);
        command.env("BACKSTAY_FAULT_STOP", place).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let state = format!("/proc/{}/stat", child.id());
        wait_for(|| fs::read_to_string(&state).is_ok_and(|stat| stat.contains(") T ") || stat.contains(") Z ")));
        let stat = fs::read_to_string(&state).unwrap();
        assert!(stat.contains(") T "), "it did not come by {place}: {stat}");
        Self(Some(child))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.0.as_ref().unwrap()), signal).unwrap();
    }

    pub(crate) fn go_on(mut self) -> Ran {
        self.signal(Signal::CONT);
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(137), out: text(output.stdout), err: text(output.stderr) }
    }

    fn die(mut self) {
        self.signal(Signal::KILL);
        self.0.take().unwrap().wait().unwrap();
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn copied(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// Both stores hold one artifact with its bytes, and nothing else.
#[track_caller]
pub(crate) fn one_each(space: &Space, about: &str) {
    for store in ["backups/local", "backups/offsite"] {
        let audit = audit(&space.path(store));
        assert_eq!(audit.artifacts.len(), 1, "{about}: {store}: {audit:?}");
        assert!(audit.faults.is_empty(), "{about}: {store}: {:#?}", audit.faults);
    }
}

#[test]
fn a_frozen_run_is_not_overtaken_on_its_machine() {
    let space = Space::quickstart();
    let frozen = Frozen::at(&space, "in-upload");
    space.run("run").expect(5).says("lock-held");
    frozen.die();
    space.run("run").expect(0).says("resumed");
    one_each(&space, "refused");
}

#[test]
fn a_job_that_waits_takes_over_from_a_run_that_died() {
    let space = Space::quickstart();
    space.edit("job \"nightly\" {", "job \"nightly\" {\n        on-overlap \"wait\"");
    let frozen = Frozen::at(&space, "in-upload");
    let waiting = space.start("run");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(Path::new(&format!("/proc/{}", waiting.id())).exists());
    frozen.die();
    let output = waiting.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && err.contains("resumed"), "{err}");
    one_each(&space, "waited");
}

/// The places of a run at which a store is used, after the run has begun: each name once.
fn places_of_stores() -> BTreeSet<String> {
    let space = Space::quickstart();
    let log = space.path("places.log");
    ended(space.command("run").env("BACKSTAY_FAULT_LOG", &log)).expect(0);
    let text = fs::read_to_string(log).unwrap();
    let (_, after) = text.split_once("journal/begin/after#1\n").unwrap();
    let of_stores = |name: &&str| name.starts_with("storage/") || name.starts_with("in-") || name.contains("manifest");
    let lines = after.lines().filter(of_stores);
    // Each pass is a moment of its own: the first and the last are taken.
    let mut passes = std::collections::BTreeMap::<&str, (u32, u32)>::new();
    for line in lines {
        let (name, pass) = line.rsplit_once('#').unwrap();
        let pass: u32 = pass.parse().unwrap();
        passes.entry(name).or_insert((pass, pass)).1 = pass;
    }
    passes.iter().flat_map(|(name, (first, last))| [format!("{name}#{first}"), format!("{name}#{last}")]).collect()
}

/// Two processes believe that they go on with one run: a copy of the state directory was gone on with elsewhere while the
/// first was frozen. Nothing but the store is shared.
#[test]
fn two_attempts_of_one_step_publish_once() {
    let places: Vec<String> = places_of_stores().into_iter().collect();
    let lost = std::sync::atomic::AtomicUsize::new(0);
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(place) = places.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let first = overtaken_at(place);
                    let words = ["by another attempt", "by an earlier attempt", "held it already"];
                    let said = words.iter().any(|words| first.err.contains(words));
                    lost.fetch_add(usize::from(said), std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    let lost = lost.into_inner();
    println!("overtaken at {} places; the first one came second at {lost}", places.len());
    assert!(lost > 0, "no attempt ever came second");
}

fn overtaken_at(place: &str) -> Ran {
    let space = Space::quickstart();
    let frozen = Frozen::at(&space, place);
    copied(&space.path(".backstay"), &space.path("elsewhere"));
    let state = space.path("elsewhere");
    let second = ended(space.command("run").env("BACKSTAY_STATE", &state));
    assert_eq!(second.code, 0, "{place}: the second: {}", second.err);
    assert!(second.err.contains("resumed"), "{place}: {}", second.err);
    let first = frozen.go_on();
    assert_eq!(first.code, 0, "{place}: the first: {}", first.err);
    one_each(&space, place);
    space.run("verify").expect(0);
    check_catalog(&space);
    first
}

#[test]
fn runs_that_start_at_one_moment_are_one_after_the_other() {
    let space = Space::quickstart();
    let mut done = 0;
    for _ in 0..3 {
        let runs: Vec<Child> = (0..4).map(|_| space.start("run")).collect();
        for run in runs {
            let output = run.wait_with_output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            match output.status.code() {
                Some(0) => done += 1,
                Some(5) => assert!(err.contains("lock-held"), "{err}"),
                other => panic!("{other:?}: {err}"),
            }
        }
    }
    assert!(done >= 3, "{done}");
    for store in ["backups/local", "backups/offsite"] {
        let audit = audit(&space.path(store));
        assert_eq!(audit.artifacts.len(), done, "{audit:?}");
        assert!(audit.faults.is_empty(), "{:#?}", audit.faults);
    }
    check_catalog(&space);
}

/// Between two runs, and in the middle of one.
#[test]
fn a_clock_that_jumps_back_loses_nothing_and_is_told() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    for clock in ["-86400", "0,0,0,0,0,0,0,-7200", "-86400", "-86400"] {
        let ran = ended(space.command("run").env("BACKSTAY_CLOCK", clock));
        assert!(matches!(ran.code, 0 | 6), "{clock}: {}", ran.err);
        if clock == "-86400" {
            assert!(ran.code == 6 && ran.err.contains("the clock went back"), "{}", ran.err);
        }
    }
    for store in ["backups/local", "backups/offsite"] {
        let audit = audit(&space.path(store));
        assert_eq!(audit.artifacts.len(), 5, "{audit:?}");
        assert!(audit.faults.is_empty(), "{:#?}", audit.faults);
    }
    check_catalog(&space);
    space.run("verify").expect(0);
    // A killed run that is gone on with at an earlier time is the same run.
    space.run_until("before-manifest", "run").expect(137);
    let ran = ended(space.command("run").env("BACKSTAY_CLOCK", "-200000")).says("resumed");
    assert!(matches!(ran.code, 0 | 6), "{}", ran.err);
    let audit = audit(&space.path("backups/local"));
    assert!(audit.artifacts.len() == 6 && audit.faults.is_empty(), "{audit:?}");
}
