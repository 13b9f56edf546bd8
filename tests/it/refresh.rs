//! `plan --refresh` looks at the stores: what the rules would make of what they hold, and where the catalog is wrong.

use crate::space::Space;
use crate::stand_in::StandIn;

#[test]
fn deletions_are_shown_with_their_reasons_before_anything_else() {
    let space = Space::quickstart();
    let rules = "    keep in=\"local\" { last 1; }\n    job \"tidy\" { schedule \"0 12 * * *\"; prune \"local\"; }\n";
    space.edit("    job \"nightly\"", &format!("{rules}    job \"nightly\""));
    space.run("run --job nightly").expect(0);
    space.run("run --job nightly").expect(0);
    let told = space.run("plan --refresh").expect(0).out;
    let (deletions, steps) = (told.find("Deletions").unwrap(), told.find("tidy ·").unwrap());
    assert!(deletions < steps, "{told}");
    let kept = space.run("plan --refresh --verbose").expect(0).out;
    assert!(kept.contains("last 1"), "{kept}");
    // Looking changes nothing.
    space.holds("backups/local", 2);
}

#[test]
fn drift_is_told_and_stays() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    assert!(!space.run("plan --refresh").expect(0).out.contains("Drift"));
    for manifest in space.ending("backups/offsite", "manifest.json") {
        std::fs::remove_file(manifest).unwrap();
    }
    for _ in 0..2 {
        let told = space.run("plan --refresh").expect(0).out;
        assert!(told.contains("Drift") && told.contains("the catalog has it, and the store does not"), "{told}");
    }
    space.run("catalog rebuild").expect(0);
    assert!(!space.run("plan --refresh").expect(0).out.contains("Drift"));
}

#[test]
fn names_that_hold_nothing_are_known_from_the_server() {
    let stand_in = StandIn::new();
    let space = &stand_in.space;
    space.run("plan --refresh").expect(0);
    space.edit("databases \"neo4j\"", "databases \"neo4j\" \"shop\" \"main\"");
    let told = space.run("plan --refresh").expect(2).err;
    assert!(told.contains("virtual-database"), "{told}");
    for what in ["`shop` of `graph` is a composite database", "`main` of `graph` is an alias of the database `neo4j`"] {
        assert!(told.contains(what), "{told}");
    }
}
