//! Running other programs with an environment that an outer `cargo run` has not coloured. Shell syntax is never used.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Variables of cargo and rustup that say where things are, not how this one build was asked for.
const KEPT: [&str; 7] =
    ["CARGO_HOME", "RUSTUP_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_TERM_"];

/// Whether a variable was set by, or meant for, the build of `xtask` itself.
fn is_outer(name: &str) -> bool {
    let ours = ["CARGO", "RUST", "DEP_"].iter().any(|start| name.starts_with(start));
    ours && !KEPT.iter().any(|kept| name.starts_with(kept))
}

/// A program that inherits the environment without the variables of the outer build: flags that leak would rebuild
/// everything, and a wrapper that leaks would break the guests.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_outer) {
            command.env_remove(&name);
        }
    }
    command
}

/// `cargo` in the root of the repository, building below its `target`.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut cargo = command("cargo");
    cargo.args(args).current_dir(crate::place::root()).env("CARGO_TARGET_DIR", crate::place::target());
    cargo
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Runs to the end with our own input and output.
///
/// # Errors
/// The program cannot be started, or ends with anything but success.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let shown = shown(command);
    let status = command.status().map_err(|e| format!("cannot run `{shown}`: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` ended with {status}")) }
}

/// Runs to the end and returns standard output; on failure the error holds the end of standard error.
///
/// # Errors
/// As [`run`].
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("cannot run `{shown}`: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().chain(stderr.lines()).collect();
    let tail = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n");
    Err(format!("`{shown}` ended with {}\n{tail}", output.status))
}

/// Whether a program of that name is on the path.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
}

/// Whether the path is a file that someone may execute.
pub(crate) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_the_outer_build_go_and_places_stay() {
        let gone = ["CARGO", "CARGO_MANIFEST_DIR", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "DEP_Z_ROOT"];
        assert!(gone.iter().all(|name| is_outer(name)));
        let kept = ["CARGO_HOME", "RUSTUP_HOME", "CARGO_HTTP_CAINFO", "CARGO_NET_OFFLINE", "PATH", "HOME"];
        assert!(!kept.iter().any(|name| is_outer(name)));
    }

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("tar");
        command.args(["-xpf", "a b.tar", "it's"]);
        assert_eq!(shown(&command), r"tar -xpf 'a b.tar' 'it'\''s'");
    }
}
