//! A run that is killed, as by a power cut, is gone on with: one manifest an artifact, nothing half-published.

use crate::space::Space;
use std::fs;

/// Kills a run at `fault`, then goes on with it.
fn killed_and_resumed(fault: &str) -> Space {
    let space = Space::quickstart();
    space.run_until(fault, "run").expect(137);
    space.run("run --resume").expect(0).says("resumed");
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 1);
    space.run("verify").expect(0);
    space
}

#[test]
fn before_the_bytes_are_committed() {
    killed_and_resumed("before-commit");
}

#[test]
fn before_the_manifest() {
    killed_and_resumed("before-manifest");
}

#[test]
fn after_the_manifest() {
    killed_and_resumed("after-manifest");
}

#[test]
fn during_a_transfer() {
    killed_and_resumed("in-transfer");
}

#[test]
fn a_run_that_was_cut_off_is_gone_on_with_by_default() {
    let space = Space::quickstart();
    space.run_until("after-manifest", "run").expect(137);
    space.run("run").expect(0).says("resumed");
    space.holds("backups/local", 1);
    space.run("run").expect(0).says("started");
    space.holds("backups/local", 2);
}

#[test]
fn another_strategy_ends_the_run_that_was_cut_off_and_clears_up() {
    let space = Space::quickstart();
    space.run_until("before-manifest", "run").expect(137);
    space.edit("media \"disk\"; path \"backups/offsite\"", "media \"tape\"; path \"backups/offsite\"");
    space.run("run").expect(0).says("not gone on with");
    space.holds("backups/local", 1);
}

#[test]
fn there_is_nothing_to_resume_after_a_run_that_ended() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    space.run("run --resume").expect(1).says("nothing-to-resume");
    space.holds("backups/local", 1);
}

#[test]
fn what_a_resumed_run_finds_damaged_is_made_again() {
    let space = Space::quickstart();
    space.run_until("in-transfer", "run").expect(137);
    let bytes = space.ending("backups/local", ".tar").remove(0);
    let mut content = fs::read(&bytes).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(&bytes, content).unwrap();
    // A published artifact is never overwritten: the damage is told, and a new run makes a new artifact.
    space.run("run --resume").expect(1).says("artifact-damaged");
    space.run("run").expect(0);
    space.run("verify").expect(1).says("artifact-damaged");
}

/// What a check has found in the meantime is not forgotten when the copy is taken over.
#[test]
fn a_copy_that_was_checked_stays_checked() {
    let space = Space::quickstart();
    space.run_until("after-manifest", "run").expect(137);
    space.run("catalog rebuild").expect(0);
    space.run("verify --store local").expect(0);
    space.run_until("in-transfer", "run --resume").expect(137);
    let listed = space.run("catalog list --format json").expect(0).out;
    assert!(listed.contains("\"verified\": true") && !listed.contains("\"verified\": false"), "{listed}");
}
