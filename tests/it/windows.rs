//! Windows by the real clock, in UTC: a run keeps to them, however the strategy says that it is to.

use crate::faults::wait_for;
use crate::space::Space;
use jiff::{Timestamp, ToSpan};

/// The time of day that is some minutes from now.
fn at(minutes: i64) -> String {
    Timestamp::now().checked_add(minutes.minutes()).unwrap().strftime("%H:%M").to_string()
}

/// The example with a window from one time, in minutes from now, to another.
fn with_window(from: i64, to: i64, more: &str) -> Space {
    let space = Space::quickstart();
    let window = format!("window \"{}\" \"{}\" {more}", at(from), at(to));
    space.edit("schedule \"30 3 * * *\" timezone=\"Europe/Stockholm\"", &window);
    space
}

#[test]
fn a_run_inside_goes_on_to_its_end() {
    with_window(-120, 120, "").run("run").expect(0);
}

#[test]
fn a_run_outside_fails_and_names_the_next_opening() {
    let space = with_window(120, 240, "");
    let text = std::fs::read_to_string(space.path("strategy.kdl")).unwrap();
    let from = text.split("window \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let ran = space.run("run").expect(1).says("error[window-closed]").says("strategy.kdl:");
    assert!(ran.err.contains(&format!(" {from} (UTC)")), "it names the next opening, {from}: {}", ran.err);
    assert!(!space.path("backups").exists(), "nothing was touched");
    space.run("run --any-time").expect(0);
    space.holds("backups/local", 1);
}

#[test]
fn a_run_that_waits_can_be_ended() {
    let space = with_window(120, 240, "outside=\"wait\"");
    let mut run = space.start("run");
    let err = run.stderr.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(err));
    let told = lines.by_ref().map(Result::unwrap).find(|line| line.contains("waiting for it"));
    assert!(told.is_some_and(|told| told.contains("is closed and opens")));
    crate::cancel::interrupt(&run);
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert!(!space.path("backups").exists());
}

/// The window opens with the next minute, so this waits for the clock on the wall.
#[test]
fn a_run_that_waits_begins_when_it_opens() {
    let space = with_window(1, 240, "outside=\"wait\"");
    let mut run = space.start("run");
    wait_for(|| !space.ending("backups/local", "manifest.json").is_empty());
    assert_eq!(run.wait().unwrap().code(), Some(0));
}
