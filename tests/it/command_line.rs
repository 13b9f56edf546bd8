//! What the command line promises: exit codes, streams, formats, bad input. Cases are files in `tests/cmd`.

use crate::space::{BACKSTAY, Space, top};

#[test]
fn cases() {
    trycmd::TestCases::new()
        .register_bin("backstay", std::path::Path::new(BACKSTAY))
        .case(top().join("tests/cmd/*.toml"))
        .case(top().join("tests/cmd/*.trycmd"));
}

#[test]
fn machine_output_is_on_standard_output_alone() {
    let space = Space::quickstart();
    let ran = space.run("run --format json --log-format json").expect(0);
    assert!(ran.out.starts_with('{') && ran.out.trim_end().ends_with('}'), "{}", ran.out);
    for line in ran.err.lines() {
        assert!(line.starts_with('{') && line.contains("\"time\":"), "{line}");
    }
    for event in ["run-started", "step-started", "progress", "step-ended", "run-ended"] {
        assert!(ran.err.contains(&format!("\"event\":\"{event}\"")), "no {event} in {}", ran.err);
    }
}

#[test]
fn detailed_exit_codes_of_a_plan() {
    let space = Space::quickstart();
    space.run("plan").expect(0);
    space.run("plan --detailed-exitcode").expect(2);
    space.edit("to=\"local\"", "to=\"locl\"");
    space.run("plan").expect(2);
    space.run("plan --detailed-exitcode").expect(1);
    space.run("run").expect(2).says("locl");
    assert!(!space.path(".backstay").exists());
}

#[test]
fn a_strategy_that_is_not_there_or_not_text() {
    let space = Space::new();
    space.run("validate").expect(2).says("strategy-unreadable");
    space.write("strategy.kdl", b"strategy \"x\" {\n\xff\n}\n");
    space.run("validate").expect(2).says("wrong-encoding");
}
