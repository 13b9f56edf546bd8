//! Builds the guests of `plugins/` into `plugins/dist/`, with whichever WebAssembly toolchain this machine has.
//!
//! A guest is built by a cargo of its own, with its own target directory: a shared one would deadlock with the outer
//! build, and flags meant for the host would change the bytes of a guest.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Package and crate names of the guests.
const GUESTS: [&str; 4] = ["fs", "s3", "webhook", "fixture"];
const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler with the standard library's source, which needs no other server than Debian's.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_INSTALL: &str = "apt-get install -y --no-install-recommends rustc-web rust-web-src";

/// How a guest is compiled.
enum Toolchain {
    /// The usual toolchain, with the target's prebuilt standard library.
    Prebuilt,
    /// Debian's compiler, building the standard library too.
    Debian,
}

/// Builds every guest, unless nothing has changed since the last time.
///
/// # Errors
/// What to do about it, in a sentence or a command.
pub(crate) fn build() -> Result<(), String> {
    let root = root()?;
    let plugins = root.join("plugins");
    let dist = plugins.join("dist");
    let stamp = dist.join("built-from");
    let digest = digest(&[&plugins, &root.join("schema/wit"), &root.join("xtask/src/plugins.rs")])?;
    let whole = GUESTS.iter().all(|guest| dist.join(format!("{guest}.wasm")).is_file());
    if whole && fs::read_to_string(&stamp).is_ok_and(|old| old == digest) {
        say("plugins: nothing has changed");
        return Ok(());
    }
    let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?);
    let toolchain = choose()?;
    compile(&plugins, &sysroot, &toolchain)?;
    fs::create_dir_all(&dist).map_err(|error| format!("cannot make {}: {error}", dist.display()))?;
    for guest in GUESTS {
        let built = plugins.join("target").join(TARGET).join("release").join(format!("{guest}.wasm"));
        install(&built, &dist.join(format!("{guest}.wasm")))?;
    }
    fs::write(&stamp, digest).map_err(|error| format!("cannot write {}: {error}", stamp.display()))
}

fn root() -> Result<PathBuf, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().map(Path::to_path_buf).ok_or_else(|| "xtask has no parent directory".to_owned())
}

/// Says which toolchain, and installs Debian's where that is possible and the other is missing.
fn choose() -> Result<Toolchain, String> {
    let prebuilt = output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))
        .is_ok_and(|directory| Path::new(&directory).is_dir());
    if prebuilt {
        say(&format!("plugins: building with the {TARGET} target of the default toolchain"));
        return Ok(Toolchain::Prebuilt);
    }
    if !debian_is_ready() {
        install_debian()?;
    }
    if !debian_is_ready() {
        return Err(missing());
    }
    let version = output(Command::new(DEBIAN_RUSTC).arg("--version"))?;
    say(&format!("plugins: no {TARGET} target here; building with Debian's {version} and its standard library source"));
    Ok(Toolchain::Debian)
}

fn missing() -> String {
    format!("no compiler for {TARGET}: run `rustup target add {TARGET}`, or on Debian `sudo {DEBIAN_INSTALL}`")
}

fn debian_is_ready() -> bool {
    let Ok(sysroot) = output(Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"])) else { return false };
    Path::new(&sysroot).join("lib/rustlib/src/rust/library/std").is_dir()
}

fn install_debian() -> Result<(), String> {
    let user = output(Command::new("id").arg("-u")).unwrap_or_default();
    if user != "0" || !Path::new("/usr/bin/apt-get").exists() {
        return Err(missing());
    }
    say("plugins: installing Debian's rustc-web and rust-web-src");
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut words = DEBIAN_INSTALL.split(' ');
    let program = words.next().unwrap_or_default();
    run(Command::new(program).args(words).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn compile(plugins: &Path, sysroot: &Path, toolchain: &Toolchain) -> Result<(), String> {
    let host = host()?;
    let tools = sysroot.join("lib/rustlib").join(host).join("bin");
    let linker = tools.join("wasm-component-ld");
    if !linker.exists() {
        return Err(format!("{} is missing: the toolchain must be one that rustup installed", linker.display()));
    }
    let mut cargo = Command::new(sysroot.join("bin/cargo"));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_the_outer_build) {
            cargo.env_remove(name);
        }
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(std::iter::once(tools.join("gcc-ld")).chain(env::split_paths(&path)))
        .map_err(|error| format!("cannot extend PATH: {error}"))?;
    cargo
        .current_dir(plugins)
        .args(["build", "--release", "--locked", "--target", TARGET])
        .env("PATH", path)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
        .env("CARGO_TARGET_DIR", plugins.join("target"));
    match toolchain {
        Toolchain::Prebuilt => cargo.env("RUSTC", sysroot.join("bin/rustc")),
        Toolchain::Debian => cargo
            .env("RUSTC", DEBIAN_RUSTC)
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]),
    };
    run(&mut cargo)
}

/// Whether a variable was set for the build of this program and must not reach that of a guest.
fn is_of_the_outer_build(name: &str) -> bool {
    const KEPT: [&str; 6] =
        ["CARGO_HOME", "RUSTUP_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_"];
    let outer = ["CARGO", "RUST", "DEP_"].iter().any(|prefix| name.starts_with(prefix));
    outer && !KEPT.iter().any(|kept| name.starts_with(kept))
}

fn host() -> Result<String, String> {
    let version = output(Command::new("rustc").arg("-vV"))?;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| "`rustc -vV` names no host".to_owned())
}

/// Puts a guest in place in one step, so that a build that runs at the same time never reads half of one.
fn install(built: &Path, place: &Path) -> Result<(), String> {
    let bytes = fs::read(built).map_err(|error| format!("cannot read {}: {error}", built.display()))?;
    let temporary = place.with_extension("new");
    fs::write(&temporary, &bytes).map_err(|error| format!("cannot write {}: {error}", temporary.display()))?;
    fs::rename(&temporary, place).map_err(|error| format!("cannot write {}: {error}", place.display()))?;
    say(&format!("plugins: {} ({} KiB)", place.display(), bytes.len().div_ceil(1024)));
    Ok(())
}

/// A digest of all texts that the guests are made from.
fn digest(places: &[&Path]) -> Result<String, String> {
    let mut hasher = DefaultHasher::new();
    for place in places {
        feed(place, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn feed(place: &Path, hasher: &mut DefaultHasher) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", place.display());
    if place.is_file() {
        place.hash(hasher);
        fs::read(place).map_err(cannot)?.hash(hasher);
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(place).map_err(cannot)? {
        entries.push(entry.map_err(cannot)?.path());
    }
    entries.sort();
    for entry in entries.iter().filter(|entry| !entry.ends_with("target") && !entry.ends_with("dist")) {
        feed(entry, hasher)?;
    }
    Ok(())
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?} ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

#[expect(clippy::print_stderr, reason = "this is a command-line program, and says what it does")]
fn say(line: &str) {
    eprintln!("{line}");
}
