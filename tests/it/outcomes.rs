//! How runs end: ok, degraded, failed. Whatever is less than what the plan promises is not ok.

use crate::faults::wait_for;
use crate::space::{Space, noise};

#[test]
fn an_empty_tree_is_a_failure() {
    let space = Space::quickstart();
    space.edit("exclude \"**/*.tmp\"", "include \"nothing/like/this/*\"");
    space.run("run").expect(1).says("nothing-matched").says("strategy.kdl:");
    space.holds("backups/local", 0);
}

/// The second small one is as suspicious as the first: it is the usual size that counts.
#[test]
fn a_size_that_collapsed_is_degraded_and_goes_on_being_so() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    space.run("run").expect(0);
    space.write("data/two/three.bin", b"short");
    space.run("run").expect(6).says("is usual");
    space.run("run").expect(6).says("is usual");
    space.write("data/two/three.bin", &noise(300_000));
    space.run("run").expect(0);
}

#[test]
fn an_unverified_artifact_is_not_ok() {
    let space = Space::quickstart();
    let refused = space.run("run --skip verify/*").expect(2).says("error[not-confirmed]").says("degraded at best");
    for line in [
        "nightly/verify/notes/local: `--skip verify/*`",
        "nightly/transfer/notes/offsite: it needs",
        "does not count for `keep`",
        "gets no copy in `offsite`",
    ] {
        assert!(refused.err.contains(line), "no `{line}` in {}", refused.err);
    }
    assert!(!refused.err.contains("in `offsite` is not verified"), "there is none: {}", refused.err);
    assert!(!space.path("backups").exists());
    let ran = space.run("run --skip verify/* --confirm --format json").expect(6);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["outcome"], "degraded");
    let steps = report["steps"].as_array().unwrap();
    let of = |end: &str| steps.iter().find(|step| step["address"].as_str().unwrap().ends_with(end)).unwrap();
    assert_eq!(of("backup/notes/local")["outcome"], "ok");
    assert_eq!(of("verify/notes/local")["outcome"], "skipped");
    assert_eq!(of("verify/notes/local")["detail"], "left out: `--skip verify/*`");
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 0);
}

#[test]
fn only_takes_what_is_needed_along() {
    let space = Space::quickstart();
    space.run("run --only nightly/verify/notes/local --confirm").expect(6).says("not among `--only`");
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 0);
    space.run("run --only no/such/*").expect(2).says("error[no-such-step]");
    space.run("run --skip *").expect(2).says("error[nothing-chosen]");
    // All of it is no less than the plan.
    space.run("run --only *").expect(0);
}

/// The process that goes on with a run goes on with the part that was chosen.
#[test]
fn a_part_is_gone_on_with_as_a_part() {
    let space = Space::quickstart();
    space.run_until("before-manifest", "run --skip transfer/* --confirm").expect(137);
    space.run("run --resume").expect(6).says("resumed").says("left out: `--skip transfer/*`");
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 0);
}

/// What a run tells, as it tells it.
fn lines(run: &mut std::process::Child) -> impl Iterator<Item = String> + use<> {
    let err = std::io::BufReader::new(run.stderr.take().unwrap());
    std::io::BufRead::lines(err).map(Result::unwrap)
}

fn slow() -> Space {
    let space = Space::quickstart();
    space.edit("bandwidth=\"80MiB/s\"", "bandwidth=\"50KiB/s\"");
    space.write("data/large.bin", &noise(5_000_000));
    space
}

#[test]
fn a_step_that_takes_too_long_is_stopped_and_leaves_nothing() {
    let space = slow();
    space.edit("bandwidth=\"50KiB/s\"", "bandwidth=\"50KiB/s\" timeout=\"2s\"");
    let plan = space.run("plan").expect(0).out;
    assert!(plan.contains("stopped after 2s"), "{plan}");
    let ran = space.run("run").expect(1).says("error[step-timed-out]").says("strategy.kdl:");
    assert!(!ran.err.contains("retry"), "{}", ran.err);
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 0);
    space.edit("timeout=\"2s\"", "timeout=\"10m\"");
    space.edit("bandwidth=\"50KiB/s\"", "");
    space.run("run").expect(0);
}

/// Paused while a slow transfer runs; killed; paused still; then let go on.
#[test]
fn a_pause_holds_until_it_is_ended_even_over_a_kill() {
    let space = slow();
    space.edit("bandwidth=\"50KiB/s\"", "bandwidth=\"2MiB/s\"");
    space.run("pause nightly").expect(1).says("error[no-state]");
    let mut run = space.start("run");
    wait_for(|| !space.ending("backups/local", "manifest.json").is_empty());
    space.run("pause nightly").expect(0).says("`backstay continue nightly`");
    let mut lines = lines(&mut run);
    assert!(lines.any(|line| line.starts_with("paused:")));
    run.kill().unwrap();
    run.wait().unwrap();
    let begun = |line: &String| line.starts_with("start ");
    assert_eq!(lines.filter(begun).count(), 0, "nothing begins while it is paused");
    let mut run = space.start("run --resume");
    let mut lines = self::lines(&mut run);
    let before: Vec<String> = lines.by_ref().take_while(|line| !line.starts_with("paused:")).collect();
    assert_eq!(before.iter().filter(|line| begun(line)).count(), 0, "{before:?}");
    space.run("continue nightly").expect(0).says("goes on");
    assert_eq!(lines.next().as_deref(), Some("going on"));
    assert!(lines.any(|line| begun(&line)));
    assert_eq!(run.wait().unwrap().code(), Some(0));
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 1);
    space.run("continue nightly").expect(1).says("error[not-paused]");
    space.run("pause nightly").expect(1).says("error[not-under-way]");
    space.run("run").expect(0);
}
