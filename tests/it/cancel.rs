//! Ctrl-C: once ends in order, twice ends now; neither leaves anything half-published.

use crate::faults::wait_for;
use crate::space::Space;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Read;

fn slow() -> Space {
    let space = Space::quickstart();
    // Five chunks of a mebibyte at this rate take long enough to be interrupted.
    space.edit("bandwidth=\"80MiB/s\"", "bandwidth=\"50KiB/s\"");
    space.write("data/large.bin", &crate::space::noise(5_000_000));
    space
}

pub(crate) fn interrupt(child: &std::process::Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

#[test]
fn once_ends_in_order() {
    let space = slow();
    let mut run = space.start("run");
    wait_for(|| !space.ending("backups/local", "manifest.json").is_empty() && space.path("backups/offsite").exists());
    interrupt(&run);
    let mut err = String::new();
    run.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130), "{err}");
    assert!(err.contains("stopping in order"), "{err}");
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 0);
    space.edit("bandwidth=\"50KiB/s\"", "");
    space.run("run").expect(0);
}

#[test]
fn twice_ends_now_and_the_next_run_clears_up() {
    let space = slow();
    let mut run = space.start("run");
    wait_for(|| space.path("backups/offsite/store.json").exists());
    interrupt(&run);
    interrupt(&run);
    std::thread::sleep(std::time::Duration::from_millis(50));
    interrupt(&run);
    assert_eq!(run.wait().unwrap().code(), Some(130));
    space.edit("bandwidth=\"50KiB/s\"", "");
    space.run("run").expect(0);
    for store in ["backups/local", "backups/offsite"] {
        let manifests = space.ending(store, "manifest.json").len();
        space.holds(store, manifests);
    }
}
