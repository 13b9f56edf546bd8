//! A saved plan runs exactly as it is, or is refused as stale with what moved.

use crate::space::Space;

#[test]
fn it_runs_exactly() {
    let space = Space::quickstart();
    let printed = space.run("plan --format json --out plan.json").expect(0).out;
    assert_eq!(std::fs::read_to_string(space.path("plan.json")).unwrap(), printed);
    space.run("run plan.json --job nightly").expect(0);
    space.holds("backups/offsite", 1);
}

#[test]
fn it_is_refused_when_the_strategy_moved() {
    let space = Space::quickstart();
    space.run("plan --out plan.json").expect(0);
    space.edit("30 3 * * *", "30 4 * * *");
    space.run("run plan.json").expect(4).says("text `strategy.kdl` was blake3:");
    assert!(!space.path("backups").exists());
}

#[test]
fn it_is_refused_when_it_cannot_be_read() {
    let space = Space::quickstart();
    space.write("plan.json", b"{ \"format\": 1 }");
    space.run("run plan.json").expect(2).says("plan-unreadable");
    space.run("run missing.json").expect(2).says("plan-unreadable");
    space.run("plan --out plan.json").expect(0);
    let newer =
        std::fs::read_to_string(space.path("plan.json")).unwrap().replacen("\"format\": 1", "\"format\": 99", 1);
    space.write("plan.json", newer.as_bytes());
    space.run("run plan.json").expect(2).says("its format is 99");
}
