//! What a shell and a reader of manuals get: completions that complete, pages that render.

use crate::space::{BACKSTAY, Space, ended};
use std::process::Command;

/// What bash would offer for the last of these words.
fn offered(words: &str) -> String {
    let script = r#"
        source <("$BACKSTAY" completions bash)
        complete -p backstay >&2
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        _backstay "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[*]}"
    "#;
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script, "bash"]).args(words.split(' ')).env("BACKSTAY", BACKSTAY);
    let ran = ended(&mut bash).expect(0).says("-F _backstay backstay");
    ran.out.trim_end().to_owned()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let commands = offered("backstay ");
    for command in ["init", "validate", "plan", "run", "restore", "explain", "completions"] {
        assert!(commands.split(' ').any(|word| word == command), "no `{command}` in {commands}");
    }
    assert_eq!(offered("backstay va"), "validate");
    assert_eq!(offered("backstay init --envi"), "--environment");
    assert_eq!(offered("backstay init --environment "), "development staging production");
    assert_eq!(offered("backstay plan --format m"), "mermaid");
    assert_eq!(offered("backstay catalog reb"), "rebuild");
}

/// Other shells need not be on the machine: their scripts are made by the same generator, and here only named.
#[test]
fn every_shell_has_a_script() {
    let space = Space::new();
    for (shell, mark) in [("zsh", "#compdef backstay"), ("fish", "complete -c backstay"), ("elvish", "edit:completion")]
    {
        let script = space.run(&format!("completions {shell}")).expect(0).out;
        assert!(script.contains(mark) && script.contains("restore"), "{shell}: {script}");
    }
    space.run("completions tcsh").expect(2).says("possible values");
}

#[test]
fn manual_pages_render() {
    let space = Space::new();
    std::fs::create_dir(space.path("man")).unwrap();
    space.run("man --out man").expect(0);
    let pages = space.files("man");
    for page in ["backstay.1", "backstay-init.1", "backstay-catalog-list.1"] {
        assert!(pages.iter().any(|name| name == page), "no `{page}` in {pages:?}");
    }
    for page in &pages {
        let mut man = Command::new("man");
        man.args(["--warnings", "-l"]).arg(space.path("man").join(page)).env("MANWIDTH", "80").env("MANPAGER", "cat");
        let ran = ended(&mut man).expect(0);
        assert!(ran.err.is_empty() && ran.out.contains("SYNOPSIS"), "{page}: {}{}", ran.err, ran.out);
    }
    let front = space.run("man").expect(0).out;
    assert_eq!(front, std::fs::read_to_string(space.path("man/backstay.1")).unwrap());
    space.run("man --out nowhere").expect(1).says("The folder must be there already.");
}
