//! Programs that tests run against and that this workspace does not build. Installs them where it may, and otherwise
//! fails with the one command that does.

use crate::{place, shell};
use std::path::PathBuf;

/// Makes sure that a program is on the path, from a Debian package where that is possible.
///
/// # Errors
/// It is missing and cannot be installed from here; the message holds the command to type.
pub(crate) fn program(program: &str, package: &str) -> Result<(), String> {
    if shell::on_path(program) {
        return Ok(());
    }
    debian(package)?;
    if shell::on_path(program) { Ok(()) } else { Err(format!("`{package}` is installed and has no `{program}`")) }
}

/// Installs a Debian package when run by root on a machine that has `apt-get`.
///
/// # Errors
/// Not root, no `apt-get`, or the installation failed; the message holds the command to type.
pub(crate) fn debian(package: &str) -> Result<(), String> {
    let hint = format!("missing: install it with `sudo apt-get install -y {package}`, then run this again");
    if !shell::on_path("apt-get") || !is_root() {
        return Err(hint);
    }
    eprintln!("installing the Debian package {package}");
    let install = |words: &[&str]| {
        let mut apt = shell::command("apt-get");
        apt.args(["-qq", "-y", "--no-install-recommends"]).args(words).env("DEBIAN_FRONTEND", "noninteractive");
        shell::output(&mut apt)
    };
    install(&["install", package])
        .or_else(|_| install(&["update"]).and_then(|_| install(&["install", package])))
        .map(|_| ())
        .map_err(|error| format!("{hint}\n{error}"))
}

fn is_root() -> bool {
    shell::output(shell::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// A tool from the crate registry, installed into the cache at one exact version.
///
/// # Errors
/// `cargo install` failed; the message holds the command.
pub(crate) fn cargo_tool(package: &str, version: &str, binary: &str) -> Result<PathBuf, String> {
    let root = place::tools()?;
    let path = root.join("bin").join(binary);
    let installed = || {
        let shown = shell::output(shell::command(&path).arg("--version")).unwrap_or_default();
        shown.split_whitespace().any(|word| word == version)
    };
    if shell::is_program(&path) && installed() {
        return Ok(path);
    }
    eprintln!("installing {package} {version} into {} (some minutes)", root.display());
    let mut cargo = shell::command("cargo");
    cargo.args(["install", "--quiet", "--locked", "--force", "--version", version, "--root"]).arg(&root).arg(package);
    // Outside the repository, so that neither its configuration nor its target directory takes part.
    cargo.current_dir(root.parent().unwrap_or(&root));
    std::fs::create_dir_all(&root).map_err(|e| format!("cannot make `{}`: {e}", root.display()))?;
    shell::output(&mut cargo)?;
    Ok(path)
}

/// The licence and wall checker.
pub(crate) fn cargo_deny() -> Result<PathBuf, String> {
    cargo_tool("cargo-deny", "0.20.2", "cargo-deny")
}

/// OpenTofu, built from the Go module proxy where neither it nor Terraform is on the path.
const TOFU: &str = "github.com/opentofu/opentofu@v1.10.6";

/// Terraform, or OpenTofu, which is the same program for our purpose: to check a folder of configuration.
///
/// # Errors
/// Neither is on the path, and there is no Go to build one with; the message says what to do.
pub(crate) fn terraform() -> Result<PathBuf, String> {
    if let Some(program) = ["terraform", "tofu"].into_iter().find(|program| shell::on_path(program)) {
        return Ok(PathBuf::from(program));
    }
    let path = place::tools()?.join("bin/tofu");
    if shell::is_program(&path) {
        return Ok(path);
    }
    if !shell::on_path("go") {
        return Err(
            "missing: put `terraform` or `tofu` on the path, or Go to build it with, then run this again".to_owned()
        );
    }
    eprintln!("building {TOFU} (many minutes)");
    // `go install` refuses a module that replaces others, so it is built where its source lies.
    let told = shell::output(shell::command("go").args(["mod", "download", "-json", TOFU]))?;
    let told: serde_json::Value =
        serde_json::from_str(&told).map_err(|e| format!("`go mod download` printed no JSON: {e}"))?;
    let source = told.get("Dir").and_then(serde_json::Value::as_str).ok_or("`go mod download` names no folder")?;
    let mut go = shell::command("go");
    go.current_dir(source).args(["build", "-trimpath", "-o"]).arg(&path).arg("./cmd/tofu").env("CGO_ENABLED", "0");
    shell::output(&mut go)?;
    Ok(path)
}
