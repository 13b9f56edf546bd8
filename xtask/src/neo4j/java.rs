//! Finds an installed Java of a fitting version. Starts none: the `release` file of an installation says what it is.

use super::version::Version;
use crate::{peers, shell};
use std::path::{Path, PathBuf};

/// An installation of Java.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Java {
    pub(crate) home: PathBuf,
    pub(crate) major: u32,
}

/// The preferred Java for a version line; installs one where it may.
///
/// # Errors
/// None fits and none can be installed from here; the message holds the command to type.
pub(crate) fn find(version: Version) -> Result<Java, String> {
    if let Some(java) = preferred(installed(), version.java()) {
        return Ok(java);
    }
    peers::debian(version.java_package())?;
    preferred(installed(), version.java())
        .ok_or_else(|| format!("no Java of version {:?} below `/usr/lib/jvm` or in `JAVA_HOME`", version.java()))
}

fn preferred(installed: Vec<Java>, majors: &[u32]) -> Option<Java> {
    majors.iter().find_map(|major| installed.iter().find(|java| java.major == *major).cloned())
}

fn installed() -> Vec<Java> {
    let mut homes: Vec<PathBuf> = std::env::var_os("JAVA_HOME").map(PathBuf::from).into_iter().collect();
    let mut found: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    homes.append(&mut found);
    homes.into_iter().filter_map(|home| major(&home).map(|major| Java { home, major })).collect()
}

/// Major version by the `release` file, where there is also a `java` to run.
fn major(home: &Path) -> Option<u32> {
    if !shell::is_program(&home.join("bin/java")) {
        return None;
    }
    parse(&std::fs::read_to_string(home.join("release")).ok()?)
}

/// `JAVA_VERSION="17.0.15"` → 17.
fn parse(release: &str) -> Option<u32> {
    let line = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    line.trim_matches('"').split(['.', '-', '+']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_file_tells_the_major_version() {
        assert_eq!(parse("IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"17.0.15\"\n"), Some(17));
        assert_eq!(parse("JAVA_VERSION=\"25\"\n"), Some(25));
        assert_eq!(parse("JAVA_RUNTIME_VERSION=\"25\"\n"), None);
    }

    #[test]
    fn the_order_of_preference_decides() {
        let java = |major| Java { home: PathBuf::from(format!("/jvm/{major}")), major };
        let all = vec![java(17), java(21), java(25)];
        assert_eq!(preferred(all.clone(), &[25, 21]).map(|java| java.major), Some(25));
        assert_eq!(preferred(all.clone(), &[17]).map(|java| java.major), Some(17));
        assert_eq!(preferred(all, &[11]), None);
    }
}
