//! All checks in order, and what has to stand ready for them. What a machine lacks is installed or named, never skipped.

use crate::{demo, docs, fuzz, neo4j, pages, peers, place, plugins, shell, tidy};
use std::time::{Duration, Instant};

/// Something that is done or checked.
type Part = (&'static str, fn() -> Result<(), String>);

/// What tests need beside this workspace.
const PEERS: [Part; 6] = [
    ("plugins", plugins::build),
    ("cargo-deny", || peers::cargo_deny().map(|_| ())),
    ("neo4j", || neo4j::install(None)),
    ("servers", peers::servers),
    ("programs", programs),
    ("browser", || pages::install().map(|_| ())),
];

/// The checks: quick ones first.
const CHECKS: [Part; 10] = [
    ("format", format),
    ("tidy", tidy::run),
    ("deny", deny),
    ("clippy", clippy),
    ("guests", guests),
    ("tests", tests),
    ("documents", documents),
    ("pages", pages::run),
    ("fuzz", || fuzz::run(fuzz::SECONDS, None)),
    ("demo", || demo::run(&demo::What::Files)),
];

/// Sets everything up, then checks everything.
///
/// # Errors
/// A peer is missing and cannot be installed, or a check failed.
pub(crate) fn test() -> Result<(), String> {
    let mut times = Vec::new();
    through(&PEERS, &mut times)?;
    through(&CHECKS, &mut times)?;
    table(&times);
    Ok(())
}

/// Checks everything, with what is set up.
///
/// # Errors
/// The first check that failed.
pub(crate) fn check() -> Result<(), String> {
    let mut times = Vec::new();
    through(&CHECKS, &mut times)?;
    table(&times);
    Ok(())
}

fn through(parts: &[Part], times: &mut Vec<(&'static str, Duration)>) -> Result<(), String> {
    for (name, part) in parts {
        println!("── {name}");
        let began = Instant::now();
        part().map_err(|error| format!("{name}: {error}"))?;
        times.push((name, began.elapsed()));
    }
    Ok(())
}

fn table(times: &[(&'static str, Duration)]) {
    println!("── all passed");
    for (name, time) in times {
        println!("{name:<12} {:>7.1} s", time.as_secs_f64());
    }
}

/// Programs that tests call by name, each with the Debian package that has it.
fn programs() -> Result<(), String> {
    for (program, package) in [
        ("bash", "bash"),
        ("zsh", "zsh"),
        ("fish", "fish"),
        ("man", "man-db"),
        ("tar", "tar"),
        ("zstd", "zstd"),
        ("age", "age"),
        ("age-keygen", "age"),
        ("setsid", "util-linux"),
        ("setpriv", "util-linux"),
        ("setfattr", "attr"),
        ("mount", "mount"),
        ("curl", "curl"),
        ("git", "git"),
        ("restic", "restic"),
        ("xargs", "findutils"),
        ("pg_dump", "postgresql-client"),
    ] {
        peers::program(program, package)?;
    }
    postgres()
}

/// The server's programs are on no path. The cluster that its package makes of its own is of no use here.
fn postgres() -> Result<(), String> {
    let there = || {
        let mut versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        versions.any(|version| version.path().join("bin/initdb").is_file())
    };
    if there() {
        return Ok(());
    }
    peers::debian("postgresql")?;
    if there() { Ok(()) } else { Err("`postgresql` is installed and has no `initdb`".to_owned()) }
}

fn format() -> Result<(), String> {
    shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))?;
    // The guests and the fuzz targets are workspaces of their own.
    for manifest in ["plugins/Cargo.toml", "fuzz/Cargo.toml"] {
        shell::run(&mut shell::cargo(&["fmt", "--all", "--check", "--manifest-path", manifest]))?;
    }
    Ok(())
}

fn clippy() -> Result<(), String> {
    shell::run(&mut shell::cargo(&[
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-Dwarnings",
    ]))
}

fn deny() -> Result<(), String> {
    let program = peers::cargo_deny()?;
    for manifest in ["Cargo.toml", "plugins/Cargo.toml", "fuzz/Cargo.toml"] {
        let mut deny = shell::command(&program);
        deny.current_dir(place::root()).arg("--config").arg(place::root().join("deny.toml"));
        deny.args(["--log-level", "error", "--manifest-path", manifest, "check", "bans", "licenses", "sources"]);
        shell::run(&mut deny)?;
    }
    Ok(())
}

fn tests() -> Result<(), String> {
    // End-to-end tests run the real binary, which `cargo test` does not build for another package.
    shell::run(&mut shell::cargo(&["build", "--quiet", "--locked", "--package", "backstay", "--package", "xtask"]))?;
    shell::run(&mut shell::cargo(&["test", "--quiet", "--locked", "--workspace"]))
}

/// What guests reckon by themselves needs no host: it is looked at and tested as any other program.
fn guests() -> Result<(), String> {
    for (verb, rest) in [("clippy", &["--all-targets", "--", "-Dwarnings"][..]), ("test", &[])] {
        let mut words = vec![verb, "--quiet", "--locked", "--workspace"];
        words.extend(["--manifest-path", "plugins/Cargo.toml", "--target-dir", "target/guests"]);
        words.extend(rest);
        shell::run(&mut shell::cargo(&words))?;
    }
    Ok(())
}

fn documents() -> Result<(), String> {
    docs::run(false)
}
