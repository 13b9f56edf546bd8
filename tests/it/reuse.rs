//! Imports from real files, with the loops that only a file system can have; and what is given beside the strategy.

use crate::space::Space;
use std::os::unix::fs::symlink;

/// A strategy that imports one path.
fn importing(path: &str) -> Space {
    let space = Space::new();
    space.write("strategy.kdl", format!("strategy \"orders\" {{\n    import \"{path}\"\n}}\n").as_bytes());
    space
}

#[test]
fn a_folder_that_imports_itself() {
    let space = importing("parts");
    space.write("parts/a.kdl", b"objectives { rpo \"1h\"; }\n");
    space.write("parts/b.kdl", b"// the folder around\nimport \"../parts\"\n");
    let ran = space.run("validate").expect(2).says("import-cycle").says("`parts/b.kdl` imports itself");
    assert!(ran.err.contains("parts/b.kdl:2:1"), "{}", ran.err);
    space.write("parts/b.kdl", b"import \"..\"\n");
    space.run("validate").expect(2).says("`strategy.kdl` → `parts/b.kdl` → `strategy.kdl`");
}

#[test]
fn a_folder_that_holds_a_link_to_itself() {
    let space = importing("parts");
    space.write("parts/a.kdl", b"import \"self/self/self\"\n");
    symlink(".", space.path("parts/self")).unwrap();
    space.run("validate").expect(2).says("`parts/a.kdl` imports itself");
}

#[test]
fn links_that_lead_in_a_circle_or_nowhere() {
    let space = importing("a.kdl");
    symlink("b.kdl", space.path("a.kdl")).unwrap();
    symlink("a.kdl", space.path("b.kdl")).unwrap();
    space.run("validate").expect(2).says("import-unreadable").says("its symbolic links lead in a circle");
    std::fs::remove_file(space.path("b.kdl")).unwrap();
    space.run("validate").expect(2).says("there is no such file or folder").says("strategy.kdl:2:12");
}

#[test]
fn what_cannot_be_read_is_told_at_its_import() {
    let space = importing("part");
    std::fs::create_dir(space.path("part")).unwrap();
    space.run("validate").expect(2).says("the folder holds no `.kdl` file").says("strategy.kdl:2:12");
    space.write("part/x.kdl", b"objectives {\n\xff}\n");
    space.run("validate").expect(2).says("`part/x.kdl` is not UTF-8 at byte 13").says("imported here");
    space.write("part/x.kdl", "// padding\n".repeat(800_000).as_bytes());
    space.run("validate").expect(2).says("bytes long, more than the 8388608 allowed");
    std::fs::remove_file(space.path("part/x.kdl")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, space.path("part/x.kdl"), rustix::fs::Mode::RUSR).unwrap();
    space.run("validate").expect(2).says("`x.kdl` in it: it is neither a file nor a folder");
    space.edit("import \"part\"", "import \"/part\"");
    space.run("validate").expect(2).says("an absolute path holds on one machine only");
}

#[test]
fn a_file_that_is_reached_by_two_ways_is_taken_in_once() {
    let space = Space::quickstart();
    space.write("parts/goals.kdl", b"objectives { rpo \"25h\"; }\n");
    symlink("parts/goals.kdl", space.path("same.kdl")).unwrap();
    symlink("parts", space.path("also")).unwrap();
    space.edit(
        "environment",
        "import \"parts\"; import \"same.kdl\"; import \"./also/../parts/goals.kdl\"\n    environment",
    );
    space.run("validate").expect(0);
    let plan = space.run("plan --format json").expect(0).out;
    assert_eq!(plan.matches("\"kind\": \"text\"").count(), 2, "{plan}");
}

#[test]
fn a_saved_plan_is_stale_when_an_import_or_a_variable_moved() {
    let space = Space::quickstart();
    space.edit("\"30 3 * * *\"", "(var)\"when\"");
    space.edit("environment", "import \"parts\"\n    environment");
    space.write("parts/when.kdl", b"let \"when\" \"30 3 * * *\"\n");
    space.run("plan --out plan.json").expect(0);
    space.run("run plan.json").expect(0);
    space.run("run plan.json --var when=@daily").expect(2).says("invalid-schedule");
    let given = &["run", "plan.json", "--var", "when=0 3 * * *"];
    space.run_words(given).expect(4).says("variable `when` is new");
    space.run_words(&["plan", "--out", "plan.json", "--var", "when=0 3 * * *"]).expect(0);
    space.run_words(given).expect(0);
    space.run_words(&["run", "plan.json", "--var", "when=0 4 * * *"]).expect(4).says("variable `when` was blake3:");
    space.run("run plan.json").expect(4).says("variable `when` is gone");
    space.run("plan --out plan.json").expect(0);
    space.write("parts/other.kdl", b"objectives { rpo \"25h\"; }\n");
    space.run("run plan.json").expect(4).says("text `parts/other.kdl` is new");
    std::fs::remove_file(space.path("parts/other.kdl")).unwrap();
    space.write("parts/when.kdl", b"let \"when\" \"30 5 * * *\"\n");
    space.run("run plan.json").expect(4).says("text `parts/when.kdl` was blake3:");
}
