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
    assert_eq!(offered("backstay plan --format me"), "mermaid");
    assert_eq!(offered("backstay catalog reb"), "rebuild");
}

/// What becomes of these words in zsh when the tabulator is pressed behind them. It completes only what is typed, so
/// one types into it, on a terminal; a key of ours then shows the line.
fn typed_into_zsh(words: &str) -> String {
    let script = r#"
        zmodload zsh/zpty
        zpty typing zsh -f -i
        zpty -w typing 'autoload -Uz compinit; compinit -u -D; source <("$BACKSTAY" completions zsh)'
        zpty -w typing 'show() { print -r -- "line:""$BUFFER"":end"; BUFFER=; zle accept-line }; zle -N show; bindkey "^X" show'
        zpty -w typing 'print rea""dy'
        zpty -r -m typing line '*ready*'
        zpty -w -n typing "$1"$'\t\x18'
        zpty -r -m typing line '*line:backstay*:end*'
        print -r -- "${${line##*line:}%%:end*}"
        zpty -d typing
    "#;
    // What never comes would be waited for.
    let mut zsh = Command::new("timeout");
    zsh.args(["60", "zsh", "-f", "-c", script, "zsh", words]).env("BACKSTAY", BACKSTAY);
    ended(&mut zsh).expect(0).out.trim_end().to_owned()
}

#[test]
fn zsh_completes_commands_flags_and_values() {
    for (typed, completed) in [
        ("backstay va", "backstay validate"),
        ("backstay init --envi", "backstay init --environment="),
        ("backstay init --environment st", "backstay init --environment staging"),
        ("backstay plan --format me", "backstay plan --format mermaid"),
        ("backstay catalog reb", "backstay catalog rebuild"),
    ] {
        assert_eq!(typed_into_zsh(typed), completed);
    }
}

/// What fish would offer for the last of these words, without what it says of each.
fn offered_by_fish(words: &str) -> Vec<String> {
    let space = Space::new();
    let script = r#"source ("$BACKSTAY" completions fish | psub); complete --do-complete "$argv[1]""#;
    let mut fish = Command::new("fish");
    // It writes into its home at the first start.
    fish.args(["--no-config", "-c", script, words]).env("BACKSTAY", BACKSTAY).env("HOME", space.path("."));
    let ran = ended(&mut fish).expect(0);
    ran.out.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn fish_completes_commands_flags_and_values() {
    let commands = offered_by_fish("backstay ");
    for command in ["init", "validate", "plan", "run", "restore", "explain", "completions"] {
        assert!(commands.iter().any(|word| word == command), "no `{command}` in {commands:?}");
    }
    assert_eq!(offered_by_fish("backstay va"), ["validate"]);
    assert_eq!(offered_by_fish("backstay init --envi"), ["--environment"]);
    let mut environments = offered_by_fish("backstay init --environment ");
    environments.sort_unstable();
    assert_eq!(environments, ["development", "production", "staging"]);
    assert_eq!(offered_by_fish("backstay plan --format me"), ["mermaid"]);
    assert_eq!(offered_by_fish("backstay catalog reb"), ["rebuild"]);
}

/// Its script is made by the same generator as those of the shells above, and here only named.
#[test]
fn elvish_has_a_script() {
    let space = Space::new();
    let script = space.run("completions elvish").expect(0).out;
    assert!(script.contains("edit:completion") && script.contains("restore"), "{script}");
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
