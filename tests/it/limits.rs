//! Limits of sources and stores: the strategy says them, the plan shows them, and a run keeps them.

use crate::space::{Space, noise};

/// Two trees into one store, and on to another.
fn two() -> Space {
    let space = Space::quickstart();
    space.write("more/two.bin", &noise(600_000));
    space.edit("store \"local\"", "source \"more\" engine=\"files\" { root \"more\" }\n    store \"local\"");
    space.edit("backup \"notes\" to=\"local\"", "backup \"notes\" to=\"local\"\n        backup \"more\" to=\"local\"");
    space
}

/// The most steps under way at once whose address has this in it, by the events of a run.
fn at_once(err: &str, part: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0_usize);
    for line in err.lines() {
        let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let named = event["step"].as_str().is_some_and(|step| step.contains(part));
        match event["event"].as_str() {
            Some("step-started") if named => now += 1,
            Some("step-ended") if named => now = now.saturating_sub(1),
            _ => {}
        }
        most = most.max(now);
    }
    most
}

#[test]
fn a_store_has_as_many_steps_at_once_as_it_says() {
    let space = two();
    // Slow enough to meet.
    space.edit("path \"backups/local\"", "path \"backups/local\"; bandwidth \"400KiB/s\"");
    let free = space.run("run --parallel 8 --log-format json").expect(0);
    assert_eq!(at_once(&free.err, "/local"), 2, "without a limit the two go on together:\n{}", free.err);
    space.edit("bandwidth \"400KiB/s\"", "bandwidth \"4MiB/s\"; parallel 1");
    let plan = space.run("plan").expect(0).out;
    assert!(plan.contains("at most 1 at once"), "{plan}");
    let one = space.run("run --parallel 8 --log-format json").expect(0);
    // A transfer out of it is one of its steps as well.
    let most = at_once(&one.err, "/local").max(at_once(&one.err, "transfer"));
    assert_eq!(most, 1, "{}", one.err);
}

#[test]
fn a_source_has_as_many_steps_at_once_as_it_says() {
    let space = two();
    // The checks of two copies of it could go on together.
    space.edit("transfer from", "backup \"notes\" to=\"offsite\" name=\"second\"\n        transfer from");
    space.edit("root \"data\";", "parallel 1; root \"data\";");
    space.edit("transfer from=\"local\" to=\"offsite\" bandwidth=\"80MiB/s\"", "");
    let plan = space.run("plan").expect(0).out;
    assert!(plan.contains("`notes` at most 1 at once"), "{plan}");
    let ran = space.run("run --parallel 8 --log-format json").expect(0);
    assert_eq!(at_once(&ran.err, "notes"), 1, "{}", ran.err);
}

#[test]
fn a_bandwidth_of_a_store_is_shown_and_kept() {
    let space = two();
    space.edit("path \"backups/local\"", "path \"backups/local\"; bandwidth \"300KiB/s\"");
    let plan = space.run("plan").expect(0).out;
    assert!(plan.contains("at most 300KiB/s"), "{plan}");
    let ran = space.run("run --parallel 8 --only backup/* --confirm --log-format json").expect(6);
    // 0.9 MB cannot pass in less than this, however fast the machine is.
    let seconds = ran.err.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let took = seconds.filter(|event| event["event"] == "run-ended").find_map(|event| event["seconds"].as_f64());
    assert!(took.is_some_and(|took| took > 2.5), "{took:?}");
}

/// A copy of more than 64 MiB is read back in spans, several at once: they share what the store allows.
#[test]
fn spans_that_are_read_at_once_share_the_bandwidth_of_their_store() {
    const SIZE: usize = 160 << 20;
    let space = Space::quickstart();
    space.write("data/large", &vec![7; SIZE]);
    space.run("run --only nightly/backup/* --confirm").expect(6);
    space.edit("path \"backups/local\"", "path \"backups/local\"; bandwidth \"50MiB/s\"");
    let began = std::time::Instant::now();
    space.run("verify --store local").expect(0);
    let took = began.elapsed().as_secs_f64();
    assert!(took > 3.0, "{SIZE} bytes cannot pass in {took} s, however fast the machine is");
}
