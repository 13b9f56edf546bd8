//! Sets up what measuring needs and starts it: the measuring itself is the package in `bench/`. With `--cold`, measures
//! instead how long the first build in a fresh clone takes.

use crate::{peers, place, plugins, shell};
use serde_json::Value;
use std::fs;
use std::time::Instant;

/// Measures all parts, or some, and writes their sections of `bench/RESULTS.md`.
///
/// # Errors
/// A peer cannot be installed, or a measured command failed.
pub(crate) fn run(parts: &[String]) -> Result<(), String> {
    plugins::build()?;
    let b3sum = peers::cargo_tool("b3sum", "1.8.7", "b3sum")?;
    let terraform = peers::terraform()?;
    peers::servers()?;
    peers::measured_beside()?;
    let beside =
        [("restic", "restic"), ("borg", "borgbackup"), ("age", "age"), ("zstd", "zstd"), ("ninja", "ninja-build")];
    for (program, package) in beside {
        peers::program(program, package)?;
    }
    let packages = ["build", "--release", "--package", "backstay", "--package", "backstay-bench"];
    shell::run(&mut shell::cargo(&packages))?;
    let work = place::fresh("bench")?;
    let mut bench = shell::command(place::built("release", "backstay-bench"));
    bench
        .arg(place::built("release", "backstay"))
        .arg(b3sum)
        .arg(terraform)
        .arg(place::tools()?.join("bin"))
        .arg(place::root().join("examples"))
        .arg(&work);
    bench.arg(place::root().join("bench/RESULTS.md")).args(parts);
    shell::run(&mut bench)?;
    fs::remove_dir_all(&work).map_err(|e| format!("cannot remove `{}`: {e}", work.display()))
}

/// Builds the default workspace into an empty target directory; prints the time and what took longest.
///
/// # Errors
/// The build failed.
pub(crate) fn cold() -> Result<(), String> {
    plugins::build()?;
    let target = place::fresh("cold")?;
    let began = Instant::now();
    shell::run(shell::cargo(&["build", "--quiet", "--timings"]).env("CARGO_TARGET_DIR", &target))?;
    println!("`cargo build` from cold: {:.0} s", began.elapsed().as_secs_f64());
    let page = target.join("cargo-timings/cargo-timing.html");
    let text = fs::read_to_string(&page).map_err(|e| format!("cannot read `{}`: {e}", page.display()))?;
    for (name, seconds) in longest(&text).into_iter().take(8) {
        println!("{seconds:>7.1} s  {name}");
    }
    fs::remove_dir_all(&target).map_err(|e| format!("cannot remove `{}`: {e}", target.display()))
}

/// Units of the build by duration, from the data inside the page of `cargo build --timings`.
fn longest(page: &str) -> Vec<(String, f64)> {
    let units = page.split_once("const UNIT_DATA = ").map_or("", |(_, rest)| rest);
    let parsed = serde_json::Deserializer::from_str(units).into_iter::<Vec<Value>>().next();
    let text = |unit: &Value, key: &str| unit.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut all: Vec<(String, f64)> = parsed
        .and_then(Result::ok)
        .unwrap_or_default()
        .iter()
        .map(|unit| {
            let name = format!("{} {}{}", text(unit, "name"), text(unit, "version"), text(unit, "target"));
            (name, unit.get("duration").and_then(Value::as_f64).unwrap_or_default())
        })
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

#[cfg(test)]
mod tests {
    use super::longest;

    #[test]
    fn the_longest_units_come_first() {
        let page = r#"<script>const UNIT_DATA = [
            {"i":0,"name":"a","version":"1.0.0","mode":"todo","target":"","start":0.1,"duration":2.5},
            {"i":1,"name":"b","version":"2.0.0","mode":"run","target":" build script","start":0.1,"duration":9.0}];
            const CONCURRENCY_DATA = [];</script>"#;
        assert_eq!(longest(page), [("b 2.0.0 build script".to_owned(), 9.0), ("a 1.0.0".to_owned(), 2.5)]);
        assert_eq!(longest("no data"), []);
    }
}
